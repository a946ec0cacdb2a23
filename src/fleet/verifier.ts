/**
 * Verifies settled objects by the hundred: one read of a hundred users, and an object whose user is just as its status says needs nothing more. All others
 * go to the queue and are reconciled. So a restart or a resync of a large fleet costs a hundredth of the requests and no write.
 *
 * It decides nothing and writes nothing. Where Acronis cannot be asked the objects wait, and keep what is known of them. Objects that use different
 * credentials are verified apart (`verifier-lane.ts`), so that no account's verification waits for another's.
 */
import type { User } from '../acronis/user.ts';
import type { TenantUserUpsell } from '../api/object.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Priority, WorkQueue } from '../runtime/workqueue/queue.ts';
import type { Accounts } from './accounts/accounts.ts';
import type { CredentialSources } from './credentials/sources.ts';
import { type Fleet, type Source, sourceOf } from './objects.ts';
import { VerifierLane } from './verifier-lane.ts';

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
  /** The user is as the status says, and a reconcile would find nothing to do. */
  isAsReported(object: TenantUserUpsell, user: User, signal: AbortSignal): Promise<boolean>;
}

export interface VerifierOptions {
  readonly fleet: Fleet;
  readonly sources: Pick<CredentialSources, 'read' | 'lastGood'>;
  readonly accounts: Pick<Accounts, 'of'>;
  readonly judge: Judge;
  readonly queue: Pick<WorkQueue, 'add'>;
  readonly clock: Clock;
  readonly log: Log;
}

export function createVerifier(options: VerifierOptions): Verifier {
  const { fleet, judge, queue } = options;
  const lanes = new Map<Source, VerifierLane>();
  let running: AbortSignal | undefined;

  const add = (key: string, priority: Priority): void => {
    const object = fleet.get(key);
    if (priority === 'resync' && object !== undefined && judge.isSettled(object)) laneOf(sourceOf(object)).add(object);
    else queue.add(key, priority);
  };

  const laneOf = (source: Source): VerifierLane => {
    const known = lanes.get(source);
    if (known !== undefined) return known;
    // Credentials that no object uses any more leave no lane behind.
    for (const [other, lane] of lanes) if (lane.isEmpty) lanes.delete(other);
    const lane = new VerifierLane({ ...options, source, onElsewhere: (key) => add(key, 'resync') });
    lanes.set(source, lane);
    if (running !== undefined) lane.start(running);
    return lane;
  };

  return {
    add,
    recheck(key) {
      const object = fleet.get(key);
      add(key, object !== undefined && judge.isSettled(object) ? 'resync' : 'retry');
    },
    async run(signal) {
      running = signal;
      for (const lane of lanes.values()) lane.start(signal);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await Promise.all([...lanes.values()].map((lane) => lane.ended()));
    },
  };
}
