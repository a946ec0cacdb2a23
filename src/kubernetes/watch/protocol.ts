/**
 * The watch protocol at its boundary: one line of a watch becomes one typed event. By hand, since it runs for each event of the fleet.
 *
 * Nothing that a user can write is read as protocol: what an event is follows from its `type` alone, and the annotation that ends a streaming list
 * counts on bookmarks, which only the server makes. What an object is, its reader finds out; its integers are exact up to int64.
 */
import { parseExactJson } from '../../base/exact-json.ts';
import { KubernetesError } from '../calls/errors.ts';

export type WatchEvent =
  | { readonly kind: 'added' | 'modified' | 'deleted'; readonly object: object }
  /** How far the server has come. `endsInitial`: all objects of a streaming list have been sent. */
  | { readonly kind: 'bookmark'; readonly resourceVersion: string; readonly endsInitial: boolean }
  /** The server ends the watch, and says why. */
  | { readonly kind: 'error'; readonly error: KubernetesError };

/** @param what the call, for the error. @throws KubernetesError where the line is not a watch event. */
export function parseWatchEvent(line: string, what: string): WatchEvent {
  let event: unknown;
  try {
    event = parseExactJson(line);
  } catch {
    throw invalid(`${what}: a line of the stream is not JSON`);
  }
  if (typeof event === 'object' && event !== null && 'type' in event && 'object' in event) {
    const { type, object } = event;
    if (typeof object === 'object' && object !== null) {
      switch (type) {
        case 'ADDED':
          return { kind: 'added', object };
        case 'MODIFIED':
          return { kind: 'modified', object };
        case 'DELETED':
          return { kind: 'deleted', object };
        case 'BOOKMARK':
          return bookmarkOf(object, what);
        case 'ERROR':
          return { kind: 'error', error: errorOf(object, what) };
      }
    }
  }
  throw invalid(`${what}: a line of the stream is not a watch event`);
}

const invalid = (message: string): KubernetesError => new KubernetesError(message, { reason: 'InvalidResponse' });

function bookmarkOf(object: object, what: string): WatchEvent {
  const metadata = fieldOf(object, 'metadata');
  const resourceVersion = fieldOf(metadata, 'resourceVersion');
  if (typeof resourceVersion !== 'string' || resourceVersion === '')
    throw invalid(`${what}: a bookmark of the stream has no resource version`);
  const endsInitial = fieldOf(fieldOf(metadata, 'annotations'), 'k8s.io/initial-events-end') === 'true';
  return { kind: 'bookmark', resourceVersion, endsInitial };
}

/** An ERROR event carries a Status, and is a response of the server whatever that leaves out. */
function errorOf(status: object, what: string): KubernetesError {
  const code = fieldOf(status, 'code');
  const reason = fieldOf(status, 'reason');
  const message = fieldOf(status, 'message');
  const seconds = fieldOf(fieldOf(status, 'details'), 'retryAfterSeconds');
  return new KubernetesError(
    `${what}: ${typeof message === 'string' ? message : 'the API server ended the watch with an error'}`,
    {
      status: typeof code === 'number' && code > 0 ? code : 500,
      reason: typeof reason === 'string' ? reason : '',
      retryAfterMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : undefined,
    },
  );
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}
