/** Waiting that ends: with the value, with a time-out's error, or with the signal's reason, whichever comes first. */
import type { Clock } from './clock.ts';

export function before<T>(
  promise: Promise<T>,
  ms: number,
  late: () => Error,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => settle(() => reject(signal.reason));
    const timer = clock.after(Math.max(0, ms), () => settle(() => reject(late())));
    const settle = (outcome: () => void) => {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
      outcome();
    };
    signal.addEventListener('abort', onAbort);
    promise.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    );
    if (signal.aborted) onAbort();
  });
}
