/** Waiting for a condition, as demo and tests do it: asked again and again until it holds, with a deadline and a word on what was seen last. */

export interface UntilOptions {
  readonly withinMs?: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

/** @throws Error naming what was waited for, and what was seen last, when the time is over; the signal's reason when it is aborted. */
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  holds: (seen: T) => boolean,
  { withinMs = 20_000, everyMs = 50, signal }: UntilOptions = {},
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    signal?.throwIfAborted();
    const seen = await look();
    if (holds(seen)) return seen;
    if (performance.now() > end) {
      throw new Error(
        `Waited ${withinMs / 1000} s for this: ${what}. Seen last: ${JSON.stringify(seen)?.slice(0, 2_000)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
