/**
 * What a user writes: `spec` of a TenantUserUpsell. The one place where its fields, defaults and rules are decided;
 * the CRD is generated from here (`npm run generate`), and the cache parses every object with it.
 * No transforms: what the API server stores is what zod returns. A field that it does not know is dropped: a newer version may have written it, and an
 * object must not stop for that.
 */
import * as z from 'zod';
import {
  accountFields,
  asSet,
  deletionPolicies,
  isSet,
  managementPolicies,
  oneAccountRule,
  uuidText,
} from './fields.ts';
import { brokenTransition, type TransitionRule, withRules } from './rules.ts';
import { externalId, login } from './user-fields.ts';

/** The types that the API knows for users. */
export const businessTypes = ['buyer'] as const;
export type BusinessType = (typeof businessTypes)[number];

const uuid = (field: string) =>
  uuidText(`${field} is a UUID as the API shows it, such as 1c234e69-5469-424a-a6d1-ff5658b387a6`);

const fields = z.object({
  userID: uuid('userID')
    .optional()
    .describe('The Acronis user, by id. Exactly one of userID, login and externalID is given. Immutable.'),
  login: login
    .optional()
    .describe(
      'The Acronis user, by login: found by search in the tenant and compared exactly. Needs tenantID. Immutable.',
    ),
  externalID: externalId
    .optional()
    .describe(
      "The Acronis user, by the partner's own id (external_id) in the tenant, compared exactly. Needs tenantID. Immutable.",
    ),
  tenantID: uuid('tenantID')
    .optional()
    .describe('The tenant that the user must belong to; otherwise nothing is written. Immutable once set.'),
  businessTypes: z
    .array(z.enum(businessTypes))
    .min(1)
    .max(8)
    .refine(isSet, 'businessTypes names each type once')
    .default(['buyer'])
    .meta(asSet)
    .describe('The types to assign. Types that the user has already are kept.'),
  managementPolicy: z
    .enum(managementPolicies)
    .default('Enforce')
    .describe(
      'Enforce assigns the types and keeps them assigned. Observe reads and reports, and never writes to Acronis.',
    ),
  deletionPolicy: z
    .enum(deletionPolicies)
    .default('Retain')
    .describe('Whether the types stay (Retain) or are revoked (Revoke) when this object is deleted.'),
  suspend: z.boolean().default(false).describe('While true nothing is read or written. Deletion still works.'),
  ...accountFields,
});

type Fields = z.output<typeof fields>;

const unchanged = (field: 'userID' | 'login' | 'externalID', instead: string): TransitionRule<Fields> => ({
  cel: `(has(self.${field}) ? self.${field} : '') == (has(oldSelf.${field}) ? oldSelf.${field} : '')`,
  message: `${field} cannot be changed; ${instead}`,
  fieldPath: `.${field}`,
  holds: (self, oldSelf) => (self[field] ?? '') === (oldSelf[field] ?? ''),
});

const transitions: readonly TransitionRule<Fields>[] = [
  unchanged('userID', 'delete this object and create one for the other user'),
  unchanged('login', 'delete this object and create one for the other user'),
  unchanged('externalID', 'delete this object and create one for the other user'),
  {
    cel: '!has(oldSelf.tenantID) || (has(self.tenantID) && self.tenantID == oldSelf.tenantID)',
    message: 'tenantID cannot be changed or removed once it is set; delete this object and create a new one',
    fieldPath: '.tenantID',
    holds: (self, oldSelf) => oldSelf.tenantID === undefined || self.tenantID === oldSelf.tenantID,
  },
];

export const specSchema = withRules(
  fields,
  [
    {
      cel: '[has(self.userID), has(self.login), has(self.externalID)].exists_one(given, given)',
      message: 'give exactly one of userID, login and externalID, to say which user is meant',
      holds: ({ userID, login, externalID }) =>
        [userID, login, externalID].filter((given) => given !== undefined).length === 1,
    },
    {
      cel: '!has(self.login) || has(self.tenantID)',
      message: 'tenantID is needed with login: it says in which tenant the login is searched',
      fieldPath: '.tenantID',
      holds: (spec) => spec.login === undefined || spec.tenantID !== undefined,
    },
    {
      cel: '!has(self.externalID) || has(self.tenantID)',
      message: 'tenantID is needed with externalID: it says in which tenant the user has it',
      fieldPath: '.tenantID',
      holds: (spec) => spec.externalID === undefined || spec.tenantID !== undefined,
    },
    oneAccountRule,
  ],
  transitions,
);

export type Spec = Fields;

/** The sentence with which the API server refuses this change, or undefined where it allows it. */
export const checkUpdate = (spec: Spec, oldSpec: Spec): string | undefined =>
  brokenTransition(transitions, spec, oldSpec);
