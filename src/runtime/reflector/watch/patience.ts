/**
 * How long a watch may be silent before the server is asked whether there was something to say. A server that sends bookmarks sends one a minute while its version
 * moves (kube-apiserver's cacher). Every server is taken for one of these until a watch had to be given up that was silent while the version moved; after that the wait is doubled each time,
 * so that a server without bookmarks costs few watches. Once a bookmark came, the server is known to send them, and the wait stays short.
 */
import { maxWatchS } from './call.ts';

const heartbeatMs = 90_000;
const maxMs = maxWatchS * 1_000;

export class Patience {
  #withoutBookmarksMs = heartbeatMs;
  #sendsBookmarks = false;

  get ms(): number {
    return this.#sendsBookmarks ? heartbeatMs : this.#withoutBookmarksMs;
  }

  /** A bookmark came. */
  hadBookmark(): void {
    this.#sendsBookmarks = true;
  }

  /** A watch was given up that had been silent while the server's version moved. */
  ranOut(): void {
    this.#withoutBookmarksMs = Math.min(2 * this.#withoutBookmarksMs, maxMs);
  }
}
