/** Whether a series of measurements grows: the line of least squares through what came after the warm-up. */

export interface Sample {
  readonly seconds: number;
  readonly value: number;
}

export interface Trend {
  readonly mean: number;
  readonly max: number;
  /** By how much the line rises from its first sample to its last. */
  readonly growth: number;
  readonly perMinute: number;
}

/** @param warmUpSeconds is left out: caches, pools and the JIT fill. */
export function trendOf(samples: readonly Sample[], warmUpSeconds: number): Trend {
  const kept = samples.filter(({ seconds }) => seconds >= warmUpSeconds);
  const count = Math.max(1, kept.length);
  const meanOf = (of: (sample: Sample) => number) => kept.reduce((sum, each) => sum + of(each), 0) / count;
  const mean = meanOf(({ value }) => value);
  const middle = meanOf(({ seconds }) => seconds);
  const spread = kept.reduce((sum, { seconds }) => sum + (seconds - middle) ** 2, 0);
  const slope =
    spread === 0 ? 0 : kept.reduce((sum, { seconds, value }) => sum + (seconds - middle) * (value - mean), 0) / spread;
  const span = (kept.at(-1)?.seconds ?? 0) - (kept[0]?.seconds ?? 0);
  return { mean, max: Math.max(0, ...kept.map(({ value }) => value)), growth: slope * span, perMinute: slope * 60 };
}

/** Flat: the line rises by no more than a share of the mean, or by no more than what is noise in any case. */
export const isFlat = ({ growth, mean }: Trend, { share, noise }: { share: number; noise: number }): boolean =>
  growth <= Math.max(mean * share, noise);
