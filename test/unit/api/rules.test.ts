import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { brokenTransition, celKey, type TransitionRule, withRules } from '../../../src/api/rules.ts';

const even = { cel: 'self % 2 == 0', message: 'write an even number', holds: (n: number) => n % 2 === 0 };
const grows: TransitionRule<number> = {
  cel: 'self > oldSelf',
  message: 'write a larger number',
  holds: (a, b) => a > b,
};

describe('a rule', () => {
  test('is judged by zod, with its sentence', () => {
    const schema = withRules(z.number(), [even]);
    expect(schema.safeParse(4).success).toBe(true);
    expect(schema.safeParse(3).error?.issues).toMatchObject([{ message: 'write an even number', path: [] }]);
  });

  test('names the field that it speaks of', () => {
    const rule = { ...even, fieldPath: '.count', holds: (value: { count: number }) => even.holds(value.count) };
    const schema = withRules(z.object({ count: z.number() }), [rule]);
    expect(schema.safeParse({ count: 3 }).error?.issues).toMatchObject([{ path: ['count'] }]);
    expect(schema.meta()?.[celKey]).toEqual([{ rule: even.cel, message: even.message, fieldPath: '.count' }]);
  });

  test('is asked only where the type is right', () => {
    const schema = withRules(z.number(), [
      {
        ...even,
        holds: () => {
          throw new Error('asked');
        },
      },
    ]);
    expect(schema.safeParse('x').success).toBe(false);
  });

  test('stands beside what the schema said of itself, for the CRD', () => {
    const schema = withRules(z.number().meta({ format: 'int32' }), [even], [grows]);
    expect(schema.meta()).toEqual({
      format: 'int32',
      [celKey]: [
        { rule: 'self % 2 == 0', message: 'write an even number' },
        { rule: 'self > oldSelf', message: 'write a larger number' },
      ],
    });
  });
});

describe('a rule about a change', () => {
  test('is not asked of a value alone', () => {
    expect(withRules(z.number(), [], [grows]).safeParse(1).success).toBe(true);
  });

  test('says the first sentence that is broken, or nothing', () => {
    const rules = [grows, { ...grows, message: 'the second' }];
    expect(brokenTransition(rules, 2, 1)).toBeUndefined();
    expect(brokenTransition(rules, 1, 2)).toBe('write a larger number');
  });
});
