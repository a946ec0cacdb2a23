/** What runs while this process leads, as values: a further controller is one more in a list. */

/** Works until the signal is aborted; resolves once nothing of it is in flight any more. */
export interface Loop {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

export interface Controller extends Loop {
  /** No further key is accepted; those in flight go on. */
  shutDown(): void;
}

/**
 * Resolves when all of them have. Where one fails, the others are stopped, and waited for all the same: what comes next, such as the release of the lease,
 * must find nothing at work.
 * @throws what the first one threw.
 */
export async function runAll(loops: readonly Loop[], signal: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  const run = async (loop: Loop): Promise<void> => {
    try {
      await loop.run(until);
    } catch (error) {
      failed.abort(error);
    }
  };
  await Promise.all(loops.map(run));
  failed.signal.throwIfAborted();
}
