/** How a watch is asked for. */
import type { Random } from '../../../base/clock.ts';
import type { WatchCall } from '../../../kubernetes/calls/client.ts';

/** The server is asked to end each watch after a random time between these, so that watches do not all end together. */
const minWatchS = 300;
export const maxWatchS = 600;
/**
 * How much longer than that a watch may be silent: a server whose version does not move sends no bookmarks either, and may have nothing to report until the end.
 * A peer that is gone is noticed earlier, by TCP keep-alive.
 */
const marginMs = 5_000;

export function watchCall(path: string, query: Readonly<Record<string, string>>, random: Random): WatchCall {
  const seconds = Math.floor(minWatchS + random() * (maxWatchS - minWatchS));
  return {
    path,
    query: { ...query, watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(seconds) },
    idleTimeoutMs: seconds * 1000 + marginMs,
  };
}
