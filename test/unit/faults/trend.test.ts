import { describe, expect, it } from 'vitest';
import { isFlat, trendOf } from '../../faults/trend.ts';

const series = (value: (seconds: number) => number) =>
  Array.from({ length: 300 }, (_, seconds) => ({ seconds, value: value(seconds) }));
const limits = { share: 0.1, noise: 5 };

describe('a trend', () => {
  it('of noise is flat', () => {
    const trend = trendOf(
      series((s) => 100 + ((s * 7919) % 20)),
      60,
    );
    expect(isFlat(trend, limits)).toBe(true);
  });

  it('of a slow leak under noise is not', () => {
    const trend = trendOf(
      series((s) => 100 + s / 10 + ((s * 7919) % 20)),
      60,
    );
    expect(trend.perMinute).toBeCloseTo(6, 0);
    expect(isFlat(trend, limits)).toBe(false);
  });

  it('leaves the warm-up out', () => {
    expect(
      trendOf(
        series((s) => Math.min(s, 60)),
        60,
      ),
    ).toMatchObject({ mean: 60, growth: 0 });
  });
});
