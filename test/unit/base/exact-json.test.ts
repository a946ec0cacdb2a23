import { describe, expect, test } from 'vitest';
import { parseExactJson, stringifyExact } from '../../../src/base/exact-json.ts';

describe('integers in JSON', () => {
  test.each([
    ['0', 0],
    ['-1', -1],
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740992', 9_007_199_254_740_992n],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['-9007199254740993', -9_007_199_254_740_993n],
    ['9223372036854775807', 9_223_372_036_854_775_807n],
    ['-9223372036854775808', -9_223_372_036_854_775_808n],
  ])('%s keeps every digit there and back', (digits, value) => {
    expect(parseExactJson(`{"version":${digits}}`)).toEqual({ version: value });
    expect(stringifyExact({ version: value })).toBe(`{"version":${digits}}`);
  });

  test.each(['9223372036854775808', '1e300', '0.12345678901234567890', '3.5', '12345678901234567890.5'])(
    '%s is no integer of 64 bits, and what JSON.parse makes of it',
    (digits) => {
      expect(parseExactJson(`[${digits}]`)).toEqual([Number(digits)]);
    },
  );

  test('digits in a text stay text', () => {
    const text = '{"id":"9007199254740993","b":[true,null]}';
    expect(parseExactJson(text)).toEqual({ id: '9007199254740993', b: [true, null] });
    expect(stringifyExact(parseExactJson(text))).toBe(text);
  });

  test('what is not JSON is refused, with long integers and without', () => {
    expect(() => parseExactJson('<html>')).toThrow(SyntaxError);
    expect(() => parseExactJson('{"a":9007199254740993')).toThrow(SyntaxError);
  });
});
