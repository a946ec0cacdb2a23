/** Objects of one kind, listed in pages: one page in memory at a time. What is not an object is left out. */
import type { KubernetesReader } from '../../kubernetes/calls/client.ts';
import { KubernetesError } from '../../kubernetes/calls/errors.ts';
import { pathOf, type Resource } from '../../kubernetes/calls/resource.ts';
import { itemsOf, metaOf } from '../../runtime/reflector/list/object-meta.ts';

export interface ListScope {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
}

const limit = '500';

/** @throws KubernetesError, or the signal's reason. */
export async function* listObjects(
  reader: Pick<KubernetesReader, 'request'>,
  resource: Resource,
  { namespace, labelSelector }: ListScope,
  signal: AbortSignal,
): AsyncGenerator<unknown, void, undefined> {
  const path = pathOf(resource, namespace === undefined ? {} : { namespace });
  const query = { limit, ...(labelSelector === undefined ? {} : { labelSelector }) };
  for (let token: string | undefined; ; ) {
    const page = await reader.request(
      { method: 'GET', path, query: token === undefined ? query : { ...query, continue: token } },
      signal,
    );
    const items = itemsOf(page);
    if (items === undefined)
      throw new KubernetesError('the API server responded to a list with something that is no list', {
        reason: 'InvalidResponse',
      });
    yield* items;
    const { continueToken } = metaOf(page);
    if (continueToken === undefined || continueToken === token) return;
    token = continueToken;
  }
}
