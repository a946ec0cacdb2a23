import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BackoffPolicy, delayMs } from '../../../src/base/backoff.ts';
import { RetryLimiter } from '../../../src/runtime/workqueue/retry-limiter.ts';

const policy: BackoffPolicy = { baseMs: 1_000, factor: 2, ceilingMs: 60_000, jitter: 0.5 };

describe('the backoff', () => {
  it('doubles from the base to the ceiling when chance takes nothing away', () => {
    const delays = [0, 1, 2, 3, 5, 6, 7, 100, 5_000].map((attempt) => delayMs(policy, attempt, () => 0));
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
  });

  it('takes its share of the wait away, and no more, when chance takes all it may', () => {
    expect(delayMs(policy, 0, () => 0.999_999)).toBeCloseTo(500, 0);
    expect(delayMs({ ...policy, jitter: 0 }, 3, () => 0.9)).toBe(8_000);
  });

  it('stays within its bounds for every policy and attempt', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 10_000, noNaN: true }),
        fc.double({ min: 1, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(10_000),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (baseMs, factor, jitter, attempt, chance) => {
          const bounded = { baseMs, factor, ceilingMs: 30_000, jitter };
          const delay = delayMs(bounded, attempt, () => chance);
          expect(delay).toBeGreaterThanOrEqual(Math.min(baseMs, 30_000) * (1 - jitter));
          expect(delay).toBeLessThanOrEqual(30_000);
        },
      ),
    );
  });
});

describe('the rate limiter of retries', () => {
  it('lets a burst through immediately, and the rest at its rate', () => {
    const bucket = new RetryLimiter({ perSecond: 10, burst: 3 });
    expect([0, 0, 0, 0, 0].map((now) => bucket.reserve(now))).toEqual([0, 0, 0, 100, 200]);
  });

  it('earns its burst back in quiet times, and not more than that', () => {
    const bucket = new RetryLimiter({ perSecond: 10, burst: 2 });
    bucket.reserve(0);
    bucket.reserve(0);
    expect(bucket.reserve(100)).toBe(0);
    expect([10_000, 10_000, 10_000].map((now) => bucket.reserve(now))).toEqual([0, 0, 100]);
  });
});
