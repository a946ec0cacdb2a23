/**
 * How fast failures of a whole account are written to the API server: one at a time, no more than fifty a second, and each followed by a pause nine times as
 * long as it took, half a second at most and less where many wait, so that an API server that is slow, or busy with others, gets fewer. An account that stops responding fails for all of its objects in the same
 * moment; that each says so is not urgent (log and metrics have said it of the account), and must not fill the API server's time while another account's objects
 * become Ready.
 */
import type { Clock } from '../../base/clock.ts';
import { Semaphore } from '../../base/concurrency/semaphore.ts';

export interface FailureReports {
  /**
   * Waits until a failure of this key may be written. Calling what it resolves to ends the turn.
   * @throws the signal's reason once it is aborted.
   */
  turn(key: string, signal: AbortSignal): Promise<() => void>;
}

export interface FailureReportsOptions {
  /** The account that a key belongs to: see `flows.ts`. */
  readonly flowOf: (key: string) => string;
  readonly clock: Clock;
}

/** From the beginning of one turn to the next one's, at least. */
const spacingMs = 20;
/** How long a pause is, by the time that the write before it took. */
const pausePerWrite = 9;
/** At most, however few wait. */
const maxPauseMs = 500;
/** For how long those that wait now are made to wait by pauses, at most: each holds a place of its account, which may be well again, and a reconcile has a deadline. */
const maxWaitMs = 30_000;

export function createFailureReports({ flowOf, clock }: FailureReportsOptions): FailureReports {
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
      let end: () => void;
      try {
        end = await flow.turns.acquire(signal);
      } catch (error) {
        leave();
        throw error;
      }
      const began = clock.now();
      return () => {
        const took = clock.now() - began;
        const pauseMs = Math.min(took * pausePerWrite, maxPauseMs, maxWaitMs / flow.users);
        clock.after(Math.max(spacingMs - took, pauseMs), () => {
          end();
          leave();
        });
      };
    },
  };
}
