/**
 * How long to wait before trying again: exponential growth, jitter, a ceiling. A pure function of the attempt; who tries keeps the count.
 */
import type { Random } from './clock.ts';

export interface BackoffPolicy {
  /** The first wait, before jitter. */
  readonly baseMs: number;
  /** Each wait is this many times the one before. */
  readonly factor: number;
  /** No wait is ever longer. */
  readonly ceilingMs: number;
  /** The share of each wait that is left to chance: 0 = none, 1 = anything from nothing to the whole wait. */
  readonly jitter: number;
}

/**
 * The wait after `attempt` failures before this one (0 = the first failure). Jitter only ever shortens, so that the ceiling holds,
 * and what failed together does not come back together.
 */
export function delayMs(policy: BackoffPolicy, attempt: number, random: Random): number {
  const full = Math.min(policy.ceilingMs, policy.baseMs * policy.factor ** Math.max(0, attempt));
  return full * (1 - policy.jitter * random());
}
