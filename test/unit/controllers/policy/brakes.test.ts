import { describe, expect, it } from 'vitest';
import { brakeRemovals, hourMs, limitNew, type RemovalFacts } from '../../../../src/controllers/policy/plan/brakes.ts';

const facts: RemovalFacts = {
  due: 0,
  children: 100,
  matched: 95,
  removedLately: 0,
  maxPercent: 10,
  approved: undefined,
};

describe('removals', () => {
  it.each<[string, Partial<RemovalFacts>, ReturnType<typeof brakeRemovals>]>([
    ['none are free', {}, { kind: 'free' }],
    ['as many as the percentage are free', { due: 10 }, { kind: 'free' }],
    ['one more brakes all of them', { due: 11 }, { kind: 'braked', why: 'tooMany' }],
    ['what went within the hour counts with them', { due: 6, removedLately: 5 }, { kind: 'braked', why: 'tooMany' }],
    ['and what went before is part of the whole', { due: 5, children: 95, removedLately: 5 }, { kind: 'free' }],
    ['one of a few is free, though a tenth of three is less', { due: 1, children: 3 }, { kind: 'free' }],
    ['with 0 percent not even one', { due: 1, maxPercent: 0 }, { kind: 'braked', why: 'tooMany' }],
    ['with 100 percent all', { due: 99, maxPercent: 100 }, { kind: 'free' }],
    [
      'none left is braked whatever the percentage',
      { due: 1, matched: 0, maxPercent: 100 },
      { kind: 'braked', why: 'noneLeft' },
    ],
    ['the number that was shown goes', { due: 50, approved: 50 }, { kind: 'approved' }],
    ['also where none is left', { due: 50, matched: 0, approved: 50 }, { kind: 'approved' }],
    ['another number does not', { due: 51, approved: 50 }, { kind: 'braked', why: 'tooMany' }],
    ['nor a larger one', { due: 50, approved: 100 }, { kind: 'braked', why: 'tooMany' }],
  ])('%s', (_, given, expected) => {
    expect(brakeRemovals({ ...facts, ...given })).toEqual(expected);
  });
});

describe('new children', () => {
  const now = 10 * hourMs;
  it('without a limit there is none', () => {
    expect(limitNew({ maxNewPerHour: 0, madeAt: [now], now })).toEqual({ count: Number.POSITIVE_INFINITY, nextMs: 0 });
  });
  it('those of the last hour count, older ones do not', () => {
    expect(limitNew({ maxNewPerHour: 3, madeAt: [now - hourMs, now - 1], now }).count).toBe(2);
  });
  it('the next one comes when the oldest of the hour is an hour old', () => {
    const madeAt = [now - 10, now - 40 * 60_000, now - 50 * 60_000];
    expect(limitNew({ maxNewPerHour: 3, madeAt, now })).toEqual({ count: 0, nextMs: 10 * 60_000 });
    expect(limitNew({ maxNewPerHour: 2, madeAt, now })).toEqual({ count: 0, nextMs: 20 * 60_000 });
  });
  it('a server whose clock is ahead does not stop them for longer than an hour', () => {
    expect(limitNew({ maxNewPerHour: 1, madeAt: [now + 5 * hourMs], now })).toEqual({ count: 0, nextMs: hourMs });
  });
});
