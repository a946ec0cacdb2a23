/**
 * Durations as people write them in settings, and as Go's time.ParseDuration reads them: `30s`, `10m`, `1h30m`, `1.5h`, `250ms`, `0`.
 * They are added up in whole nanoseconds, so that the chart's template, which does the same, decides the same at each bound.
 */
const nanoseconds: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9, m: 60e9, h: 3_600e9 };

/** Understood alike by JavaScript and by Go. */
export const durationPattern = '^(0|([0-9]{1,9}(\\.[0-9]{1,6})?(ms|s|m|h))+)$';

/** Milliseconds, or undefined where the text is not a duration. A number without a unit is not one, except 0. */
export function parseDuration(text: string): number | undefined {
  if (!new RegExp(durationPattern).test(text)) return undefined;
  let total = 0;
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(/([0-9]+)(?:\.([0-9]+))?(ms|s|m|h)/g)) {
    const each = nanoseconds[unit] ?? Number.NaN;
    total += Number(whole) * each + (Number(fraction.padEnd(6, '0')) * each) / 1e6;
  }
  return total / 1e6;
}
