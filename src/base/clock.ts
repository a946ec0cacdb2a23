/**
 * Time, as everything here sees it. Nothing else in `src` reads a clock, sets a timer or asks for randomness of its own,
 * so that a test can own all three. It is the one module that every layer may import.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** What can be taken back before it fires. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds that only grow; for measuring and for deadlines. Says nothing about the time of day. */
  now(): number;
  /** The time of day, in milliseconds since 1970; for what people and servers read. It may jump. */
  wall(): number;
  /** Calls `fn` once after `ms` milliseconds. The timer keeps the process alive. */
  after(ms: number, fn: () => void): Timer;
  /** Resolves after `ms` milliseconds. Rejects with the signal's reason once it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** A number in [0, 1). `Math.random` in production, a seeded generator in tests. */
export type Random = () => number;

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return { cancel: () => clearTimeout(timer) };
  },
  async sleep(ms, signal) {
    signal.throwIfAborted();
    try {
      await sleep(ms, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};
