import { describe, expect, test } from 'vitest';
import type { AcronisErrorKind } from '../../../src/acronis/errors.ts';
import { notVisible, type UserEvidence } from '../../../src/acronis/evidence.ts';
import { parseUser, type User } from '../../../src/acronis/user.ts';
import { createExternalIdReader, createIdReader, type UserReaderOptions } from '../../../src/acronis/user-reader.ts';
import { failure } from '../../support/failure.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { always } from '../../support/signal.ts';
import { acronisFailure, id, refused, tenant, wireUser } from './support.ts';

const user = (n: number): User => {
  const parsed = parseUser(wireUser(n));
  if (!parsed.ok || parsed.shown.evidence.kind !== 'seen') throw new Error('not a user');
  return parsed.shown.evidence.user;
};
const evidenceOf = (seen: User | undefined): UserEvidence =>
  seen === undefined ? notVisible : { kind: 'seen', user: seen };
const numberOf = (userId: string): number => Number.parseInt(userId.slice(-12), 16);
const ids = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, at) => id(from + at));

interface Fake {
  readonly one?: (userId: string) => Promise<User | undefined>;
  readonly many?: (userIds: readonly string[]) => Promise<readonly User[]>;
}

/** A reader whose API responds immediately and knows every user, unless the test says otherwise. */
function setup(fake: Fake = {}, options: Partial<UserReaderOptions<'getUser' | 'getUsers'>> = {}) {
  const clock = new ManualClock();
  const ones: string[] = [];
  const byPath: string[] = [];
  const batches: (readonly string[])[] = [];
  const one = async (userId: string): Promise<User | undefined> =>
    fake.one === undefined ? user(numberOf(userId)) : await fake.one(userId);
  const evidence = createIdReader({
    api: {
      getUser: async (userId) => {
        byPath.push(userId);
        return evidenceOf(await one(userId));
      },
      getUsers: async (userIds) => {
        const [only, ...others] = userIds;
        if (only !== undefined && others.length === 0) {
          ones.push(only);
          const found = await one(only);
          return new Map(found === undefined ? [] : [[only, evidenceOf(found)]]);
        }
        batches.push(userIds);
        const users = await (fake.many?.(userIds) ?? userIds.map((each) => user(numberOf(each))));
        return new Map(users.map((each) => [each.id, evidenceOf(each)]));
      },
    },
    clock,
    lifetime: always(),
    // As short as the first window, except where a test is about it.
    busyWindowMs: 5,
    ...options,
  });
  const reader = {
    async read(userId: string, signal: AbortSignal): Promise<User | undefined> {
      const found = await evidence.read(userId, signal);
      return found.kind === 'seen' ? found.user : undefined;
    },
  };
  const readAll = (userIds: readonly string[]) => userIds.map((each) => reader.read(each, always()));
  return { reader, clock, ones, byPath, batches, readAll };
}

