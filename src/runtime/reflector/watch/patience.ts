/**
 * How long a watch may be silent before the server is asked whether there was something to say. A server that sends bookmarks sends one a minute while its version
 * moves (kube-apiserver's cacher), and every server is taken for one of them until a watch that was given up for its silence suggests another: then it is waited twice as
 * long, so that a server without bookmarks costs few watches, and one that has them, behind a proxy that swallowed a stream, is not left unheard for long.
 */
const heartbeatMs = 90_000;
/** No watch is asked for longer (`watchCall`). */
const longestMs = 600_000;

export class Patience {
  #ms = heartbeatMs;

  get ms(): number {
    return this.#ms;
  }

  /** A bookmark came: the server sends them. */
  hadBookmark(): void {
    this.#ms = heartbeatMs;
  }

  /** A watch was given up for its silence. */
  ranOut(): void {
    this.#ms = Math.min(2 * this.#ms, longestMs);
  }
}
