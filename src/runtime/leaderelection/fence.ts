/**
 * What stands between a process that has lost its lease without knowing and the servers it writes to. A process that was paused (a stopped container, a stalled node) wakes up
 * with responses waiting in its sockets and calls waiting for a connection, and would go on from them before the timer that ends it fires; so the clock is asked as the
 * bytes of each call leave, after all that it waited for. It cannot help against a pause between this and the network: for that each PUT carries the revision it was made for.
 */
import { type Hold, LeaseLost } from './elector.ts';

export interface Fence {
  /** Opens with a lease, and shuts for good once that is no longer held. Without one it is open. */
  guard(holds: Hold): void;
  /** For the `beforeSend` of a call. @throws LeaseLost once the fence is shut. */
  readonly check: () => void;
}

/** @param onShut called the first time that a call is held back. */
export function createFence(onShut: (why: LeaseLost) => void): Fence {
  let holds: Hold = () => true;
  let shut: LeaseLost | undefined;
  return {
    guard(given) {
      holds = given;
    },
    check() {
      if (shut === undefined && holds()) return;
      if (shut === undefined) {
        shut = new LeaseLost('the process stalled for longer than it may hold the lease without renewing it');
        onShut(shut);
      }
      throw shut;
    },
  };
}
