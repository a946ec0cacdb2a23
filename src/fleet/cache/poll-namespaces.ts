/** The labels of a few namespaces, kept true by asking again and again: where they may not be watched. */
import type { Clock } from '../../base/clock.ts';
import { Semaphore } from '../../base/concurrency/semaphore.ts';
import type { Log } from '../../base/log.ts';
import type { KubernetesReader } from '../../kubernetes/calls/client.ts';
import { isNotFound } from '../../kubernetes/calls/errors.ts';
import { type NamespaceStore, readNamespace } from './namespaces.ts';

/** How soon a changed label is seen where namespaces may not be watched. */
const pollMs = 10_000;
/** One that takes longer is given up. */
const pollLimit = { timeoutMs: 5_000 };
/** Polls in flight: half of the connections for bulk work. */
const maxPolls = 8;

/**
 * Keeps the labels of a few namespaces in the store by asking for each again and again: for an operator that serves listed namespaces, whose rights
 * end there and do not reach the cluster-wide watch. Each is asked for by itself, so that one that hangs holds up no other. Runs until the signal is aborted.
 */
export async function pollNamespaces(
  names: readonly string[],
  { store, client, clock, log }: { store: NamespaceStore; client: KubernetesReader; clock: Clock; log: Log },
  signal: AbortSignal,
): Promise<void> {
  const polls = new Semaphore(maxPolls);
  const poll = async (name: string): Promise<void> => {
    let isFailing = false;
    while (!signal.aborted) {
      const end = await polls.acquire(signal).catch(() => undefined);
      try {
        if (end === undefined) return;
        store.upsert(await readNamespace(name, client, signal, pollLimit));
        if (isFailing) log.info('the namespace can be read again', { namespace: name });
        isFailing = false;
      } catch (error) {
        if (signal.aborted) return;
        if (isNotFound(error)) store.remove(name);
        else if (!isFailing) {
          isFailing = true;
          log.warn('a namespace could not be read; its last known label holds', {
            namespace: name,
            error: String(error),
          });
        }
      } finally {
        end?.();
      }
      await clock.sleep(pollMs, signal).catch(() => {});
    }
  };
  await Promise.all(names.map(poll));
}
