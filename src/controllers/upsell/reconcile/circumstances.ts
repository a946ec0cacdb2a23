/**
 * What stands around an object when it is assessed: what its namespace allows, who else claims its user, and what was tried lately. Only what can matter
 * at this point is looked up, since nearly every reconcile needs none of it.
 */
import type { Verdict } from '../../../api/conditions.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { Account } from '../../../fleet/accounts/accounts.ts';
import type { BuyUrl } from '../../../fleet/brands/buy-url.ts';
import { olderClaimant, remainingClaimant } from '../../../fleet/tenancy/claims.ts';
import type { NamespaceGuard } from '../../../fleet/tenancy/guard.ts';
import { namespaceGuard, shownWithin, type TenancyOptions } from '../../../fleet/tenancy/tenancy.ts';
import { KubernetesError } from '../../../kubernetes/calls/errors.ts';
import type { Evidence } from '../assess/evidence.ts';
import { buyUrlOf } from '../assess/offer.ts';
import type { Circumstances } from '../assess/owed.ts';
import type { ReconcileContext } from '../context.ts';
import { type ObjectTries, writeBasis } from '../write/tries.ts';

export interface Around<W> {
  readonly account: Account<W> | undefined;
  /** The tenant that the account is bounded to by the namespace's label. */
  readonly label: string | undefined;
  /** Why this reconcile sends no further write, if it does not. */
  readonly exhausted: Verdict | undefined;
  readonly buyUrl: BuyUrl | undefined;
  readonly patienceIsOver: boolean;
  readonly tries: ObjectTries;
  readonly context: TenancyOptions &
    Pick<ReconcileContext, 'fleet'> & {
      readonly brands: { peek(account: Account<W>, tenantId: string): BuyUrl | undefined };
    };
}

/**
 * @returns also for how long a write is held still, in milliseconds.
 * @throws KubernetesError where a namespace could not be asked for, or the signal's reason.
 */
export async function circumstancesOf<W>(
  object: TenantUserUpsell,
  evidence: Evidence,
  { account, label, exhausted, buyUrl, patienceIsOver, tries, context }: Around<W>,
  signal: AbortSignal,
): Promise<{ readonly circumstances: Circumstances; readonly heldMs: number | undefined }> {
  const guardOf = (each: TenantUserUpsell) => orUnreadable(namespaceGuard(each, context, signal), patienceIsOver);
  const isLive = object.deletedAt === undefined;
  const asked = isIdle(object) ? any : guardOf(object);
  // Nearly always known immediately, and each step of each object asks.
  const asLabelled = asked instanceof Promise ? await asked : asked;
  const guard = evidence.kind === 'seen' ? shownWithin(asLabelled, label, evidence.user) : asLabelled;
  if (evidence.kind !== 'seen' || account === undefined)
    return {
      circumstances: { guard, otherClaimant: undefined, heldWrite: undefined, buyUrl, patienceIsOver },
      heldMs: undefined,
    };
  const { user } = evidence;
  const held = tries.heldWrite(writeBasis(object, account.id), user);
  const other = (isLive ? olderClaimant : remainingClaimant)(object, user, context.fleet, guardOf);
  const otherClaimant = other instanceof Promise ? await other : other;
  return {
    circumstances: {
      guard,
      otherClaimant,
      heldWrite: exhausted ?? held?.verdict,
      buyUrl: buyUrl ?? buyUrlOf(object, context.brands.peek(account, user.tenantId)),
      patienceIsOver,
    },
    heldMs: exhausted === undefined ? held?.ms : undefined,
  };
}

const any: NamespaceGuard = { kind: 'any' };

/** Nothing is asked for it, so nothing need be known. */
const isIdle = ({ spec, deletedAt }: TenantUserUpsell): boolean =>
  !spec.ok || (deletedAt === undefined && spec.value.suspend);

/** A namespace that the API server does not show, its own or another claimant's, must not hold a deletion for ever. */
function orUnreadable(
  guard: NamespaceGuard | Promise<NamespaceGuard>,
  patienceIsOver: boolean,
): NamespaceGuard | Promise<NamespaceGuard> {
  if (!(guard instanceof Promise) || !patienceIsOver) return guard;
  return guard.catch((error: unknown) => {
    if (error instanceof KubernetesError) return { kind: 'unreadable' };
    throw error;
  });
}
