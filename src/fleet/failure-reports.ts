/**
 * How fast failures are written to the API server: one at a time for each flow. An account that stops responding fails for all of its objects in the
 * same moment; that they say so is not urgent, and must not fill the API server's time while another account's objects become Ready.
 */
import { Semaphore } from '../base/concurrency/semaphore.ts';

export interface FailureReports {
  /**
   * Waits until a failure of this key may be written. Calling what it resolves to ends the turn.
   * @throws the signal's reason once it is aborted.
   */
  turn(key: string, signal: AbortSignal): Promise<() => void>;
}

export function createFailureReports(flowOf: (key: string) => string): FailureReports {
  const flows = new Map<string, { readonly turns: Semaphore; users: number }>();
  return {
    async turn(key, signal) {
      const name = flowOf(key);
      const flow = flows.get(name) ?? { turns: new Semaphore(1), users: 0 };
      flows.set(name, flow);
      flow.users += 1;
      const leave = () => {
        if (--flow.users === 0) flows.delete(name);
      };
      try {
        const end = await flow.turns.acquire(signal);
        return () => {
          end();
          leave();
        };
      } catch (error) {
        leave();
        throw error;
      }
    },
  };
}
