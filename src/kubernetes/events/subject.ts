/** The object that an event is about. */
import type { Resource } from '../calls/resource.ts';

export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion?: string | undefined;
}

/** @param resource of a group of its own, not the core's. */
export const subjectOf = (
  { group, version, kind }: Resource,
  { namespace, name, uid, resourceVersion }: Pick<EventSubject, 'namespace' | 'name' | 'uid' | 'resourceVersion'>,
): EventSubject => ({ apiVersion: `${group}/${version}`, kind, namespace, name, uid, resourceVersion });
