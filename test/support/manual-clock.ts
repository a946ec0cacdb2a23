/**
 * Time that moves only when a test says so. Timers fire in the order they are due (those due together in the order they were set),
 * and after each one every promise that can settle does, so that what a timer sets off is done before the next one fires.
 */
import type { Clock, Timer } from '../../src/base/clock.ts';

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

export class ManualClock implements Clock {
  #now = 0;
  #wall: number;
  #order = 0;
  readonly #pending = new Set<Pending>();

  /** @param wall the time of day at the start, as people write it. */
  constructor(wall = '2026-01-02T03:04:05.000Z') {
    this.#wall = Date.parse(wall);
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#wall + this.#now;
  }

  /** Moves the time of day, and nothing else: no timer fires, `now` stays. */
  jumpWall(ms: number): void {
    this.#wall += ms;
  }

  /** The whole process is paused: time passes, and no timer has fired yet when it wakes up. */
  pause(ms: number): void {
    this.#now += ms;
  }

  after(ms: number, fn: () => void): Timer {
    const timer: Pending = { at: this.#now + Math.max(0, ms), order: this.#order++, fn };
    this.#pending.add(timer);
    return { cancel: () => this.#pending.delete(timer) };
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const abort = () => {
        timer.cancel();
        reject(signal.reason);
      };
      const timer = this.after(ms, () => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** How many timers are set; 0 proves that nothing was left behind. */
  get timers(): number {
    return this.#pending.size;
  }

  /** Milliseconds until the next timer, `undefined` when none is set. */
  get nextIn(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.at - this.#now;
  }

  /** Lets `ms` pass. A timer set on the way fires too, when it is due in time. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let next = this.#next(); next !== undefined && next.at <= until; next = this.#next()) {
      this.#now = Math.max(this.#now, next.at);
      this.#pending.delete(next);
      next.fn();
      await settle();
    }
    this.#now = until;
    await settle();
  }

  /** Lets `ms` pass in one jump: what was due meanwhile fires late and all together, as after a stalled event loop. */
  async stall(ms: number): Promise<void> {
    this.#now += ms;
    await this.advance(0);
  }

  /** Lets time pass timer by timer until the condition holds, at most `limitMs` of it. */
  async until(condition: () => boolean, limitMs = 3_600_000): Promise<void> {
    const limit = this.#now + limitMs;
    await settle();
    while (!condition()) {
      const wait = this.nextIn;
      if (wait === undefined || this.#now + wait > limit) {
        throw new Error(`the condition did not come true within ${limitMs} ms of manual time`);
      }
      await this.advance(wait);
    }
  }

  #next(): Pending | undefined {
    let first: Pending | undefined;
    for (const timer of this.#pending) {
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    }
    return first;
  }
}

/** Every promise that can settle without a timer or the network has settled. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
