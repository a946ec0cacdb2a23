/**
 * How long a watch may be silent before the server is asked whether there was something to say. A server that sends bookmarks sends one a minute while its version
 * moves (kube-apiserver's cacher). Every server is taken for one of these until a watch had to be given up for its silence; after that the wait is doubled each time,
 * so that a server without bookmarks costs few watches. Once a bookmark came, the server is known to send them, and the wait stays short.
 */
const heartbeatMs = 90_000;
/** No watch is asked for longer (`watchCall`). */
const longestMs = 600_000;

export class Patience {
  #ms = heartbeatMs;
  #sendsBookmarks = false;

  get ms(): number {
    return this.#ms;
  }

  /** A bookmark came: the server sends them. */
  hadBookmark(): void {
    this.#sendsBookmarks = true;
    this.#ms = heartbeatMs;
  }

  /** A watch was given up for its silence. */
  ranOut(): void {
    if (!this.#sendsBookmarks) this.#ms = Math.min(2 * this.#ms, longestMs);
  }
}