describe('reads that travel together', () => {
  test('are those asked for within the window', async () => {
    const { clock, batches, ones, readAll } = setup();
    const all = Promise.all(readAll(ids(1, 2)));
    await clock.advance(4);
    const later = Promise.all(readAll(ids(3, 3)));
    expect(batches).toEqual([]);
    await clock.advance(1);
    expect((await all).map((each) => each?.id)).toEqual(ids(1, 2));
    expect((await later).map((each) => each?.id)).toEqual(ids(3, 3));
    expect(batches).toEqual([ids(1, 3)]);
    expect(ones).toEqual([]);
  });

  test('go immediately when they are a hundred, and never more than a hundred go together', async () => {
    const { clock, batches, readAll } = setup();
    const all = Promise.all(readAll(ids(1, 150)));
    await settle();
    expect(batches).toEqual([ids(1, 100)]);
    await clock.advance(5);
    expect((await all).map((each) => each?.id)).toEqual(ids(1, 150));
    expect(batches).toEqual([ids(1, 100), ids(101, 150)]);
  });

  test('are a list of one where nothing else is asked for, since lists show the roles', async () => {
    const { clock, batches, ones, byPath, readAll } = setup();
    const [only] = readAll(ids(1, 1));
    await clock.advance(5);
    expect(await only).toEqual(user(1));
    expect([ones, byPath, batches]).toEqual([[id(1)], [], []]);
  });

  test('the same id asked for twice takes one place, in any letter case', async () => {
    const { clock, batches, reader } = setup();
    const twice = [reader.read(id(0xab), always()), reader.read(id(0xab).toUpperCase(), always())];
    const other = reader.read(id(2), always());
    await clock.advance(5);
    expect(await Promise.all([...twice, other])).toEqual([user(0xab), user(0xab), user(2)]);
    expect(batches).toEqual([[id(0xab), id(2)]]);
  });

  test('a read that is asked for while the same id is in flight is made again: it must not be older than the question', async () => {
    const answers = [Promise.withResolvers<User>(), Promise.withResolvers<User>()];
    const { clock, ones, reader } = setup({ one: () => answers[ones.length - 1]?.promise ?? Promise.reject() });
    const before = reader.read(id(1), always());
    await clock.advance(5);
    const after = reader.read(id(1), always());
    await clock.advance(5);
    answers[0]?.resolve({ ...user(1), version: 1 });
    answers[1]?.resolve({ ...user(1), version: 2 });
    expect([(await before)?.version, (await after)?.version]).toEqual([1, 2]);
    expect(ones).toHaveLength(2);
  });

  test('users that were not asked for, and users sent twice, do no harm', async () => {
    const { clock, readAll } = setup({ many: async () => [user(9), user(1), user(2), { ...user(2), version: 5 }] });
    const all = Promise.all(readAll(ids(1, 2)));
    await clock.advance(5);
    expect((await all).map((each) => each?.version)).toEqual([1, 5]);
  });
});

describe('while batches follow one another', () => {
  test('the next one collects for the longer window, counted from when the last one was sent', async () => {
    const { clock, batches, ones, readAll } = setup({}, { busyWindowMs: 30 });
    const first = Promise.all(readAll(ids(1, 2)));
    await clock.advance(5);
    await first;
    await clock.advance(10);
    const second = Promise.all(readAll(ids(3, 3)));
    await clock.advance(19);
    const third = Promise.all(readAll(ids(4, 4)));
    expect(batches).toEqual([ids(1, 2)]);
    await clock.advance(1);
    await Promise.all([second, third]);
    expect(batches).toEqual([ids(1, 2), ids(3, 4)]);
    expect(ones).toEqual([]);
  });

  test('after a quiet time the short window holds again', async () => {
    const { clock, ones, readAll } = setup({}, { busyWindowMs: 30 });
    const first = Promise.all(readAll(ids(1, 1)));
    await clock.advance(5);
    await first;
    await clock.advance(40);
    const second = Promise.all(readAll(ids(2, 2)));
    await clock.advance(5);
    await second;
    expect(ones).toEqual(ids(1, 2));
  });
});

describe('while batches are in flight', () => {
  test('the next one collects, and goes as one when there is room', async () => {
    const answers = Array.from({ length: 3 }, () => Promise.withResolvers<readonly User[]>());
    const { clock, batches, readAll } = setup({ many: () => answers[batches.length - 1]?.promise ?? Promise.reject() });
    const all = [...readAll(ids(1, 2))];
    await clock.advance(5);
    all.push(...readAll(ids(3, 4)));
    await clock.advance(5);
    for (let n = 5; n < 60; n++) {
      all.push(...readAll([id(n)]));
      await clock.advance(10);
    }
    expect(batches).toEqual([ids(1, 2), ids(3, 4)]);
    answers[0]?.resolve(ids(1, 2).map((each) => user(numberOf(each))));
    await settle();
    expect(batches[2]).toEqual(ids(5, 59));
    answers[1]?.resolve(ids(3, 4).map((each) => user(numberOf(each))));
    answers[2]?.resolve(ids(5, 59).map((each) => user(numberOf(each))));
    expect((await Promise.all(all)).map((each) => each?.id)).toEqual(ids(1, 59));
    expect(clock.timers).toBe(0);
  });

  test('more than a hundred that waited go in hundreds', async () => {
    const first = Promise.withResolvers<readonly User[]>();
    const known = (userIds: readonly string[]) => userIds.map((each) => user(numberOf(each)));
    const { clock, batches, readAll } = setup(
      { many: (userIds) => (batches.length === 1 ? first.promise : Promise.resolve(known(userIds))) },
      { maxInFlight: 1 },
    );
    const all = [...readAll(ids(1, 2))];
    await clock.advance(5);
    all.push(...readAll(ids(3, 252)));
    await clock.advance(5);
    expect(batches).toHaveLength(1);
    first.resolve(known(ids(1, 2)));
    expect((await Promise.all(all)).map((each) => each?.id)).toEqual(ids(1, 252));
    expect(batches.map((each) => each.length)).toEqual([2, 100, 100, 50]);
  });

  test('users whose reads hang hold the others up for a second and no longer', async () => {
    const { clock, readAll } = setup({
      one: (userId) => (numberOf(userId) <= 2 ? new Promise<never>(() => {}) : Promise.resolve(user(numberOf(userId)))),
    });
    for (const n of [1, 2]) {
      void readAll([id(n)]);
      await clock.advance(5);
    }
    const other = Promise.all(readAll(ids(3, 5)));
    await clock.advance(1_000);
    expect((await other).map((each) => each?.id)).toEqual(ids(3, 5));
    expect(clock.timers).toBe(0);
  });
});

