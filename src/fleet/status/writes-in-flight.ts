/**
 * How many statuses of each account are being written. An account that has as many in flight as there are connections is bound by the API server: more of its
 * objects reconciled concurrently would only wait for one another, and what they hold meanwhile becomes old and dear to collect. They wait in the queue instead, where they hold nothing.
 */
import { connections } from '../../kubernetes/connection/lanes.ts';

export interface WritesInFlight {
  /** A status of this key is being written, until what it returns is called. */
  begin(key: string): () => void;
  /** How many keys of the flow may be in flight just now. */
  roomOf(flow: string): number;
}

/** Enough to take all connections. */
const boundFrom = connections.bulk;
/** Twice as many, so that while half of them are being written the other half is read and assigned. */
const roomWhileBound = 2 * boundFrom;

/** @param flowOf the account that a key belongs to: see `flows.ts`. */
export function createWritesInFlight(flowOf: (key: string) => string): WritesInFlight {
  const counts = new Map<string, number>();
  return {
    begin(key) {
      const flow = flowOf(key);
      counts.set(flow, (counts.get(flow) ?? 0) + 1);
      return () => {
        const left = (counts.get(flow) ?? 0) - 1;
        if (left > 0) counts.set(flow, left);
        else counts.delete(flow);
      };
    },
    roomOf: (flow) => ((counts.get(flow) ?? 0) < boundFrom ? Number.POSITIVE_INFINITY : roomWhileBound),
  };
}
