/**
 * Who has a user besides a policy: an object that was written by hand, which always wins, or another policy, of which the older one has it. A younger policy keeps
 * its child until the older one may make its own, so that no user is without one for as long as `limits.maxNewPerHour` lasts. In the policy's own
 * namespace an object has the user that it names; one of another namespace once Acronis has shown it the user, so that no writer gets a user by naming it.
 */
import type { TenantUserUpsell } from '../../api/object.ts';
import { childName } from '../../api/policy/children.ts';
import type { TenantUpsellPolicy } from '../../api/policy/object.ts';
import type { Fleet } from '../../fleet/cache/objects.ts';
import { isOlderPolicy, type PolicyStore } from '../../fleet/cache/policies.ts';
import { reaches } from '../../fleet/tenancy/claims.ts';
import { isChildOf } from './children/template.ts';
import type { Memories, Memory } from './memory.ts';
import type { Pass } from './pass/pass.ts';
import type { Other } from './plan/plan.ts';

export interface OthersOptions {
  readonly fleet: Pick<Fleet, 'byIndex' | 'get'>;
  readonly policies: Pick<PolicyStore, 'byIndex' | 'get' | 'values'>;
  readonly memories: Pick<Memories, 'peek'>;
}

/** @returns the question for one policy; ask it immediately, for the cluster may change. */
export function othersOf(policy: TenantUpsellPolicy, options: OthersOptions): (userId: string) => Other | undefined {
  const { fleet } = options;
  const older = [...options.policies.values()].flatMap((each) =>
    isActive(each) && isOlderPolicy(each, policy) ? (claimOf(each, options.memories) ?? []) : [],
  );
  return (userId) => {
    let found: Other | undefined;
    for (const key of fleet.byIndex('user', userId)) {
      const object = fleet.get(key);
      if (object === undefined || isChildOf(object, policy)) continue;
      const other = otherBy(object, userId, policy, options);
      if (other === 'handWritten') return other;
      if (found !== 'olderPolicy') found = other ?? found;
    }
    if (found === 'olderPolicy') return found;
    const named = fleet.get(`${policy.namespace}/${childName(userId)}`);
    const isOwn = named !== undefined && isChildOf(named, policy);
    let isClaimed = false;
    for (const { users, takes } of older) {
      if (!users.has(userId)) continue;
      if (!isOwn || takes.has(userId)) return 'olderPolicy';
      isClaimed = true;
    }
    if (isClaimed) return 'olderPolicyLater';
    if (named !== undefined && !isOwn) return isOfYounger(named, policy, options) ? 'youngerPolicy' : 'nameTaken';
    return found;
  };
}

/** Whom a policy has, with a child or without, and for whom it may make one now; one that matches more users than it may has those of its children alone. */
function claimOf(
  { key, spec }: TenantUpsellPolicy,
  memories: OthersOptions['memories'],
): (Pick<Pass, 'users'> & Pick<Memory, 'takes'>) | undefined {
  const { pass, takes } = memories.peek(key) ?? {};
  if (pass === undefined || takes === undefined || !spec.ok || pass.matched > spec.value.limits.maxUsers)
    return undefined;
  return { users: pass.users, takes };
}

/** Whether it is a child that a younger policy hands over once it is asked to. */
function isOfYounger(
  object: TenantUserUpsell,
  policy: TenantUpsellPolicy,
  { policies, memories }: Pick<OthersOptions, 'policies' | 'memories'>,
): boolean {
  const { child, deletedAt } = object;
  if (deletedAt !== undefined || child?.owner === undefined) return false;
  return [...policies.byIndex('uid', child.owner)].some((key) => {
    const owner = policies.get(key);
    if (owner === undefined || !isActive(owner) || !isChildOf(object, owner)) return false;
    // One that has no list, or of too many users, hands nothing over, and must not be asked in another's place.
    return isOlderPolicy(policy, owner) && claimOf(owner, memories) !== undefined;
  });
}

/** Policies that are older than this one and were not listed yet as they stand, since this process started or since they were edited: what they match is not known. */
export const isAwaitingOlder = (
  policy: TenantUpsellPolicy,
  { policies, memories }: Pick<OthersOptions, 'policies' | 'memories'>,
): boolean => {
  for (const each of policies.values())
    if (isActive(each) && isOlderPolicy(each, policy) && memories.peek(each.key)?.knownGeneration !== each.generation)
      return true;
  return false;
};

const isActive = ({ spec, deletedAt }: TenantUpsellPolicy): boolean =>
  spec.ok && !spec.value.suspend && deletedAt === undefined;

function otherBy(
  object: TenantUserUpsell,
  userId: string,
  policy: TenantUpsellPolicy,
  { policies }: OthersOptions,
): Other | undefined {
  // It goes by itself; only its name is in the way until then.
  if (object.deletedAt !== undefined) return undefined;
  const { child } = object;
  if (child?.owner !== undefined) {
    for (const key of policies.byIndex('uid', child.owner)) {
      const owner = policies.get(key);
      if (owner !== undefined && isChildOf(object, owner))
        return isOlderPolicy(owner, policy) ? 'olderPolicy' : undefined;
    }
    // Its policy was deleted, and it goes with it; or another operator serves that policy.
    return 'nameTaken';
  }
  const adopter = child?.policy === undefined ? undefined : policies.get(`${object.namespace}/${child.policy}`);
  if (adopter !== undefined && isChildOf(object, adopter))
    return isOlderPolicy(adopter, policy) ? 'olderPolicy' : undefined;
  return object.namespace === policy.namespace || reaches(object, userId) ? 'handWritten' : undefined;
}
