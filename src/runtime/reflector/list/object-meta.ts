/** The few fields that every object and list of the API server has, read without trusting that they are there. */
export interface ObjectMeta {
  /** `namespace/name`, or `name`; undefined for what has no name. */
  readonly key: string | undefined;
  readonly resourceVersion: string | undefined;
  /** A list that has more pages. */
  readonly continueToken: string | undefined;
}

const nothing: ObjectMeta = {
  key: undefined,
  resourceVersion: undefined,
  continueToken: undefined,
};

export function metaOf(object: unknown): ObjectMeta {
  const metadata = isRecord(object) ? object['metadata'] : undefined;
  if (!isRecord(metadata)) return nothing;
  const name = text(metadata['name']);
  const namespace = text(metadata['namespace']);
  return {
    key: name === undefined ? undefined : namespace === undefined ? name : `${namespace}/${name}`,
    resourceVersion: text(metadata['resourceVersion']),
    continueToken: text(metadata['continue']),
  };
}

export function itemsOf(list: unknown): readonly unknown[] | undefined {
  if (!isRecord(list)) return undefined;
  const items = list['items'];
  // Go writes an empty list as null unless care is taken.
  if (items === null) return [];
  return Array.isArray(items) ? items : undefined;
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
