import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { retryAfterOf } from '../../../../src/base/http/http.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
const read = (header: string | undefined) =>
  retryAfterOf({ headers: header === undefined ? {} : { 'retry-after': header } }, now);

describe('Retry-After', () => {
  test.each([
    ['0', 0],
    ['7', 7_000],
    ['  7\t', 7_000],
    ['007', 7_000],
    ['1.5', 1_500],
    ['31536000', 31_536_000_000],
  ])('seconds: %j is %d ms', (header, ms) => {
    expect(read(header)).toBe(ms);
  });

  test.each([
    ['the usual date', 'Fri, 02 Jan 2026 03:04:35 GMT', 30_000],
    ['the date of RFC 850', 'Friday, 02-Jan-26 03:04:35 GMT', 30_000],
    ['the date of asctime, which names no zone', 'Fri Jan  2 03:04:35 2026', 30_000],
    ['lower case', 'fri, 02 jan 2026 03:04:35 gmt', 30_000],
    ['an offset', 'Fri, 02 Jan 2026 04:04:35 +0100', 30_000],
    ['ISO 8601', '2026-01-02T03:04:35Z', 30_000],
    ['ISO 8601 without a zone', '2026-01-02T03:04:35', 30_000],
    ['a date that is over', 'Thu, 01 Jan 2026 00:00:00 GMT', 0],
  ])('%s is a wait', (_, header, ms) => {
    expect(read(header)).toBe(ms);
  });

  test.each([
    undefined,
    '',
    '   ',
    'soon',
    'in 5 minutes',
    '-5',
    '5s',
    '1e9',
    '0x10',
    '1,5',
    '2026-01-02',
    'Fri, 99 Jan 2026 03:04:35 GMT',
    'Infinity',
    'NaN',
    '{"seconds":5}',
  ])('nonsense is not a wait: %j', (header) => {
    expect(read(header)).toBeUndefined();
  });

  test('a number of any length is read immediately and is no NaN: the cap is for the caller to set', () => {
    expect(read('9'.repeat(10_000))).toBe(Number.POSITIVE_INFINITY);
  });

  test.each(['Fri Jan  2 03:04:35 2026', '2026-01-02T03:04:35'])(
    'a date without a zone is not of the zone of this machine: %s',
    (header) => {
      vi.stubEnv('TZ', 'America/New_York');
      onTestFinished(() => void vi.unstubAllEnvs());
      expect(new Date(now).getTimezoneOffset()).toBe(300);
      expect(read(header)).toBe(30_000);
    },
  );
});
