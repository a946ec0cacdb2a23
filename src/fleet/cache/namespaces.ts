/** Namespaces as the cache holds them: their labels, of which one names the tenant whose users belong there. */
import * as z from 'zod';
import { tenantIdLabel } from '../../api/names.ts';
import type { Log } from '../../base/log.ts';
import type { KubernetesReader } from '../../kubernetes/calls/client.ts';
import { KubernetesError } from '../../kubernetes/calls/errors.ts';
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

/** One namespace, as the API server has it now. @throws KubernetesError, or the signal's reason. */
export async function readNamespace(
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
