import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseDuration } from '../../../src/base/duration.ts';

it.each([
  ['0', 0],
  ['0s', 0],
  ['250ms', 250],
  ['30s', 30_000],
  ['10m', 600_000],
  ['1h', 3_600_000],
  ['1h30m', 5_400_000],
  ['1m500ms', 60_500],
  ['168h', 604_800_000],
  ['05m', 300_000],
  ['1.5h', 5_400_000],
  ['0.1s0.2s', 300],
  ['1.000001s', 1_000.001],
])('%s is %s ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

it.each([
  '',
  ' ',
  '30',
  '-1s',
  '+1s',
  '1.h',
  '.5h',
  '1.1234567s',
  '0.0',
  '1 h',
  '1h ',
  'h',
  '1d',
  '1H',
  '5mss',
  'PT1H',
  '1e3s',
  '99999999999999999h',
  '1h,30m',
  '00',
  '１s',
])('%j is not a duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

it('any sum of parts is what it says', () => {
  const part = fc.nat({ max: 10_000 });
  fc.assert(
    fc.property(part, part, part, part, (h, m, s, ms) => {
      expect(parseDuration(`${h}h${m}m${s}s${ms}ms`)).toBe(((h * 60 + m) * 60 + s) * 1000 + ms);
    }),
  );
});
