/**
 * Which tenant's users a namespace may name, by its label: those of this tenant and of those below it. A namespace that the cache does not know yet is asked for:
 * an object may arrive before its namespace does, and must not slip through as if there were no label.
 */
import type { Verdict } from '../../api/conditions.ts';
import { SharedCalls } from '../../base/concurrency/shared-calls.ts';
import type { KubernetesReader } from '../../kubernetes/calls/client.ts';
import { isForbidden, isNotFound } from '../../kubernetes/calls/errors.ts';
import { type NamespaceLabel, type NamespaceStore, readNamespace } from '../cache/namespaces.ts';

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
