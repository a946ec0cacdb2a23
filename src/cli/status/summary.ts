/**
 * The fleet in figures, from the objects as their statuses say: what `status` shows. Pure, and made in one pass over the fleet, so that `--watch` can make it
 * again at every change. It holds names of objects and no login: a status has none.
 */
import { conditionReason } from '../../api/conditions.ts';
import { informedReason } from '../../api/informed.ts';
import type { TenantUserUpsell } from '../../api/object.ts';
import type { TenantUpsellPolicy } from '../../api/policy/object.ts';
import { conditionOf } from '../../api/status.ts';
import { accountNameOf, ownSource, type Source, sourceOf } from '../../fleet/cache/objects.ts';

/** How many objects say so. */
export interface Count {
  readonly name: string;
  readonly objects: number;
}

/** The objects of one source of credentials. */
export interface AccountCount extends Count {
  readonly ready: number;
}

export interface NoBuyer {
  readonly namespace: string;
  readonly name: string;
  readonly reason: string;
  readonly message: string;
  /** A person has to do something. */
  readonly stalled: boolean;
  /** RFC 3339; absent where no operator has reconciled the object. */
  readonly since?: string;
}

export interface PolicySummary {
  readonly namespace: string;
  readonly name: string;
  /** Absent where the operator has not said it yet. */
  readonly matched?: number;
  readonly children?: number;
  readonly ready?: number;
  readonly reason: string;
  readonly message: string;
}

export interface FleetSummary {
  readonly objects: number;
  readonly ready: { readonly true: number; readonly false: number; readonly unknown: number };
  readonly stalled: number;
  readonly byReason: readonly Count[];
  readonly byOffer: readonly Count[];
  readonly byAccount: readonly AccountCount[];
  readonly byInformed: readonly Count[];
  /** Whose user is no buyer, or of whom it is not known; those first that a person has to see to. */
  readonly noBuyers: readonly NoBuyer[];
  readonly policies: readonly PolicySummary[];
}

export function summarize(objects: Iterable<TenantUserUpsell>, policies: readonly PolicySummary[] = []): FleetSummary {
  const ready = { true: 0, false: 0, unknown: 0 };
  const byReason = new Map<string, number>();
  const byOffer = new Map<string, number>();
  const byInformed = new Map<string, number>();
  const byAccount = new Map<string, { objects: number; ready: number }>();
  const noBuyers: NoBuyer[] = [];
  let count = 0;
  let stalled = 0;
  for (const object of objects) {
    count++;
    const { status } = object;
    const condition = conditionOf(status, 'Ready');
    const isReady = condition?.status === 'True';
    ready[isReady ? 'true' : condition?.status === 'False' ? 'false' : 'unknown']++;
    if (conditionOf(status, 'Stalled')?.status === 'True') stalled++;
    increment(byReason, conditionReason(status.conditions));
    increment(byOffer, status.offer ?? 'Unknown');
    increment(byInformed, informedReason(status.conditions) ?? 'NotShown');
    const name = accountName(sourceOf(object));
    const account = byAccount.get(name) ?? { objects: 0, ready: 0 };
    account.objects++;
    if (isReady) account.ready++;
    byAccount.set(name, account);
    if (!isReady) noBuyers.push(noBuyerOf(object));
  }
  return {
    objects: count,
    ready,
    stalled,
    byReason: counts(byReason),
    byOffer: counts(byOffer),
    byAccount: [...byAccount].map(([name, each]) => ({ name, ...each })).toSorted(largestFirst),
    byInformed: counts(byInformed),
    noBuyers: noBuyers.toSorted(urgentFirst),
    policies: policies.toSorted((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name)),
  };
}

export function policySummary({ namespace, name, status }: TenantUpsellPolicy): PolicySummary {
  const { matched, children, ready } = status;
  return {
    namespace,
    name,
    ...(matched === undefined ? {} : { matched }),
    ...(children === undefined ? {} : { children }),
    ...(ready === undefined ? {} : { ready }),
    reason: conditionReason(status.conditions),
    message: conditionOf(status, 'Ready')?.message ?? '',
  };
}

const increment = (counted: Map<string, number>, name: string) => counted.set(name, (counted.get(name) ?? 0) + 1);
const counts = (counted: ReadonlyMap<string, number>): readonly Count[] =>
  [...counted].map(([name, objects]) => ({ name, objects })).toSorted(largestFirst);
const largestFirst = (a: Count, b: Count): number => b.objects - a.objects || compare(a.name, b.name);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** How the API client of an object is called: by the account or the Secret that it names. */
export function accountName(source: Source): string {
  if (source === ownSource) return "the operator's own";
  const account = accountNameOf(source);
  return account === undefined ? `Secret ${source}` : `AcronisAccount ${account}`;
}

/** What an object asked for itself, and what only has to wait, comes last. */
const order: ReadonlyMap<string, number> = new Map([
  ['Pending', 1],
  ['NotAssigned', 2],
  ['Suspended', 3],
]);
const rankOf = ({ stalled, reason }: NoBuyer): number => (stalled ? -1 : (order.get(reason) ?? 0));
const urgentFirst = (a: NoBuyer, b: NoBuyer): number =>
  rankOf(a) - rankOf(b) || compare(a.reason, b.reason) || compare(a.namespace, b.namespace) || compare(a.name, b.name);

function noBuyerOf({ namespace, name, status }: TenantUserUpsell): NoBuyer {
  const ready = conditionOf(status, 'Ready');
  const since = ready === undefined || ready.reason === 'Pending' ? undefined : ready.lastTransitionTime;
  return {
    namespace,
    name,
    reason: conditionReason(status.conditions),
    message: ready?.message ?? '',
    stalled: conditionOf(status, 'Stalled')?.status === 'True',
    ...(since === undefined ? {} : { since }),
  };
}
