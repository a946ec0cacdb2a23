/**
 * Verifies settled objects by the hundred: one read of a hundred users, and an object whose user is just as its status says needs nothing more. All others
 * go to the queue and are reconciled. So a restart or a resync of a large fleet costs a hundredth of the requests and no write.
 *
 * It decides nothing and writes nothing. Where Acronis cannot be asked the objects wait, and keep what is known of them. Objects of different accounts
 * are verified apart (`verifier-lane.ts`), so that no account's verification waits for another's; those of one account are verified together, from however
 * many Secrets it is known. Which account an object uses is known once its Secret was read; that of another object is not waited for.
 */
import type { Credentials } from '../../acronis/credentials.ts';
import type { User } from '../../acronis/user.ts';
import type { TenantUserUpsell } from '../../api/object.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Priority, WorkQueue } from '../../runtime/workqueue/queue.ts';
import type { Account, Accounts } from '../accounts/accounts.ts';
import { type Fleet, type Source, sourceOf } from '../cache/objects.ts';
import type { CredentialSources } from '../credentials/sources.ts';
import { VerifierLane } from './lane.ts';

export interface Verifier {
  /** As the queue's own: a settled object whose turn has merely come is verified, everything else goes to the queue. */
  add(key: string, priority: Priority): void;
  /** What its object depends on changed: a settled one is verified, any other is tried again now. */
  recheck(key: string): void;
  /** Works until the signal is aborted; resolves once the reads in flight have ended. */
  run(signal: AbortSignal): Promise<void>;
}

/** What the controller of the objects says of them. */
export interface Judge {
  /** Nothing is owed as far as the object alone shows, so that a read of its user is all that verifying it takes. */
  isSettled(object: TenantUserUpsell): boolean;
  /** Of an object that is settled: the user is as the status says, and a reconcile would find nothing to do. */
  isAsReported(object: TenantUserUpsell, user: User, account: Account, signal: AbortSignal): Promise<boolean>;
}

export interface VerifierOptions {
  readonly fleet: Fleet;
  readonly sources: Pick<CredentialSources, 'read' | 'latest'>;
  readonly accounts: Pick<Accounts, 'of'>;
  readonly judge: Judge;
  readonly queue: Pick<WorkQueue, 'add'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** When credentials are read again that could not be. */
const againMs = 30_000;

export function createVerifier(options: VerifierOptions): Verifier {
  const { fleet, sources, accounts, judge, queue, clock, log } = options;
  /** By the account's id. */
  const lanes = new Map<string, VerifierLane>();
  /** Objects whose credentials are being read, by key. */
  const unrouted = new Map<Source, Map<string, TenantUserUpsell>>();
  const routing = new Set<Promise<void>>();
  let running: AbortSignal | undefined;

  const add = (key: string, priority: Priority): void => {
    const object = priority === 'resync' ? settled(key) : undefined;
    if (object === undefined) queue.add(key, priority);
    else verify(object);
  };

  const settled = (key: string): TenantUserUpsell | undefined => {
    const object = fleet.get(key);
    return object !== undefined && judge.isSettled(object) ? object : undefined;
  };

  const verify = (object: TenantUserUpsell): void => {
    const source = sourceOf(object);
    const waiting = unrouted.get(source);
    if (waiting !== undefined) {
      waiting.set(object.key, object);
      return;
    }
    unrouted.set(source, new Map([[object.key, object]]));
    if (running !== undefined) startRouting(source, running);
  };

  const startRouting = (source: Source, signal: AbortSignal): void => {
    const work = route(source, signal).finally(() => routing.delete(work));
    routing.add(work);
  };

  /** Gives what waits for these credentials to the lane of their account. Never rejects. */
  const route = async (source: Source, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        const result = await sources.read(source, signal);
        const objects = unrouted.get(source)?.values() ?? [];
        unrouted.delete(source);
        const lane = result.kind === 'found' ? laneOf(result.credentials, signal) : undefined;
        for (const object of objects) {
          if (lane !== undefined) lane.add(object);
          // Each object has to say for itself what is wrong.
          else queue.add(object.key, 'resync');
        }
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.debug('objects could not be verified without their credentials; they wait', { error: String(error) });
        await clock.sleep(againMs, signal).catch(() => {});
      }
    }
  };

  const laneOf = (credentials: Credentials, signal: AbortSignal): VerifierLane => {
    const { id } = accounts.of(credentials);
    const known = lanes.get(id);
    if (known !== undefined) return known;
    // An account that no object uses any more leaves no lane behind.
    for (const [other, lane] of lanes) if (lane.isEmpty) lanes.delete(other);
    const lane = new VerifierLane({ ...options, credentials, onElsewhere: (key) => add(key, 'resync') }, signal);
    lanes.set(id, lane);
    return lane;
  };

  return {
    add,
    recheck(key) {
      const object = settled(key);
      if (object === undefined) queue.add(key, 'retry');
      else verify(object);
    },
    async run(signal) {
      running = signal;
      for (const source of unrouted.keys()) startRouting(source, signal);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await Promise.all([...routing, ...[...lanes.values()].map((lane) => lane.ended())]);
    },
  };
}
