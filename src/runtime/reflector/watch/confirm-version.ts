/**
 * Whether a watch that was opened again from an old version can be trusted. An API server whose etcd was restored from a backup accepts a version of its own future, and
 * then reports nothing until it has caught up. So a watch that has brought nothing yet is confirmed by the version of a list of one object; one that is silent
 * for long is judged by it.
 */
import type { Clock } from '../../../base/clock.ts';
import type { KubernetesReader } from '../../../kubernetes/calls/client.ts';
import { metaOf } from '../list/object-meta.ts';
import { invalidResponse, versionAhead } from '../recovery/failure.ts';
import { isOlder } from './resource-version.ts';

/** Where lists and watches are asked for. */
export interface Place {
  readonly client: KubernetesReader;
  readonly path: string;
  /** Selectors. */
  readonly query: Readonly<Record<string, string>>;
}

export interface ConfirmOptions extends Place {
  readonly clock: Clock;
  /** The version the watch was opened from. */
  readonly resourceVersion: string;
  /** Whether the watch has shown by itself that it works. */
  readonly isConfirmed: () => boolean;
}

/** The version of the server now, by a list of one object. @throws KubernetesError; the signal's reason. */
async function currentVersion({ client, path, query }: Place, signal: AbortSignal): Promise<string> {
  const page = await client.request({ method: 'GET', path, query: { ...query, limit: '1' } }, signal);
  const { resourceVersion } = metaOf(page);
  if (resourceVersion === undefined) throw invalidResponse('the API server sent a list without a resource version');
  return resourceVersion;
}

/** `unknown`: the server did not say. */
export type VersionSince = 'same' | 'moved' | 'unknown';

/**
 * Whether a watch that brought nothing for long had something to bring. A server that sends bookmarks sends none while its version stands still; where it moved,
 * the watch is dead, and opening it again from its version costs little. Never rejects.
 * @param seen the version that the watch saw last.
 */
export function versionSince(place: Place, seen: string, stream: AbortSignal): Promise<VersionSince> {
  return currentVersion(place, stream).then(
    (version) => (version === seen ? 'same' : 'moved'),
    () => 'unknown',
  );
}

/** What happens after the version was out of reach may be reported in this time, and then no list is needed. */
const confirmAfterMs = 5_000;
/** Between two tries, where the list fails. */
const againMs = 30_000;

/**
 * Resolves once the watch is confirmed, by itself or by a list; tries for as long as that fails and `stream` is not aborted.
 * @throws KubernetesError `VersionAhead` where the server is behind the version; the signal's reason.
 */
export async function confirmVersion(options: ConfirmOptions, stream: AbortSignal): Promise<void> {
  const { client, clock, path, query, resourceVersion, isConfirmed } = options;
  for (let waitMs = confirmAfterMs; ; waitMs = againMs) {
    await clock.sleep(waitMs, stream);
    if (isConfirmed()) return;
    let current: string;
    try {
      current = await currentVersion({ client, path, query }, stream);
    } catch {
      stream.throwIfAborted();
      continue;
    }
    if (isOlder(current, resourceVersion)) throw versionAhead();
    return;
  }
}
