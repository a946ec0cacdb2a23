/** The objects of these tests, and what is kept of them. A negative value cannot be read; a very negative one makes the reading fail. */
import type { Resource } from '../../../src/kubernetes/calls/resource.ts';
import { isRecord } from '../../../src/runtime/reflector/list/object-meta.ts';
import type { Stored } from '../../../src/runtime/store/store.ts';

export const things: Resource = { group: 'example.com', version: 'v1', plural: 'things', kind: 'Thing' };

export interface Thing extends Stored {
  readonly value: number;
}

export function transform(raw: unknown): Thing | undefined {
  if (!isRecord(raw) || !isRecord(raw['metadata']) || !isRecord(raw['spec'])) return undefined;
  const { name, namespace } = raw['metadata'];
  const { value } = raw['spec'];
  if (typeof name !== 'string' || typeof namespace !== 'string' || typeof value !== 'number') return undefined;
  if (value <= -1_000) throw new TypeError('cannot be read');
  return value < 0 ? undefined : { key: `${namespace}/${name}`, namespace, value };
}
