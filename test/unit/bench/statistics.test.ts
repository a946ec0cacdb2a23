import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { line, median, pairedRatios, quantile, spreadOf } from '../../../bench/statistics.ts';

const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });

describe('quantiles', () => {
  it('takes the middle one of an odd number of samples, and the mean of the middle two of an even one', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('lies between neighbours, by how far it is from each', () => {
    expect(quantile([0, 10], 0.25)).toBe(2.5);
    expect(quantile([10, 20, 30, 40, 50], 0.99)).toBeCloseTo(49.6);
  });

  it('leaves the samples in the order in which they were', () => {
    const samples = [3, 1, 2];
    spreadOf(samples);
    expect(samples).toEqual([3, 1, 2]);
  });

  it('is no number where there are no samples', () => {
    expect(median([])).toBeNaN();
  });

  it('never leaves the range of the samples and never falls as the share grows', () => {
    fc.assert(
      fc.property(
        numbers,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (samples, a, b) => {
          const [low, high] = [quantile(samples, Math.min(a, b)), quantile(samples, Math.max(a, b))];
          expect(low).toBeGreaterThanOrEqual(Math.min(...samples));
          expect(high).toBeLessThanOrEqual(Math.max(...samples));
          expect(low).toBeLessThanOrEqual(high + 1e-9);
        },
      ),
    );
  });
});

describe('paired ratios', () => {
  it('holds each run against the one that followed it', () => {
    expect(pairedRatios([1, 9, 4], [2, 3, 4])).toEqual([0.5, 3, 1]);
  });

  it('leaves out a run without a partner, and one whose partner is zero', () => {
    expect(pairedRatios([1, 2, 3], [2])).toEqual([0.5]);
    expect(pairedRatios([1, 2], [0, 4])).toEqual([0.5]);
  });
});

describe('the line through points', () => {
  it('finds what each further object costs, and what is there without any', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 0, max: 1000 }), (slope, at0) => {
        const found = line([1_000, 10_000, 50_000].map((x) => [x, at0 + slope * x] as const));
        expect(found?.slope).toBeCloseTo(slope, 6);
        expect(found?.at0).toBeCloseTo(at0, 2);
      }),
    );
  });

  it('is none through one point, or through points above each other', () => {
    expect(line([[1, 1]])).toBeUndefined();
    expect(
      line([
        [1, 1],
        [1, 2],
      ]),
    ).toBeUndefined();
  });
});
