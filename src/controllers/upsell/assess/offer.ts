/**
 * What the user will see when a quota runs out, as the vendor's guide has it: a buyer who is company administrator is shown a link where the branding in
 * force has a Buy URL, any other buyer is shown the offer to contact sales. What is not known is said to be, with the reason in the condition's message.
 */
import type { User } from '../../../acronis/user.ts';
import { informedReason } from '../../../api/informed.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { Status } from '../../../api/status.ts';
import type { BuyUrl } from '../../../fleet/brands/buy-url.ts';

export type Offer = NonNullable<Status['offer']>;

export type OfferOfUser =
  | { readonly kind: 'offer'; readonly offer: Offer; readonly because?: string }
  /** The Buy URL of its tenant has to be known first. */
  | { readonly kind: 'needsBuyUrl' };

const notKnown = 'What the user is offered is not known:';
const because = {
  rolesNotShown: `${notKnown} Acronis does not show to this API client whether the user is a company administrator.`,
  refused: `${notKnown} the API client may not read the branding that is in force for the user's tenant.`,
  unavailable: `${notKnown} the branding that is in force for the user's tenant could not be read. It is tried again by itself.`,
} as const;

export function offerOf(user: User, buyUrl: BuyUrl | undefined): OfferOfUser {
  if (!user.businessTypes.includes('buyer')) return { kind: 'offer', offer: 'None' };
  if (user.isCompanyAdmin === undefined) return { kind: 'offer', offer: 'Unknown', because: because.rolesNotShown };
  if (!user.isCompanyAdmin) return { kind: 'offer', offer: 'ContactSales' };
  switch (buyUrl) {
    case undefined:
      return { kind: 'needsBuyUrl' };
    case 'set':
      return { kind: 'offer', offer: 'BuyNow' };
    case 'notSet':
      return { kind: 'offer', offer: 'BuyNowWithoutLink' };
    case 'refused':
    case 'unavailable':
      return { kind: 'offer', offer: 'Unknown', because: because[buyUrl] };
  }
}

/** What the status says about the Buy URL, as far as it says anything. */
export function reportedBuyUrl(status: Status): BuyUrl | undefined {
  if (status.offer === 'BuyNow') return 'set';
  if (status.offer === 'BuyNowWithoutLink') return 'notSet';
  if (status.offer !== 'Unknown') return undefined;
  if (reportsBecause(status, because.refused)) return 'refused';
  return reportsBecause(status, because.unavailable) ? 'unavailable' : undefined;
}

/** A branding that cannot be read now is taken to be as it was reported. */
export const buyUrlOf = ({ status }: TenantUserUpsell, read: BuyUrl | undefined): BuyUrl | undefined =>
  read === 'unavailable' ? (reportedBuyUrl(status) ?? read) : read;

/** Whether the status says of a user that it is a company administrator. */
export function reportedAdmin(status: Status): boolean | undefined {
  if (status.offer === 'ContactSales') return false;
  return reportedBuyUrl(status) === undefined ? undefined : true;
}

/**
 * A way to read users that shows no roles does not take back what another one showed of the same user: otherwise the status would follow the way that was
 * taken, and not the user.
 */
export const withReportedRoles = ({ status }: TenantUserUpsell, user: User): User =>
  user.isCompanyAdmin === undefined && status.userID === user.id
    ? { ...user, isCompanyAdmin: reportedAdmin(status) }
    : user;

const reportsBecause = ({ conditions }: Status, sentence: string): boolean =>
  conditions?.some(({ type, message }) => type === 'Ready' && message.endsWith(sentence)) ?? false;

const reasonOf = {
  quotaOn: 'QuotaNotificationsOn',
  quotaOff: 'QuotaNotificationsOff',
  userDisabled: 'UserDisabled',
  userNotActivated: 'UserNotActivated',
  notShown: 'NotShown',
} as const satisfies Record<User['reach'], string>;

/** The reason of the condition `Informed`. */
export const informedOf = ({ reach }: User): (typeof reasonOf)[User['reach']] => reasonOf[reach];

export function reportedReach({ conditions }: Status): User['reach'] {
  switch (informedReason(conditions)) {
    case 'QuotaNotificationsOn':
      return 'quotaOn';
    case 'QuotaNotificationsOff':
      return 'quotaOff';
    case 'UserDisabled':
      return 'userDisabled';
    case 'UserNotActivated':
      return 'userNotActivated';
    case 'NotShown':
    case undefined:
      return 'notShown';
  }
}
