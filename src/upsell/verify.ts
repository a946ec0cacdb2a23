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
import type { Priority, WorkQueue } from '../runtime/queue.ts';
import { namespaceGuard, type ReconcileContext } from './context.ts';
import { type Source, sourceOf } from './fleet.ts';
import { plan } from './plan.ts';
import { conditionOf } from './status.ts';

export interface Verifier {
  /** As the queue's own: a settled object whose turn has merely come is verified, everything else goes to the queue. */
  add(key: string, priority: Priority): void;
  /** Works until the signal is aborted; resolves once the reads under way have ended. */
  run(signal: AbortSignal): Promise<void>;
}

export interface VerifierOptions {
  readonly context: Pick<
    ReconcileContext,
    'fleet' | 'client' | 'sources' | 'accounts' | 'namespaces' | 'requireTenantLabel' | 'clock' | 'log'
  >;
  readonly queue: Pick<WorkQueue, 'add'>;
}

/** How many keys are looked through for some of the same source. */
const mostSearched = 1_000;
/** Reads at once: enough to be quick, few enough to leave an account's pace to the work of people. */
const mostAtOnce = 3;
/** How long keys gather before the first read. */
const gatherMs = 20;
/** When a slice is tried again that Acronis did not answer. */
const tryAgainMs = 30_000;

/** Its status speaks of this very spec and of what was asked last. */
export function wasLookedAt(object: TenantUserUpsell): boolean {
  if (object.deletedAt !== undefined || object.status.observedGeneration !== object.generation) return false;
  return object.requestedAt === undefined || object.requestedAt === object.status.lastHandledReconcileAt;
}

/** Its status speaks of this very spec and of what was asked last, and says that all is as it should be. */
export function isSettled(object: TenantUserUpsell): boolean {
  return wasLookedAt(object) && conditionOf(object.status, 'Ready')?.status === 'True';
}

export function createVerifier({ context, queue }: VerifierOptions): Verifier {
  const { fleet, sources, accounts, clock, log } = context;
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
      if (object === undefined || !isSettled(object)) {
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
      const user = users?.get(object.status.userID ?? '');
      if (user === undefined || !(await isAsTold(object, user, context, signal))) queue.add(object.key, 'resync');
    }
  };

  /** The users of these objects; undefined where each object has to say for itself what is wrong. */
  const read = async (source: Source, objects: readonly TenantUserUpsell[], signal: AbortSignal) => {
    const credentials = await sources.read(source, signal);
    if (credentials.kind !== 'found') return undefined;
    const ids = [...new Set(objects.map((object) => object.status.userID ?? ''))];
    try {
      const users = await accounts.of(credentials.credentials).api.getUsers(ids, signal);
      return new Map(users.map((user) => [user.id, user]));
    } catch (error) {
      // An answer that says no may be about one of them; that there is none is about nobody.
      if (error instanceof AcronisError && error.kind !== 'unavailable' && error.kind !== 'throttled') return undefined;
      throw error;
    }
  };

  return {
    add(key, priority) {
      const object = fleet.get(key);
      if (priority === 'resync' && object !== undefined && isSettled(object)) put(key);
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

/** The user is as the status says, in the revision that it says, and a look would find nothing to do. */
async function isAsTold(
  object: TenantUserUpsell,
  user: User,
  context: VerifierOptions['context'],
  signal: AbortSignal,
): Promise<boolean> {
  const { status, spec } = object;
  if (!spec.ok || user.version !== status.observedVersion || user.tenantId !== status.tenantID) return false;
  const told = status.businessTypes ?? [];
  if (told.length !== user.businessTypes.length || !user.businessTypes.every((type) => told.includes(type)))
    return false;
  if (spec.value.login !== undefined && spec.value.login !== user.login) return false;
  // Older claims are woken by their own changes; guards may have changed while nobody watched.
  const guard = await namespaceGuard(object, context, signal);
  return plan(spec.value, user, { guard, rival: undefined }).kind === 'nothing';
}
