/** Turns to list: the reflectors of a process do not all list at the same time, because what is listed is held twice for a moment. */
import type { Clock } from '../../../base/clock.ts';
import type { Semaphore } from '../../../base/concurrency/semaphore.ts';

/** A list that takes longer goes on beside the next one: one that hangs must not keep the others from listing. */
const maxTurnMs = 5_000;

/** Waits for a turn. @returns what ends it; it ends by itself, too. @throws the signal's reason once it is aborted. */
export async function takeTurn(lists: Semaphore | undefined, clock: Clock, signal: AbortSignal): Promise<() => void> {
  if (lists === undefined) return () => {};
  const end = await lists.acquire(signal);
  const timer = clock.after(maxTurnMs, end);
  return () => {
    timer.cancel();
    end();
  };
}
