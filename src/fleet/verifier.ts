/**
 * Verifies settled objects by the hundred: one read of a hundred users, and whoever is just as the status says needs nothing more. All others go to the
 * queue and get a look of their own. So a restart or a full pass over a large fleet costs a hundredth of the requests and no write.
 *
 * It decides nothing and writes nothing. Where Acronis cannot be asked the objects wait, and keep what is known of them.
 */
import { mostUsersPerRead } from '../acronis/api.ts';
import { AcronisError } from '../acronis/errors.ts';
import type { User } from '../acronis/user.ts';
import type { TenantUserUpsell } from '../api/object.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Priority, WorkQueue } from '../runtime/workqueue/queue.ts';
import type { Accounts } from './accounts/accounts.ts';
import type { CredentialSources } from './credentials/sources.ts';
import { type Fleet, type Source, sourceOf } from './objects.ts';

export interface Verifier {
  /** As the queue's own: a settled object whose turn has merely come is verified, everything else goes to the queue. */
  add(key: string, priority: Priority): void;
  /** Works until the signal is aborted; resolves once the reads under way have ended. */
  run(signal: AbortSignal): Promise<void>;
}

/** What the controller of the objects says of them. */
export interface Judge {
  /** Nothing is owed as far as the object alone can tell, so that a read of its user is all that verifying it takes. */
  isSettled(object: TenantUserUpsell): boolean;
  /** The user is as the status says, and a reconcile would find nothing to do. */
  isAsReported(object: TenantUserUpsell, user: User, signal: AbortSignal): Promise<boolean>;
}

export interface VerifierOptions {
  readonly fleet: Fleet;
  readonly sources: CredentialSources;
  readonly accounts: Accounts;
  readonly judge: Judge;
  readonly queue: Pick<WorkQueue, 'add'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How many keys are looked through for some of the same source. */
const mostSearched = 1_000;
/** Reads at once: enough to be quick, few enough to leave an account's pace to the work of people. */
const mostAtOnce = 3;
/** How long keys gather before the first read. */
const gatherMs = 20;
/** When a slice is tried again that Acronis did not answer. */
const tryAgainMs = 30_000;

export function createVerifier(options: VerifierOptions): Verifier {
  const { fleet, sources, accounts, judge, queue, clock, log } = options;
  const waiting = new Set<string>();
  let wake = () => {};

  const put = (key: string) => {
    waiting.add(key);
    wake();
  };

  /** Some waiting objects of one source; the settled ones alone: what changed meanwhile is the queue's. */
  const take = (): { readonly source: Source; readonly objects: readonly TenantUserUpsell[] } => {
    const objects: TenantUserUpsell[] = [];
    let source: Source | undefined;
    let searched = 0;
    for (const key of waiting) {
      if (objects.length === mostUsersPerRead || ++searched > mostSearched) break;
      const object = fleet.get(key);
      if (object === undefined || !judge.isSettled(object)) {
        waiting.delete(key);
        if (object !== undefined) queue.add(key, 'resync');
        continue;
      }
      source ??= sourceOf(object);
      if (sourceOf(object) !== source) continue;
      waiting.delete(key);
      objects.push(object);
    }
    return { source: source ?? '', objects };
  };

  const verify = async (source: Source, objects: readonly TenantUserUpsell[], signal: AbortSignal): Promise<void> => {
    const users = await read(source, objects, signal);
    for (const object of objects) {
      const evidence = users?.get(object.status.userID ?? '');
      if (evidence?.kind !== 'seen' || !(await judge.isAsReported(object, evidence.user, signal)))
        queue.add(object.key, 'resync');
    }
  };

  /** The users of these objects; undefined where each object has to say for itself what is wrong. */
  const read = async (source: Source, objects: readonly TenantUserUpsell[], signal: AbortSignal) => {
    const credentials = await sources.read(source, signal);
    if (credentials.kind !== 'found') return undefined;
    const ids = [...new Set(objects.map((object) => object.status.userID ?? ''))];
    try {
      return await accounts.of(credentials.credentials).api.getUsers(ids, signal);
    } catch (error) {
      // An answer that says no may be about one of them; that there is none is about nobody.
      if (error instanceof AcronisError && error.kind !== 'unavailable' && error.kind !== 'throttled') return undefined;
      throw error;
    }
  };

  return {
    add(key, priority) {
      const object = fleet.get(key);
      if (priority === 'resync' && object !== undefined && judge.isSettled(object)) put(key);
      else queue.add(key, priority);
    },
    async run(signal) {
      const underWay = new Set<Promise<void>>();
      const later = new Set<{ cancel(): void }>();
      const putLater = (objects: readonly TenantUserUpsell[], ms: number) => {
        const timer = clock.after(ms, () => {
          later.delete(timer);
          for (const { key } of objects) put(key);
        });
        later.add(timer);
      };
      const start = (source: Source, objects: readonly TenantUserUpsell[]) => {
        const work = verify(source, objects, signal).catch((error: unknown) => {
          if (signal.aborted) return;
          log.debug('objects could not be verified; they wait', { objects: objects.length, error: String(error) });
          const asked = error instanceof AcronisError ? (error.retryAfterMs ?? 0) : 0;
          putLater(objects, Math.max(asked, tryAgainMs));
        });
        underWay.add(work);
        void work.finally(() => {
          underWay.delete(work);
          wake();
        });
      };

      signal.addEventListener('abort', () => wake(), { once: true });
      while (!signal.aborted) {
        if (waiting.size === 0 || underWay.size >= mostAtOnce) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        if (waiting.size < mostUsersPerRead) await clock.sleep(gatherMs, signal).catch(() => {});
        const { source, objects } = take();
        if (objects.length > 0) start(source, objects);
      }
      for (const timer of later) timer.cancel();
      await Promise.all(underWay);
    },
  };
}
