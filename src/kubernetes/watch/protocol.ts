/** One line of a watch, read: by hand, since it runs for each event of the fleet. What the object is, whoever takes it finds out. */
import type { WatchEvent } from '../calls/client.ts';
import { KubernetesError } from '../calls/errors.ts';

/** @param what the call, for the error. @throws KubernetesError where the line is not a watch event. */
export function parseWatchEvent(line: string, what: string): WatchEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw new KubernetesError(`${what}: a line of the stream is not JSON`, { reason: 'InvalidAnswer' });
  }
  if (isWatchEvent(event)) return event;
  throw new KubernetesError(`${what}: a line of the stream is not a watch event`, { reason: 'InvalidAnswer' });
}

function isWatchEvent(event: unknown): event is WatchEvent {
  if (typeof event !== 'object' || event === null || !('type' in event) || !('object' in event)) return false;
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
    case 'ERROR':
      return typeof event.object === 'object' && event.object !== null;
    default:
      return false;
  }
}
