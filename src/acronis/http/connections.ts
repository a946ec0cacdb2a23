/**
 * The connections of one account. They are its own, so that calls of another account that hang take none of them; they have a greatest age, and are
 * replaced when the other side failed, so that a name that leads elsewhere by now is asked for again. What is in flight on old ones ends there.
 */
import type { Dispatcher } from 'undici';
import type { Clock } from '../../base/clock.ts';

export interface Connections {
  /** For the next request. */
  current(): Dispatcher;
  /** The other side of these closed one, or could not serve: the next request gets a new one. */
  replace(used: Dispatcher): void;
  /** Resolves once the requests in flight have ended. A request after it opens a connection again. */
  close(): Promise<void>;
}

export interface ConnectionsOptions {
  readonly open: () => Dispatcher;
  readonly clock: Clock;
}

/** Long enough that few requests pay for a handshake, short enough that a drained site is left soon. */
const maxAgeMs = 3 * 60_000;

export function createConnections({ open, clock }: ConnectionsOptions): Connections {
  let pool: { readonly dispatcher: Dispatcher; readonly since: number } | undefined;
  const closing = new Set<Promise<void>>();

  const retire = () => {
    if (pool === undefined) return;
    const closed = pool.dispatcher
      .close()
      .catch(() => {})
      .finally(() => closing.delete(closed));
    closing.add(closed);
    pool = undefined;
  };

  return {
    current() {
      if (pool !== undefined && clock.now() - pool.since >= maxAgeMs) retire();
      pool ??= { dispatcher: open(), since: clock.now() };
      return pool.dispatcher;
    },
    replace(used) {
      // Requests in flight together fail together: that is one reason, not eight.
      if (pool?.dispatcher === used) retire();
    },
    async close() {
      retire();
      await Promise.all(closing);
    },
  };
}
