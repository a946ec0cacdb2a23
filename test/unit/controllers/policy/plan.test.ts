import { describe, expect, it } from 'vitest';
import {
  type Child,
  type Other,
  type Plan,
  type PlanInput,
  plan,
} from '../../../../src/controllers/policy/plan/plan.ts';

const now = Date.parse('2026-01-02T03:04:05Z');

interface Given {
  readonly matched?: readonly string[];
  readonly children?: Readonly<Record<string, Partial<Child>>>;
  readonly others?: Readonly<Record<string, Other>>;
  readonly proved?: readonly string[];
  readonly unjudged?: readonly string[];
  readonly pending?: readonly string[];
  readonly input?: Partial<PlanInput>;
  readonly limits?: Partial<PlanInput['limits']>;
}

function planOf({
  matched = [],
  children = {},
  others = {},
  proved = [],
  unjudged = [],
  pending = [],
  input,
  limits,
}: Given): Plan {
  const all = Object.entries(children).map(([userId, child]): [string, Child] => [
    userId,
    { isCurrent: true, createdAt: now - 2 * 60 * 60_000, isDeleted: false, ...child },
  ]);
  return plan({
    matched: matched.length,
    users: matched,
    isMatched: (id) => matched.includes(id),
    children: new Map(all),
    live: all.filter(([, { isDeleted }]) => !isDeleted).length,
    otherOf: (id) => others[id],
    isProved: (id) => proved.includes(id),
    isUnjudged: (id) => unjudged.includes(id),
    isPending: (id) => pending.includes(id),
    isLetThrough: () => false,
    isAsked: () => false,
    limits: { maxUsers: 10, maxRemovals: 50, maxNewPerHour: 0, ...limits },
    approved: undefined,
    made: [],
    removedAt: [],
    now,
    ...input,
  });
}

const steps = ({ make, update, remove, handOver }: Plan) => ({ make, update, remove, handOver });
const none = { make: [], update: [], remove: [], handOver: [] };

describe('what is owed', () => {
  it.each<[string, Given, Partial<ReturnType<typeof steps>>]>([
    ['a user that matches gets a child', { matched: ['a'] }, { make: ['a'] }],
    ['and no second one', { matched: ['a'], children: { a: {} } }, {}],
    ['nor one while the cache does not show it yet', { matched: ['a'], pending: ['a'] }, {}],
    [
      'nor one while the one that is there is being deleted',
      { matched: ['a'], children: { a: { isDeleted: true } } },
      {},
    ],
    [
      'a child that was edited is put right',
      { matched: ['a'], children: { a: { isCurrent: false } } },
      { update: ['a'] },
    ],
    ['no child is made beside a hand-written object', { matched: ['a'], others: { a: 'handWritten' } }, {}],
    [
      'a child goes when a hand-written object appears, and leaves the type',
      { matched: ['a'], children: { a: {} }, others: { a: 'handWritten' } },
      { handOver: ['a'] },
    ],
    [
      'also a child whose user matches no more',
      { children: { a: {}, b: {} }, matched: ['b'], others: { a: 'handWritten' } },
      { handOver: ['a'] },
    ],
    [
      'a younger policy leaves the user to the older one',
      { matched: ['a'], children: { a: {} }, others: { a: 'olderPolicy' } },
      { handOver: ['a'] },
    ],
    [
      'and keeps its child, and keeps it right, while the older one may not make its own',
      {
        matched: ['a', 'b'],
        children: { a: {}, b: { isCurrent: false } },
        others: { a: 'olderPolicyLater', b: 'olderPolicyLater' },
      },
      { update: ['b'] },
    ],
    [
      'and its deletion policy does not act on a user that the older one is to have, though it matches this one no more',
      { matched: ['b'], children: { a: {}, b: {} }, others: { a: 'olderPolicyLater' }, proved: ['a'] },
      {},
    ],
    ['an older policy waits for the name that a younger one holds', { matched: ['a'], others: { a: 'nameTaken' } }, {}],
    [
      'a user that is proved to match no more loses its child',
      { matched: ['b'], children: { a: {}, b: {} }, proved: ['a'] },
      { remove: ['a'] },
    ],
    ['without a proof it stays', { matched: ['b'], children: { a: {}, b: {} } }, {}],
    [
      'a child that is not matched is not put right either',
      { matched: ['b'], children: { a: { isCurrent: false }, b: {} } },
      {},
    ],
    [
      'too many users: nothing is made, changed or removed',
      { matched: ['a', 'b'], children: { b: { isCurrent: false }, c: {} }, proved: ['c'], limits: { maxUsers: 1 } },
      {},
    ],
    [
      'more removals than allowed hold all of them, and nothing else',
      { matched: ['d', 'e'], children: { a: {}, b: {}, e: {} }, proved: ['a', 'b'], limits: { maxRemovals: 65 } },
      { make: ['d'] },
    ],
    [
      'the approved number goes',
      {
        matched: ['e'],
        children: { a: {}, b: {}, e: {} },
        proved: ['a', 'b'],
        limits: { maxRemovals: 0 },
        input: { approved: 2 },
      },
      { remove: ['a', 'b'] },
    ],
  ])('%s', (_, given, expected) => {
    expect(steps(planOf(given))).toEqual({ ...none, ...expected });
  });
});