describe('a list of one', () => {
  test.each([
    ['leaves the user out', async () => undefined],
    ['is refused as such', () => Promise.reject(refused('rejected', { status: 400, scope: 'user' }))],
    ['is not there', () => Promise.reject(refused('notFound', { status: 404, scope: 'user' }))],
  ])('that %s is followed by a read by path', async (_, list) => {
    let reads = 0;
    const { clock, ones, byPath, readAll } = setup({ one: () => (++reads === 1 ? list() : Promise.resolve(user(1))) });
    const [only] = readAll(ids(1, 1));
    await clock.advance(5);
    expect(await only).toEqual(user(1));
    expect([ones, byPath]).toEqual([[id(1)], [id(1)]]);
  });

  test.each(['forbidden', 'unavailable', 'throttled', 'credentials'] as const)(
    'that fails as %s is not',
    async (kind) => {
      const { clock, byPath, readAll } = setup({ one: () => Promise.reject(refused(kind)) });
      const all = readAll(ids(1, 1)).map(acronisFailure);
      await clock.advance(5);
      expect((await Promise.all(all)).map((error) => error.kind)).toEqual([kind]);
      expect(byPath).toEqual([]);
    },
  );
});

describe('an id that a batch left out', () => {
  test('is asked for alone, by its path, and the response is its own', async () => {
    const { clock, ones, byPath, readAll } = setup({
      many: async () => [user(1)],
      one: async (userId) => {
        if (userId === id(3)) throw refused('forbidden', { status: 403 });
        return undefined;
      },
    });
    const [there, gone, hidden] = readAll(ids(1, 3));
    const why = acronisFailure(hidden ?? Promise.resolve());
    await clock.advance(5);
    expect(await there).toEqual(user(1));
    expect(await gone).toBeUndefined();
    expect((await why).kind).toBe('forbidden');
    expect([ones, byPath]).toEqual([[], ids(2, 3)]);
  });

  test('does not hold the next batch up while its own response hangs', async () => {
    const { clock, batches, readAll } = setup(
      {
        many: async (userIds) => userIds.filter((each) => each !== id(1)).map((each) => user(numberOf(each))),
        one: () => new Promise(() => {}),
      },
      { maxInFlight: 1 },
    );
    const first = readAll(ids(1, 2));
    await clock.advance(5);
    expect(await first[1]).toEqual(user(2));
    const second = Promise.all(readAll(ids(3, 4)));
    await clock.advance(5);
    expect(await second).toEqual([user(3), user(4)]);
    expect(batches).toHaveLength(2);
  });
});

