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

/** Resolves when all of them have. */
export const runAll = async (loops: readonly Loop[], signal: AbortSignal): Promise<void> => {
  await Promise.all(loops.map((loop) => loop.run(signal)));
};