describe('what is held', () => {
  it('the removals are counted, with the reason', () => {
    const given = {
      matched: ['e'],
      children: { a: {}, b: {}, e: {} },
      proved: ['a', 'b'],
      limits: { maxRemovals: 65 },
    };
    expect(planOf(given).held.braked).toEqual({ count: 2, why: 'tooMany' });
    expect(planOf({ ...given, matched: [], proved: ['a', 'b', 'e'] }).held.braked).toEqual({
      count: 3,
      why: 'noneLeft',
    });
  });
  it('children that nothing is proved of, and users that others have, are counted', () => {
    const { held } = planOf({
      matched: ['a', 'b', 'c'],
      others: { a: 'handWritten', b: 'olderPolicy', c: 'nameTaken' },
      children: { d: {} },
    });
    expect(held).toMatchObject({ unproved: 1, left: 2 });
  });
});

describe('the pace of new children', () => {
  const limits = { maxNewPerHour: 2 };
  it('no more are made than the hour allows, the rest waits', () => {
    const found = planOf({ matched: ['a', 'b', 'c'], limits });
    expect(found).toMatchObject({ make: ['a', 'b'], held: { waiting: 1 } });
  });
  it('what is asked of younger policies counts as if it were made', () => {
    const others = { a: 'youngerPolicy', b: 'youngerPolicy' } as const;
    const found = planOf({ matched: ['a', 'b', 'c'], others, limits });
    expect(found).toMatchObject({ make: ['c'], takes: ['a'], held: { waiting: 1, taken: 1 } });
    expect(planOf({ matched: ['a', 'b', 'c'], others })).toMatchObject({ make: ['c'], takes: ['a', 'b'] });
  });
  it('children that are there count by when they were made: a restart forgets none', () => {
    const children = { a: { createdAt: now - 60_000 }, b: { createdAt: now - 120_000 } };
    const found = planOf({ matched: ['a', 'b', 'c'], children, limits });
    expect(found).toMatchObject({ make: [], held: { waiting: 1, waitMs: 58 * 60_000 } });
  });
  it('a child that is deleted again and again comes back no faster', () => {
    const made = [
      { userId: 'a', at: now - 60_000 },
      { userId: 'a', at: now - 120_000 },
    ];
    expect(planOf({ matched: ['a'], input: { made }, limits })).toMatchObject({ make: [], held: { waiting: 1 } });
    expect(planOf({ matched: ['a'], input: { made } })).toMatchObject({ make: ['a'] });
  });
  it('one that this process made and the cache shows counts once', () => {
    const children = { a: { createdAt: now - 60_000 } };
    const made = [{ userId: 'a', at: now - 60_000 }];
    expect(planOf({ matched: ['a', 'b', 'c'], children, input: { made }, limits }).make).toEqual(['b']);
  });
});
