/** How a watch is asked for. */
import type { Random } from '../../base/clock.ts';
import type { WatchCall } from '../../kubernetes/calls/client.ts';

/** The server is asked to end each watch after a random time between these, so that watches do not all end together. */
const shortestWatchS = 300;
const longestWatchS = 600;
/** How much longer than that a watch may be silent: a server that sends no bookmarks may have nothing to say until the end. */
const marginMs = 5_000;

export function watchCall(path: string, query: Readonly<Record<string, string>>, random: Random): WatchCall {
  const seconds = Math.floor(shortestWatchS + random() * (longestWatchS - shortestWatchS));
  return {
    path,
    query: { ...query, watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(seconds) },
    idleTimeoutMs: seconds * 1000 + marginMs,
  };
}