describe('a batch that fails as a whole', () => {
  /** A network that fails alike whatever it is asked for with one of these ids in it. */
  const spoiltBy = (bad: readonly string[], error: () => Error): Fake => ({
    many: async (userIds) => {
      if (userIds.some((each) => bad.includes(each))) throw error();
      return userIds.map((each) => user(numberOf(each)));
    },
    one: async (userId) => {
      if (bad.includes(userId)) throw error();
      return user(numberOf(userId));
    },
  });
  const ofUsers = (kind: AcronisErrorKind, status: number) => () => refused(kind, { status, scope: 'user' });

  test.each([
    ['rejected', 400],
    ['forbidden', 403],
    ['unavailable', 500],
    ['unavailable', 0],
    ['throttled', 503],
  ] as const)('(%s, %d) by one bad id never fails the 99 others', async (kind, status) => {
    const bad = id(37);
    const { clock, ones, batches, readAll } = setup(spoiltBy([bad], ofUsers(kind, status)));
    const all = Promise.allSettled(readAll(ids(1, 100)));
    await clock.advance(5);
    const results = await all;
    expect(results.filter((each) => each.status === 'rejected')).toEqual([results[36]]);
    expect(results.filter((each) => each.status === 'fulfilled').map((each) => each.value?.id)).toEqual(
      ids(1, 100).filter((each) => each !== bad),
    );
    // The whole, two alone, ten tens, and the ten of the bad one.
    expect(ones.length + batches.length).toBeLessThanOrEqual(23);
  });

  test('by an id that then failed alone is not spoilt by it again: it is read alone for a while', async () => {
    const bad = id(37);
    const { clock, ones, batches, readAll } = setup(spoiltBy([bad], ofUsers('unavailable', 500)));
    const first = Promise.allSettled(readAll(ids(1, 100)));
    await clock.advance(5);
    await first;
    const before = { ones: ones.length, batches: batches.length };
    const again = Promise.allSettled(readAll(ids(1, 100)));
    await clock.advance(5);
    expect((await again).filter((each) => each.status === 'rejected')).toHaveLength(1);
    expect(ones.slice(before.ones)).toEqual([bad]);
    expect(batches.slice(before.batches)).toEqual([ids(1, 100).filter((each) => each !== bad)]);
    await clock.advance(10 * 60_000);
    const third = Promise.allSettled(readAll([bad, id(1)]));
    await clock.advance(5);
    await third;
    expect(batches.at(-1), 'after ten minutes it is tried with others').toEqual([bad, id(1)]);
  });

  test('for every id, and none alone, gives each its own result, and batches of them are not tried again for a while', async () => {
    const { clock, ones, batches, readAll } = setup({
      many: () => Promise.reject(refused('rejected', { status: 400, scope: 'user' })),
    });
    const all = Promise.all(readAll(ids(1, 100)));
    await clock.advance(5);
    expect((await all).map((each) => each?.id)).toEqual(ids(1, 100));
    expect(ones).toHaveLength(100);
    const before = batches.length;
    const again = Promise.all(readAll(ids(2, 99)));
    await clock.advance(5);
    await again;
    expect(batches).toHaveLength(before);
  });

  test.each([
    ['forbidden', 403],
    ['unavailable', 502],
    ['unavailable', 0],
    ['throttled', 503],
  ] as const)(
    "and so do two of it alone (%s, %d) is the account's failure, and costs three requests",
    async (kind, status) => {
      const { clock, ones, batches, readAll } = setup(spoiltBy(ids(1, 100), ofUsers(kind, status)));
      const all = Promise.all(readAll(ids(1, 100)).map(acronisFailure));
      await clock.advance(5);
      const errors = await all;
      expect(errors.map((error) => error.kind)).toEqual(Array.from({ length: 100 }, () => kind));
      expect(errors[50]?.scope).toBe('account');
      expect([ones.length, batches.length]).toEqual([2, 1]);
    },
  );

  test.each([
    ['unavailable', 0],
    ['throttled', 429],
    ['credentials', 401],
    ['rejected', 302],
  ] as const)('because of the account (%s, %d) is one error for all, asked once', async (kind, status) => {
    const error = refused(kind, { status });
    const { clock, ones, batches, readAll } = setup({ many: () => Promise.reject(error) });
    const all = Promise.all(readAll(ids(1, 100)).map(failure));
    await clock.advance(5);
    expect(new Set(await all)).toEqual(new Set([error]));
    expect([ones.length, batches.length]).toEqual([0, 1]);
  });
});

