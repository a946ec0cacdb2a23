/**
 * Which changes ask for a reconcile of a policy: those of the policy itself, of its children, of other objects and policies that have the same users, of its
 * namespace and its account. What its children do in numbers comes together: it is waited for a moment.
 */
import type { TenantUserUpsell } from '../../api/object.ts';
import type { TenantUpsellPolicy } from '../../api/policy/object.ts';
import { conditionOf } from '../../api/status.ts';
import type { AccountObjects } from '../../fleet/accounts/account-objects.ts';
import type { NamespaceStore } from '../../fleet/cache/namespaces.ts';
import { accountSource, type Fleet, namedUser } from '../../fleet/cache/objects.ts';
import type { PolicyStore } from '../../fleet/cache/policies.ts';
import type { WorkQueue } from '../../runtime/workqueue/queue.ts';
import type { Memories } from './memory.ts';

export interface PolicyTriggerOptions {
  readonly policies: PolicyStore;
  readonly fleet: Fleet;
  readonly namespaces: Pick<NamespaceStore, 'subscribe'>;
  readonly accountObjects: Pick<AccountObjects, 'store'>;
  readonly memories: Pick<Memories, 'peek'>;
  readonly queue: Pick<WorkQueue, 'add' | 'addAfter'>;
}

/** Children change by the hundred. */
const batchMs = 1_000;
/** What a child's status says matters to the policy's counts alone, which are written no oftener. */
const countsMs = 5_000;

/** Puts every policy into the queue, and from then on those that a change concerns. To be called once, by a process that works. */
export function connectPolicyTriggers(options: PolicyTriggerOptions): void {
  const { policies, fleet, namespaces, accountObjects, memories, queue } = options;
  for (const key of policies.keys()) queue.add(key, 'change');
  policies.subscribe((before, after) => {
    const changed = after ?? before;
    if (changed === undefined) return;
    forgetSpent(before, after, memories);
    if (isAsked(before, after)) queue.add(changed.key, 'change');
    // Whose users it matched, or matches no more, may be others' now.
    if (isOther(before, after)) for (const key of policies.keys()) if (key !== changed.key) queue.add(key, 'retry');
  });
  fleet.subscribe((before, after) => {
    if (policies.size === 0) return;
    const afterMs = isStatusAlone(before, after) ? countsMs : batchMs;
    for (const key of concerned(before, after, options)) queue.addAfter(key, afterMs, 'retry');
  });
  namespaces.subscribe((before, after) => {
    const name = (after ?? before)?.key;
    for (const policy of policies.values()) if (policy.namespace === name) queue.add(policy.key, 'change');
  });
  accountObjects.store.subscribe((before, after) => {
    const changed = after ?? before;
    // Its own status asks for nothing.
    if (changed === undefined || (before?.uid === after?.uid && before?.generation === after?.generation)) return;
    for (const key of policies.byIndex('source', accountSource(changed.name))) queue.add(key, 'change');
  });
}

/** An approval that was removed counts when it is set again, though no reconcile came in between. */
function forgetSpent(
  before: TenantUpsellPolicy | undefined,
  after: TenantUpsellPolicy | undefined,
  memories: Pick<Memories, 'peek'>,
): void {
  if (before === undefined || before.uid !== after?.uid || before.approved === after.approved) return;
  const memory = memories.peek(before.key);
  if (memory?.uid === before.uid) memory.spentApproval = undefined;
}

const isOther = (before: TenantUpsellPolicy | undefined, after: TenantUpsellPolicy | undefined): boolean =>
  before?.uid !== after?.uid ||
  before?.generation !== after?.generation ||
  (before?.deletedAt === undefined) !== (after?.deletedAt === undefined);

const isAsked = (before: TenantUpsellPolicy | undefined, after: TenantUpsellPolicy | undefined): boolean =>
  isOther(before, after) ||
  before?.requestedAt !== after?.requestedAt ||
  before?.approved !== after?.approved ||
  JSON.stringify(before?.labels) !== JSON.stringify(after?.labels);

/** The policies that a change of an object concerns. */
function concerned(
  before: TenantUserUpsell | undefined,
  after: TenantUserUpsell | undefined,
  { policies, fleet, memories }: PolicyTriggerOptions,
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const object of [before, after]) for (const key of policiesOf(object, policies)) found.add(key);
  if (!changesClaim(before, after)) return found;
  for (const user of new Set([userOf(before), userOf(after)])) {
    if (user === undefined) continue;
    for (const peer of fleet.byIndex('user', user))
      for (const key of policiesOf(fleet.get(peer), policies)) found.add(key);
    for (const key of policies.keys()) if (memories.peek(key)?.pass?.users.has(user)) found.add(key);
  }
  return found;
}

/** The policy that keeps an object, if one does. */
function* policiesOf(object: TenantUserUpsell | undefined, policies: PolicyStore): Iterable<string> {
  const { child, namespace } = object ?? {};
  if (child === undefined) return;
  if (child.owner !== undefined) yield* policies.byIndex('uid', child.owner);
  else if (child.policy !== undefined && policies.get(`${namespace}/${child.policy}`) !== undefined)
    yield `${namespace}/${child.policy}`;
}

const userOf = (object: TenantUserUpsell | undefined): string | undefined =>
  object === undefined ? undefined : namedUser(object);

/** Whether another object may have its user now, or no more: what `others.ts` judges by. */
const changesClaim = (before: TenantUserUpsell | undefined, after: TenantUserUpsell | undefined): boolean =>
  before?.uid !== after?.uid ||
  before?.child !== after?.child ||
  userOf(before) !== userOf(after) ||
  before?.status.userID !== after?.status.userID ||
  (before?.deletedAt === undefined) !== (after?.deletedAt === undefined) ||
  isMissing(before) !== isMissing(after);

/** Whether the object is as it was but for its status; what others judge by is in `changesClaim`. */
const isStatusAlone = (before: TenantUserUpsell | undefined, after: TenantUserUpsell | undefined): boolean =>
  before?.generation === after?.generation && before?.child === after?.child && !changesClaim(before, after);

const isMissing = (object: TenantUserUpsell | undefined): boolean =>
  object !== undefined && conditionOf(object.status, 'Ready')?.reason === 'UserNotFound';
