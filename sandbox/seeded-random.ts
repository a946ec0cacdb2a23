/** Randomness that can be repeated: the same seed gives the same people, faults and jitter. Not for real secrets. */
import type { Random } from '../src/base/clock.ts';

/** Mulberry32: small, fast, and good enough for made-up people. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