describe('a reader that is aborted', () => {
  test('leaves alone: callers for the same id and for others of the batch get their results', async () => {
    const response = Promise.withResolvers<readonly User[]>();
    const { clock, reader } = setup({ many: () => response.promise });
    const abort = new AbortController();
    const leaving = failure(reader.read(id(1), abort.signal));
    const staying = [reader.read(id(1), always()), reader.read(id(2), always())];
    await clock.advance(5);
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await leaving).toBe(reason);
    response.resolve([user(1), user(2)]);
    expect(await Promise.all(staying)).toEqual([user(1), user(2)]);
  });

  test('before it asks costs nothing', async () => {
    const { clock, ones, reader } = setup();
    const reason = new Error('enough');
    expect(await failure(reader.read(id(1), AbortSignal.abort(reason)))).toBe(reason);
    await clock.advance(1_000);
    expect(ones).toEqual([]);
    expect(clock.timers).toBe(0);
  });
});

describe('reads by external id', () => {
  const withId = (n: number, externalId = `e-${n}`): User => ({ ...user(n), externalId });
  const elsewhere = '11111111-1111-4111-8111-111111111111';

  function setupExternal(respond: (externalIds: readonly string[], tenantId: string) => readonly User[]) {
    const clock = new ManualClock();
    const requests: (readonly string[])[] = [];
    const reader = createExternalIdReader({
      api: {
        async getUsersByExternalId(tenantId, externalIds) {
          requests.push(externalIds);
          return respond(externalIds, tenantId);
        },
      },
      clock,
      lifetime: always(),
      busyWindowMs: 5,
    });
    const read = (externalId: string, tenantId = tenant) => reader.readByExternalId(tenantId, externalId, always());
    return { clock, requests, read };
  }
  const every = (externalIds: readonly string[]) => externalIds.map((each) => withId(Number(each.slice(2))));

  test('travel together within a tenant, a hundred at most, and never with those of another', async () => {
    const { clock, requests, read } = setupExternal(every);
    const all = Promise.all([...Array.from({ length: 150 }, (_, n) => read(`e-${n}`)), read('e-7', elsewhere)]);
    await clock.advance(5);
    expect((await all).map(([only]) => only?.externalId)).toEqual([
      ...Array.from({ length: 150 }, (_, n) => `e-${n}`),
      'e-7',
    ]);
    expect(requests.map(({ length }) => length).sort()).toEqual([1, 100, 50]);
  });

  test('are as many as a URL has room for, where they are long', async () => {
    const long = (n: number) => `e-${n}${'ž'.repeat(250)}`;
    const { clock, requests, read } = setupExternal(() => []);
    const all = Promise.all(Array.from({ length: 20 }, (_, n) => read(long(n))));
    await clock.advance(1_000);
    await all;
    expect(requests.flat()).toHaveLength(20);
    for (const ids of requests) expect(encodeURIComponent(ids.join()).length).toBeLessThan(7_000);
  });

  test('give none where the list leaves one out, without another request, and all where several have it', async () => {
    const { clock, requests, read } = setupExternal(() => [withId(1), withId(2, 'e-1'), withId(1)]);
    const both = Promise.all([read('e-1'), read('e-9')]);
    await clock.advance(5);
    expect((await both).map((users) => users.map((each) => each.id))).toEqual([[id(1), id(2)], []]);
    expect(requests).toHaveLength(1);
  });

  test('that fail together are split before any of them is blamed, and one that fails alone is read alone for a while', async () => {
    const { clock, requests, read } = setupExternal((externalIds) => {
      if (externalIds.includes('e-13')) throw refused('unavailable', { scope: 'user', status: 502 });
      return every(externalIds);
    });
    const results = Promise.allSettled(Array.from({ length: 40 }, (_, n) => read(`e-${n}`)));
    await clock.advance(5);
    expect((await results).flatMap((each, n) => (each.status === 'rejected' ? [n] : []))).toEqual([13]);
    requests.length = 0;
    const again = Promise.allSettled([read('e-12'), read('e-13'), read('e-14')]);
    await clock.advance(5);
    expect((await again).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(requests).toContainEqual(['e-12', 'e-14']);
  });
});
