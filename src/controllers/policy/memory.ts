/**
 * What this process remembers of each policy between two reconciles. None of it is needed after a restart: who matches is listed again, children say when they
 * were made, and the policy's status says how many went.
 */

import type { PolicyVerdict } from '../../api/policy/conditions.ts';
import type { TenantUpsellPolicy } from '../../api/policy/object.ts';
import type { PolicyStatus } from '../../api/policy/status.ts';
import type { Clock } from '../../base/clock.ts';
import type { Pass } from './pass/pass.ts';
import { hourMs } from './plan/brakes.ts';
import type { Made } from './plan/plan.ts';
import { removedAtOf } from './report/removals.ts';

export interface Memory {
  readonly uid: string;
  /** As which generation it was reconciled last since this process started: what that one matches is known, or cannot be. */
  knownGeneration: number | undefined;
  /** Since when an older policy is not known as it stands, by the steady clock. */
  awaitingSince: number | undefined;
  /** The last complete one. */
  pass: Pass | undefined;
  /** Since when the last complete one says nothing of the policy as it stands; by the steady clock. */
  passIdleSince: number | undefined;
  /** A pass is in flight: what it has read already may have changed since. */
  isListing: boolean;
  /** A pass that begins later than this is wanted: something changed then. By the steady clock. */
  wantedAt: number | undefined;
  /** The last one, however it ended: what it asked, when it ended by the steady clock, and how long it took. */
  tried: { readonly asked: string; readonly at: number; readonly tookMs: number } | undefined;
  /** Why the last ones failed, how many did since one was complete, and how long to wait before the next. */
  failure: { readonly verdict: PolicyVerdict; readonly count: number; readonly retryAfterMs: number } | undefined;
  /** How many times in succession Acronis could not be asked where its tenant is. */
  unplaced: number;
  /** The account that it uses, by its id. */
  accountId: string | undefined;
  /** Users that the change feed named, to be judged. */
  readonly suspects: Set<string>;
  /** Children that the cache does not show yet, and until when that is waited for, by the steady clock. */
  readonly pending: Map<string, number>;
  /** Users whose child's name an object has that the cache does not show, until when it is not asked for again, by the steady clock, and how often it was. */
  readonly taken: Map<string, { readonly until: number; readonly tries: number }>;
  /** Users whose children younger policies are to hand over, since this one may make its own now. */
  takes: ReadonlySet<string>;
  /** Users whose children were asked for so, until they have one of this policy: whose child is gone already is made before others. */
  readonly asked: Set<string>;
  /** By user, the uid of the child that this process deleted: until the watch shows it, the cache has it as it was. */
  readonly gone: Map<string, string>;
  /** When a child was made, changed or removed last, or else since when this process knows the policy; by wall time. */
  doneAt: number;
  made: Made[];
  /** When children went that no person had let through, in the last hour; by wall time. */
  removedAt: number[];
  /** What the policy's status says of it, as it was written last by this process. */
  recorded: string | undefined;
  /** Users whose children a person let through and that are still there: each goes once. */
  letThrough: Set<string>;
  /** How many removals were held back when this was planned last: an approval counts for a number that was shown before it. */
  braked: number | undefined;
  /** The number in the annotation that counts for nothing, as long as it stays. */
  spentApproval: number | undefined;
  /** The version of the policy whose approval was used: it counts once. */
  approvalUsedAt: string | undefined;
  /** What was written last, until the watch brings the same. */
  written: { readonly over: TenantUpsellPolicy; readonly status: PolicyStatus } | undefined;
  /** When counts were written last, by the steady clock. */
  writtenAt: number;
  /** `requestedAt` as it was when it was handled last. */
  requestedAt: string | undefined;
}

export interface Memories {
  of(policy: TenantUpsellPolicy): Memory;
  /** What is remembered of the policy with this key, if anything. */
  peek(key: string): Memory | undefined;
  forget(key: string): void;
}

export function createMemories(clock: Pick<Clock, 'wall'>): Memories {
  const memories = new Map<string, Memory>();
  return {
    of(policy) {
      const { key, uid, requestedAt } = policy;
      const known = memories.get(key);
      if (known?.uid === uid) {
        prune(known, clock.wall());
        return known;
      }
      const memory: Memory = {
        uid,
        knownGeneration: undefined,
        awaitingSince: undefined,
        pass: undefined,
        passIdleSince: undefined,
        isListing: false,
        wantedAt: undefined,
        tried: undefined,
        failure: undefined,
        unplaced: 0,
        accountId: undefined,
        suspects: new Set(),
        pending: new Map(),
        taken: new Map(),
        takes: new Set(),
        asked: new Set(),
        gone: new Map(),
        doneAt: clock.wall(),
        made: [],
        removedAt: removedAtOf(policy.status, clock.wall()),
        recorded: undefined,
        letThrough: new Set(),
        braked: policy.status.braked,
        spentApproval: policy.status.spentApproval,
        approvalUsedAt: undefined,
        written: undefined,
        writtenAt: Number.NEGATIVE_INFINITY,
        requestedAt,
      };
      memories.set(key, memory);
      return memory;
    },
    peek: (key) => memories.get(key),
    forget: (key) => void memories.delete(key),
  };
}

function prune(memory: Memory, now: number): void {
  memory.made = memory.made.filter(({ at }) => now - at < hourMs);
  memory.removedAt = memory.removedAt.filter((at) => now - at < hourMs);
}
