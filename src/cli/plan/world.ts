/**
 * What stands around the objects that are planned: the cluster as it is, the files laid over it, or the files alone. Of files alone, namespaces have the labels that
 * they have in the files, and Secrets and AcronisAccounts are those that stand there.
 */

import { transformAccount } from '../../api/account/object.ts';
import { acronisAccounts, tenantUserUpsells } from '../../api/names.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { type AccountObjects, createAccountObjects } from '../../fleet/accounts/account-objects.ts';
import { createWatch } from '../../fleet/cache/cache.ts';
import { createNamespaceStore, type NamespaceStore, transformNamespace } from '../../fleet/cache/namespaces.ts';
import { createFleet, type Fleet } from '../../fleet/cache/objects.ts';
import { createPolicyStore, type PolicyStore } from '../../fleet/cache/policies.ts';
import type { KubernetesReader } from '../../kubernetes/calls/client.ts';
import { KubernetesError } from '../../kubernetes/calls/errors.ts';
import { pathOf } from '../../kubernetes/calls/resource.ts';
import type { Cluster } from '../connect/cluster.ts';
import { CommandError } from '../end.ts';
import type { Document } from './documents.ts';

export interface PlanWorld {
  readonly fleet: Fleet;
  readonly policies: PolicyStore;
  readonly namespaces: NamespaceStore;
  readonly accountObjects: AccountObjects;
  readonly reader: KubernetesReader;
}

export interface ClusterScope {
  /** Empty = all. */
  readonly namespaces: readonly string[];
  readonly labelSelector: string | undefined;
  readonly accountNamespace: string;
}

const maxSyncMs = 120_000;

/** @throws KubernetesError where it may not be read; CommandError where it does not become complete. */
export async function worldOfCluster(
  { reader }: Cluster,
  scope: ClusterScope,
  { clock, log, signal }: { clock: Clock; log: Log; signal: AbortSignal },
): Promise<PlanWorld> {
  const [only] = scope.namespaces;
  // Asked once without any retry, so that what is wrong is said immediately.
  const path = pathOf(tenantUserUpsells, only === undefined ? {} : { namespace: only });
  await reader.request({ method: 'GET', path, query: { limit: '1' } }, signal);
  const watch = createWatch({ ...scope, client: reader, clock, random: Math.random, log, metrics: quiet });
  const end = new AbortController();
  const running = watch.run(AbortSignal.any([end.signal, signal]));
  const late = clock.after(maxSyncMs, () => end.abort());
  const failed = watch.synced.then(
    () => false,
    () => true,
  );
  const isLate = new Promise<boolean>((resolve) => end.signal.addEventListener('abort', () => resolve(true)));
  const gaveUp = await Promise.race([failed, isLate]);
  late.cancel();
  const problem = watch.problem();
  const unread = watch.policiesProblem();
  end.abort();
  await running;
  if (gaveUp) throw new CommandError(problem ?? 'The cluster could not be read in time. Try again.');
  if (unread !== undefined) log.warn(`policies are not planned, since they cannot be read: ${unread}`);
  const { fleet, policies, namespaces, accounts: accountObjects } = watch;
  return { fleet, policies, namespaces, accountObjects, reader };
}

const quiet = { watchEvent: () => {}, listed: () => {}, watchFailed: () => {} };

export function worldOfFiles(documents: readonly Document[], accountNamespace: string, log: Log): PlanWorld {
  return {
    fleet: createFleet(log),
    policies: createPolicyStore(log),
    namespaces: createNamespaceStore(log),
    accountObjects: createAccountObjects({ namespace: accountNamespace, log, isSynced: () => true }),
    reader: readerOf(documents),
  };
}

/** AcronisAccounts and labels of namespaces count as the files say. */
export function layOver({ namespaces, accountObjects }: PlanWorld, documents: readonly Document[]): void {
  for (const { kind, raw } of documents) {
    if (kind === 'Namespace') {
      const namespace = transformNamespace(raw);
      if (namespace !== undefined) namespaces.upsert(namespace);
    }
    if (kind !== acronisAccounts.kind) continue;
    const account = transformAccount(stored(raw, accountObjects.namespace, 0));
    if (account !== undefined) accountObjects.store.upsert(account);
  }
}

/** What a file says, as the API server would have stored it. @param at its turn: the first one of two that name a user is the older one. */
export function stored(
  raw: Readonly<Record<string, unknown>>,
  namespace: string,
  at: number,
): Record<string, unknown> & {
  readonly metadata: { readonly [field: string]: unknown; readonly namespace: string; readonly name: string };
} {
  const metadata = isRecord(raw['metadata']) ? raw['metadata'] : {};
  const name = String(metadata['name']);
  const { finalizers: _finalizers, deletionTimestamp: _deletion, ...own } = metadata;
  return {
    ...raw,
    metadata: {
      ...own,
      name,
      namespace: typeof own['namespace'] === 'string' ? own['namespace'] : namespace,
      uid: `new ${at}`,
      resourceVersion: '0',
      generation: 1,
      creationTimestamp: new Date(afterAllOthersMs + at).toISOString(),
    },
    status: undefined,
  };
}

/** Younger than whatever the cluster holds: what is there already keeps its user. */
const afterAllOthersMs = Date.UTC(9999, 0);

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The files as if they were a cluster, for what is asked by name: Secrets, and namespaces that no file has, which have no labels. */
function readerOf(documents: readonly Document[]): KubernetesReader {
  const secrets = new Map(
    documents
      .filter(({ kind }) => kind === 'Secret')
      .map(({ raw }) => [nameOf(raw), { ...raw, data: { ...encoded(raw['stringData']), ...plain(raw['data']) } }]),
  );
  return {
    async request({ path }) {
      const namespace = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(path)?.[1];
      if (namespace !== undefined) return { metadata: { name: namespace } };
      const secret = secrets.get(/\/secrets\/([^/]+)$/.exec(path)?.[1] ?? '');
      if (secret !== undefined) return secret;
      throw new KubernetesError(`GET ${path}: it is not in the files`, { status: 404, reason: 'NotFound' });
    },
    watch: () => Promise.reject(new Error('files are not watched')),
  };
}

const nameOf = (raw: Readonly<Record<string, unknown>>): string =>
  isRecord(raw['metadata']) ? String(raw['metadata']['name']) : '';
const plain = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});
const encoded = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(plain(value)).map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')]),
  );
