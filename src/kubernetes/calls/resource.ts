/** A kind of object at the API server, and the paths under which it is found. */
export interface Resource {
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
}

export interface Place {
  /** Absent: all namespaces, or a resource that lives in none. */
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: 'status';
}

/** The URL path of a collection, an object or its subresource. Every part is encoded. */
export function pathOf(resource: Resource, place: Place = {}): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const parts = [root];
  if (place.namespace !== undefined) parts.push('namespaces', encodeURIComponent(place.namespace));
  parts.push(resource.plural);
  if (place.name !== undefined) parts.push(encodeURIComponent(place.name));
  if (place.subresource !== undefined) parts.push(place.subresource);
  return parts.join('/');
}
