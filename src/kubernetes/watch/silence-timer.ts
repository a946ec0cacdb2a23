/**
 * Notices that a stream says nothing any more. A byte only notes the time, so a busy stream pays for no timer; the one timer
 * checks, and sets itself again for what is left.
 */
import type { Clock, Timer } from '../../base/clock.ts';

export class SilenceTimer {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #onSilence: () => void;
  #lastActivity: number;
  #timer: Timer;

  /** Listens from the start. */
  constructor(clock: Clock, ms: number, onSilence: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#onSilence = onSilence;
    this.#lastActivity = clock.now();
    this.#timer = clock.after(ms, () => this.#check());
  }

  active(): void {
    this.#lastActivity = this.#clock.now();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #check(): void {
    const left = this.#lastActivity + this.#ms - this.#clock.now();
    if (left <= 0) this.#onSilence();
    else this.#timer = this.#clock.after(left, () => this.#check());
  }
}
