/** A rate limit with some slack: `burst` immediately, then `perSecond`. No caller waits inside; each learns how far off its turn is. */
export interface RetryRate {
  readonly perSecond: number;
  readonly burst: number;
}

export class RetryLimiter {
  readonly #intervalMs: number;
  readonly #slackMs: number;
  /** When the tokens handed out so far will have been earned. */
  #earnedAt = Number.NEGATIVE_INFINITY;

  constructor(rate: RetryRate) {
    this.#intervalMs = 1000 / rate.perSecond;
    this.#slackMs = rate.burst * this.#intervalMs;
  }

  /** Takes a token. @returns in how many milliseconds it may be used (0 = now). */
  reserve(now: number): number {
    this.#earnedAt = Math.max(this.#earnedAt, now) + this.#intervalMs;
    return Math.max(0, this.#earnedAt - now - this.#slackMs);
  }
}
