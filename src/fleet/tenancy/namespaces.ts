/**
 * Which tenant's users a namespace may name, by its label: those of this tenant and of those below it. A namespace that the cache does not know yet is asked for:
 * an object may arrive before its namespace does, and must not slip through as if there were no label.
 */
import * as z from 'zod';
import type { Verdict } from '../../api/conditions.ts';
import { tenantIdLabel } from '../../api/names.ts';
import type { Clock } from '../../base/clock.ts';
import { Semaphore } from '../../base/concurrency/semaphore.ts';
import { SharedCalls } from '../../base/concurrency/shared-calls.ts';
import type { Log } from '../../base/log.ts';
import type { KubernetesReader } from '../../kubernetes/calls/client.ts';
import { isForbidden, isNotFound, KubernetesError } from '../../kubernetes/calls/errors.ts';
import { pathOf } from '../../kubernetes/calls/resource.ts';
import { Store, type Stored } from '../../runtime/store/store.ts';

export const namespaces = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace' } as const;

export interface NamespaceLabel extends Stored {
  /** What the label that binds it to a tenant says. */
  readonly tenantId: string | undefined;
  /** All of its labels, which the selectors of AcronisAccounts read. */
  readonly labels: Readonly<Record<string, string>>;
}

export type NamespaceStore = Store<NamespaceLabel>;

export const createNamespaceStore = (log: Log): NamespaceStore =>
  new Store<NamespaceLabel>({ log, same: (a, b) => sameLabels(a.labels, b.labels) });

function sameLabels(a: NamespaceLabel['labels'], b: NamespaceLabel['labels']): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}

const schema = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).optional() }),
});

export function transformNamespace(raw: unknown): NamespaceLabel | undefined {
  const parsed = schema.safeParse(raw).data;
  if (parsed === undefined) return undefined;
  const { name, labels = {} } = parsed.metadata;
  return { key: name, namespace: '', tenantId: labels[tenantIdLabel]?.toLowerCase(), labels };
}

/** Which tenant's users an object's namespace may name. */
export type NamespaceGuard =
  | { readonly kind: 'any' }
  | {
      readonly kind: 'tenant';
      readonly tenantId: string;
      /** A tenant below it, as Acronis has shown: that of the user that is being judged. */
      readonly below?: string;
    }
  /** `--require-tenant-label` is set and the namespace has no label. */
  | { readonly kind: 'none' }
  /** The operator may not read the namespace, or it is gone: it is not known what its label forbids. */
  | { readonly kind: 'unreadable' }
  /** The AcronisAccount that the object names is not there, or does not serve this namespace. */
  | { readonly kind: 'noAccount'; readonly verdict: Verdict };

export interface GuardOptions {
  readonly store: NamespaceStore;
  readonly client: KubernetesReader;
  readonly requireLabel: boolean;
  /** Why the account that is asked for does not serve this namespace. Absent: it is not asked. */
  readonly refuses?: (namespace: NamespaceLabel) => Verdict | undefined;
}

/** Immediately where the store knows the namespace. @throws KubernetesError where one that it does not know could not be asked for. */
export function guardOf(
  namespace: string,
  options: GuardOptions,
  signal: AbortSignal,
): NamespaceGuard | Promise<NamespaceGuard> {
  const known = options.store.get(namespace);
  return known === undefined ? askForGuard(namespace, options, signal) : guardBy(known, options);
}

/** All objects of a namespace ask for it together: as many reads would fill the connections that their statuses need. */
const reads = new WeakMap<KubernetesReader, SharedCalls<NamespaceLabel>>();
function readsOf(client: KubernetesReader): SharedCalls<NamespaceLabel> {
  const known = reads.get(client) ?? new SharedCalls<NamespaceLabel>();
  reads.set(client, known);
  return known;
}

async function askForGuard(namespace: string, options: GuardOptions, signal: AbortSignal): Promise<NamespaceGuard> {
  try {
    const read = (until: AbortSignal) => readNamespace(namespace, options.client, until);
    return guardBy(await readsOf(options.client).run(namespace, read, signal), options);
  } catch (error) {
    if (isForbidden(error) || isNotFound(error)) return { kind: 'unreadable' };
    throw error;
  }
}

function guardBy(namespace: NamespaceLabel, { requireLabel, refuses }: GuardOptions): NamespaceGuard {
  const verdict = refuses?.(namespace);
  if (verdict !== undefined) return { kind: 'noAccount', verdict };
  const { tenantId } = namespace;
  if (tenantId !== undefined) return { kind: 'tenant', tenantId };
  return requireLabel ? { kind: 'none' } : { kind: 'any' };
}

async function readNamespace(
  name: string,
  client: KubernetesReader,
  signal: AbortSignal,
  limit: { readonly timeoutMs?: number } = {},
): Promise<NamespaceLabel> {
  const call = { method: 'GET', path: pathOf(namespaces, { name }), ...limit } as const;
  const found = transformNamespace(await client.request(call, signal));
  // Never taken for a namespace without a label.
  if (found === undefined)
    throw new KubernetesError('the API server responded with something that is no namespace', {
      reason: 'InvalidResponse',
    });
  return found;
}

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
