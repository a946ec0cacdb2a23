/** A pace with some slack: `burst` at once, then `perSecond`. Nobody waits inside; each caller is told how long its turn is away. */
export class RetryPace {
  readonly #intervalMs: number;
  readonly #slackMs: number;
  /** When the tokens handed out so far will have been earned. */
  #earnedAt = Number.NEGATIVE_INFINITY;

  constructor(pace: { readonly perSecond: number; readonly burst: number }) {
    this.#intervalMs = 1000 / pace.perSecond;
    this.#slackMs = pace.burst * this.#intervalMs;
  }

  /** Takes a token and tells in how many milliseconds it may be used (0 = now). */
  reserve(now: number): number {
    this.#earnedAt = Math.max(this.#earnedAt, now) + this.#intervalMs;
    return Math.max(0, this.#earnedAt - now - this.#slackMs);
  }
}
