/**
 * When a full pass is due: at the start, when the selection or the API client is another, when something changed, and once per interval. Passes that changes ask
 * for keep a distance that grows with what one costs; those that fail are tried again, later each time.
 */
import type { TenantUpsellPolicy } from '../../../api/policy/object.ts';
import { usersListedBy } from '../children/children.ts';
import type { PolicyContext } from '../context.ts';
import type { Memory } from '../memory.ts';
import { type Lister, type PassEnd, runPass } from '../pass/pass.ts';
import type { Served } from '../standing.ts';
import { listingGivenUp } from '../verdicts.ts';

export interface PassesOptions {
  readonly context: PolicyContext;
  readonly lister: Lister;
  /** Other users match than before, it has them no more, or it may make more of their children: younger policies may have to make room, or may come in. */
  readonly onMembers: (policy: TenantUpsellPolicy) => void;
}

const minDistanceMs = 5_000;
/** Of how many times its own length a pass that a change asks for keeps away from the one before. */
const distanceFactor = 2;
const firstRetryMs = 1_000;
const maxRetryMs = 5 * 60_000;

/** In how many milliseconds the next pass is due. */
export function dueInMs(
  { asked }: Pick<Served, 'asked'>,
  memory: Memory,
  { clock, resyncIntervalMs }: Pick<PolicyContext, 'clock' | 'resyncIntervalMs'>,
): number {
  const { pass, tried, failure, wantedAt } = memory;
  if (tried?.asked !== asked) return 0;
  const since = clock.now() - tried.at;
  const distance = Math.max(Math.min(minDistanceMs, resyncIntervalMs), distanceFactor * tried.tookMs);
  if (failure !== undefined) return Math.max(0, failure.retryAfterMs - since);
  if (wantedAt !== undefined || pass?.asked !== asked) return Math.max(0, distance - since);
  return Math.max(0, Math.max(resyncIntervalMs, distance) - since);
}

/** A pass, if one is due. What is known changes with a complete one alone. @throws the signal's reason. */
export async function passIfDue(
  policy: TenantUpsellPolicy,
  served: Served,
  memory: Memory,
  options: PassesOptions,
  signal: AbortSignal,
): Promise<void> {
  const { context, lister } = options;
  const { clock } = context;
  const { asked, spec, selection, account, client } = served;
  if (dueInMs(served, memory, context) > 0) return;
  if (memory.tried?.asked !== asked) memory.failure = undefined;
  const startedAt = clock.now();
  const wantedAt = memory.wantedAt;
  memory.wantedAt = undefined;
  const childUsers = () => usersListedBy(client, policy, context.fleet);
  const { maxUsers } = spec.limits;
  memory.isListing = true;
  const running = runPass({ lister, account, selection, asked, maxUsers, childUsers, clock }, signal);
  const end = await orGivenUp(running, signal);
  memory.isListing = false;
  const tookMs = clock.now() - startedAt;
  memory.tried = { asked, at: clock.now(), tookMs };
  context.metrics.passEnded(end.kind, tookMs / 1_000);
  if (end.kind !== 'complete') {
    memory.wantedAt ??= wantedAt;
    failed(policy, end, memory, context);
    signal.throwIfAborted();
    return;
  }
  if (memory.failure !== undefined) context.log.info('users of the policy can be listed again', { policy: policy.key });
  memory.failure = undefined;
  const before = memory.pass?.users;
  memory.pass = end.pass;
  if (before === undefined || !isSame(before, end.pass.users)) options.onMembers(policy);
}

/** A list that takes longer than a reconcile may is a failure like any other: else no status would say so, and it would begin again forever. */
async function orGivenUp(pass: Promise<PassEnd>, signal: AbortSignal): Promise<PassEnd> {
  try {
    return await pass;
  } catch (error) {
    if (!signal.aborted) throw error;
    return { kind: 'failed', verdict: listingGivenUp };
  }
}

function failed(
  { key }: TenantUpsellPolicy,
  { kind, verdict, retryAfterMs = 0 }: Exclude<PassEnd, { kind: 'complete' }>,
  memory: Memory,
  { log }: Pick<PolicyContext, 'log'>,
): void {
  const count = (memory.failure?.count ?? 0) + 1;
  if (memory.failure?.verdict.message !== verdict.message)
    log.warn('users of the policy could not be listed; its children stay as they are', {
      policy: key,
      end: kind,
      why: verdict.message,
    });
  const backoffMs = Math.min(maxRetryMs, firstRetryMs * 2 ** (count - 1));
  memory.failure = { verdict, count, retryAfterMs: Math.max(retryAfterMs, backoffMs) };
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a.size !== b.size) return false;
  for (const id of a) if (!b.has(id)) return false;
  return true;
}
