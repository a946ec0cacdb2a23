/**
 * What stands between a process that has lost its lease without knowing and the servers it writes to. A process that was paused (a stopped container, a stalled node) wakes up
 * with responses waiting in its sockets, and would go on from them before the timer that ends it fires; so the clock is asked before each call.
 * It cannot help against a pause between this and the network: for that each PUT carries the revision it was made for.
 */
import { type Hold, LeaseLost } from './elector.ts';

export interface Fence {
  /** Opens with a lease, and shuts for good once that is no longer held. Without one it is open. */
  guard(holds: Hold): void;
  /** The same call, which rejects with LeaseLost in place of being made once the fence is shut. */
  before<A extends readonly unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<R>;
}

/** @param onShut called the first time that a call is held back. */
export function createFence(onShut: (why: LeaseLost) => void): Fence {
  let holds: Hold = () => true;
  let shut: LeaseLost | undefined;
  const mayGo = (): boolean => {
    if (shut !== undefined) return false;
    if (holds()) return true;
    shut = new LeaseLost('the process stalled for longer than it may hold the lease without renewing it');
    onShut(shut);
    return false;
  };
  return {
    guard(given) {
      holds = given;
    },
    before:
      (call) =>
      (...args) =>
        mayGo() ? call(...args) : Promise.reject(shut),
  };
}
