/** The few statistics that a bench may report of its samples: order statistics, never means, because one disturbed run must not move them. */

/** The value below which a share `p` (0 to 1) of the samples lies, by linear interpolation between neighbours. NaN of nothing. */
export function quantile(samples: readonly number[], p: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const place = (sorted.length - 1) * Math.min(1, Math.max(0, p));
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export const spreadOf = (samples: readonly number[]): Spread => ({
  min: quantile(samples, 0),
  median: median(samples),
  max: quantile(samples, 1),
});

/**
 * Ratios of runs that followed each other (A B A B …): the first of A by the first of B, and so on. What disturbs the machine for a while disturbs
 * both of a pair, so a ratio shows more than two medians do. Runs without a partner are left out.
 */
export const pairedRatios = (a: readonly number[], b: readonly number[]): number[] =>
  a.slice(0, b.length).flatMap((value, i) => {
    const other = b[i];
    return other === undefined || other === 0 ? [] : [value / other];
  });

/** The least-squares line through points: what the first of something costs, and each further one. Undefined for fewer than two different x. */
export function line(points: readonly (readonly [x: number, y: number])[]): { at0: number; slope: number } | undefined {
  const n = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  if (n < 2 || variance === 0) return undefined;
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / variance;
  return { at0: meanY - slope * meanX, slope };
}
