/**
 * Something that holds for a time, such as what an exec plugin or an identity provider gave: it is asked for again before its end, while the calls (the lease's
 * above all) go on with what is at hand. Only one that has ended is waited for.
 */
import type { Clock } from '../../../base/clock.ts';

export interface Held<T> {
  readonly value: T;
  /** By the time of day, in milliseconds since 1970; Infinity where it has no end. */
  readonly until: number;
}

/** It is asked for again this long before its end, or in the last fifth of its time. */
const maxAheadMs = 60_000;
const aheadShare = 0.2;

export class Renewed<T> {
  readonly #ask: (signal: AbortSignal) => Promise<Held<T>>;
  readonly #clock: Clock;
  #held: (Held<T> & { readonly renewFrom: number }) | undefined;
  #renewal: Promise<T> | undefined;

  constructor(ask: (signal: AbortSignal) => Promise<Held<T>>, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** @throws what asking throws, where nothing is at hand. */
  async get(signal: AbortSignal): Promise<T> {
    const held = this.#held;
    const now = this.#clock.wall();
    if (held === undefined || now >= held.until) return this.#renew(signal);
    // Should it fail, it is asked for again at the next call, and at the end of the time its failure is reported.
    if (now >= held.renewFrom) this.#renew(signal).catch(() => {});
    return held.value;
  }

  #renew(signal: AbortSignal): Promise<T> {
    this.#renewal ??= this.#take(signal).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #take(signal: AbortSignal): Promise<T> {
    const { value, until } = await this.#ask(signal);
    const ahead = Math.min(maxAheadMs, Math.max(0, until - this.#clock.wall()) * aheadShare);
    this.#held = { value, until, renewFrom: until - ahead };
    return value;
  }
}
