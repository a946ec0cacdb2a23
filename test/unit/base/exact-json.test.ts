import fc from 'fast-check';
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

  test.each(['9007199254740993', '1234567890123456789'])('%s keeps every digit at any place of a text', (digits) => {
    for (let before = 0; before < 50; before++)
      for (const after of ['', ' '.repeat(40)])
        expect(parseExactJson(`{"${'x'.repeat(before)}":${digits}${after}}`)).toEqual({
          ['x'.repeat(before)]: BigInt(digits),
        });
  });

  test('an integer keeps its digits wherever it stands, among ids and shorter numbers', () => {
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const item = fc.oneof(int64, fc.stringMatching(/^[0-9a-f-]{0,40}$/), fc.integer());
    fc.assert(
      fc.property(fc.array(item), (items) => {
        const exact = items.map((each) =>
          typeof each === 'bigint' && Number.isSafeInteger(Number(each)) ? Number(each) : each,
        );
        expect(parseExactJson(stringifyExact(items))).toEqual(exact);
      }),
    );
  });

  test('what cannot be written is refused, with a bigint and without', () => {
    const circle: Record<string, unknown> = {};
    circle['itself'] = circle;
    expect(() => stringifyExact(circle)).toThrow(TypeError);
    expect(() => stringifyExact([2n, circle])).toThrow(TypeError);
  });

  test('what is not JSON is refused, with long integers and without', () => {
    expect(() => parseExactJson('<html>')).toThrow(SyntaxError);
    expect(() => parseExactJson('{"a":9007199254740993')).toThrow(SyntaxError);
  });
});
