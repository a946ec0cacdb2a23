import { describe, expect, test } from 'vitest';
import type { AcronisApi } from '../../../src/acronis/api.ts';
import { createChangeFeed } from '../../../src/acronis/change-feed.ts';
import { parseStampPage, type StampPage, type UserStamp } from '../../../src/acronis/stamps.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { always } from '../../support/signal.ts';
import { acronisFailure, id, refused, tenant, wireUser } from './support.ts';

/** A page of these users, sent at this time by the server's clock. */
const page = (numbers: readonly number[], after?: string, timestamp: unknown = '2026-01-02T03:00:00'): StampPage => {
  const items = numbers.map((n) => wireUser(n, { updated_at: '2026-01-02T02:59:30.123456' }));
  const parsed = parseStampPage({ items, timestamp, paging: { cursors: { after } } });
  if (parsed === undefined) throw new Error('not a page');
  return parsed;
};

type From = Parameters<AcronisApi['getChanges']>[0];

function setup(response: (from: From, count: number) => StampPage) {
  const clock = new ManualClock('2026-01-02T03:00:00.000Z');
  const asked: From[] = [];
  const roots = { asked: 0 };
  const feed = createChangeFeed(
    {
      getRootTenant: async () => {
        roots.asked++;
        return tenant;
      },
      getChanges: async (from) => {
        asked.push(from);
        return response(from, asked.length);
      },
    },
    clock,
  );
  const poll = async (): Promise<string[]> => {
    const users: UserStamp[] = [];
    for await (const each of feed.poll(1_000, always())) users.push(...each);
    return users.map((user) => user.id);
  };
  return { clock, feed, poll, asked, roots };
}

const since = (from: From | undefined): string | undefined =>
  from !== undefined && 'since' in from ? from.since : undefined;

describe('the change feed', () => {
  test('is read page by page: the filters first, then nothing but the cursor', async () => {
    const pages = [page([1, 2], 'A'), page([3], 'B'), page([4])];
    const { poll, feed, asked } = setup((_, count) => pages[count - 1] ?? page([]));
    expect(await poll()).toEqual([id(1), id(2), id(3), id(4)]);
    expect(asked).toEqual([{ root: tenant, since: '2026-01-02T02:58:00.000Z' }, { after: 'A' }, { after: 'B' }]);
    expect(feed.state).toEqual({ kind: 'following' });
  });

  test('asks for the root once', async () => {
    const { poll, roots } = setup(() => page([]));
    await poll();
    await poll();
    expect(roots.asked).toBe(1);
  });

  test.each([
    ['ten minutes ahead', -10],
    ['a little behind', 0.25],
    ['right', 0],
  ])("moves its window by the server's time, with a clock of ours that is %s", async (_, minutes) => {
    const server = (seconds: number) => new Date(Date.UTC(2026, 0, 2, 3, 0, seconds) + minutes * 60_000).toISOString();
    const { poll, clock, asked } = setup((_from, count) => page([], undefined, server(15 * count)));
    await poll();
    await clock.advance(15_000);
    await poll();
    await clock.advance(15_000);
    await poll();
    expect(asked.slice(1).map(since)).toEqual([server(15 - 30), server(30 - 30)]);
  });

  test.each([
    ['no time', null],
    ['a number', 5],
    ['words', 'now'],
    ['the year 1', '0001-01-01T00:00:00Z'],
    ['a time that is years ahead', '2099-01-01T00:00:00Z'],
  ])(
    'whose response says %s moves by the latest change that it shows, and stays where there is none',
    async (_, odd) => {
      const { poll, asked } = setup((_from, count) => page(count === 2 ? [1] : [], undefined, odd));
      for (let i = 0; i < 3; i++) await poll();
      expect(asked.map(since)).toEqual([
        '2026-01-02T02:58:00.000Z',
        '2026-01-02T02:58:00.000Z',
        '2026-01-02T02:59:00.123Z',
      ]);
    },
  );

  test('counts the window from its first page, not from its last', async () => {
    const { feed, poll, clock, asked } = setup((_, count) =>
      count === 1 ? page([1], 'A') : page([], undefined, '2026-01-02T03:05:00'),
    );
    for await (const _ of feed.poll(1_000, always())) await clock.advance(5 * 60_000);
    await poll();
    expect(since(asked.at(-1))).toBe('2026-01-02T02:59:30.000Z');
  });

  test('goes on from the cursor where a page failed, and does not ask again from the start', async () => {
    let failing = true;
    const { feed, poll, asked } = setup((from) => {
      if ('after' in from && failing) throw refused('unavailable');
      return page(['after' in from ? 2 : 1], 'after' in from ? undefined : 'A');
    });
    await acronisFailure(poll());
    expect(feed.state).toMatchObject({ kind: 'refused' });
    failing = false;
    expect(await poll()).toEqual([id(2)]);
    expect(asked.map((from) => 'after' in from)).toEqual([false, true, true]);
    expect(feed.state).toEqual({ kind: 'following' });
  });

  test('begins the window again where the server does not know its cursor any more', async () => {
    let failing = true;
    const { poll, asked } = setup((from) => {
      if ('after' in from && failing) throw refused('rejected', { status: 400 });
      return page([1], 'after' in from ? undefined : 'A');
    });
    await acronisFailure(poll());
    failing = false;
    await poll();
    const from = '2026-01-02T02:58:00.000Z';
    expect(asked.map(since)).toEqual([from, undefined, from, undefined, from, undefined]);
  });

  test.each([400, 404, 410])(
    'whose cursors are gone (HTTP %i) by the next poll is read to its end all the same, and delivers each change once',
    async (status) => {
      const pages = 260;
      let alive = true;
      const { feed, poll, asked } = setup((from) => {
        if ('after' in from && !alive) {
          alive = true;
          throw refused('rejected', { status });
        }
        const at = 'after' in from ? Number(from.after) : 1;
        return page([at], at < pages ? String(at + 1) : undefined);
      });
      const delivered: string[] = [];
      for (let polls = 1; polls <= 6; polls++) {
        delivered.push(...(await poll()));
        expect(feed.state.kind).toBe(polls < 6 ? 'behind' : 'following');
        alive = false;
      }
      expect(delivered).toEqual(Array.from({ length: pages }, (_, n) => id(n + 1)));
      expect(asked.filter((from) => 'since' in from)).toHaveLength(6);
    },
  );

  test.each([
    ['a minute', '2026-01-02T03:01:00'],
    ['a day and more', '2026-01-04T03:00:00'],
  ])('whose server is %s ahead of us misses no change, and says by how much it is ahead', async (_, timestamp) => {
    const changed = (at: string): StampPage =>
      parseStampPage({ timestamp, items: [wireUser(1, { updated_at: at })] }) ?? page([]);
    const { feed, poll, asked } = setup((_from, count) =>
      count === 2 ? changed('2026-01-02T03:00:10') : page([], undefined, timestamp),
    );
    await poll();
    expect(feed.aheadMs).toBe(Date.parse(`${timestamp}Z`) - Date.parse('2026-01-02T03:00:00Z'));
    expect(await poll()).toEqual([id(1)]);
    await poll();
    expect(asked.map(since)).toEqual([
      '2026-01-02T02:58:00.000Z',
      '2026-01-02T02:58:00.000Z',
      '2026-01-02T02:59:40.000Z',
    ]);
  });

  test('says no more that the server is ahead once the clocks agree', async () => {
    const { feed, poll } = setup((_from, count) =>
      page([], undefined, count === 1 ? '2026-01-02T03:10:00' : '2026-01-02T03:00:00'),
    );
    await poll();
    expect(feed.aheadMs).toBe(600_000);
    await poll();
    expect(feed.aheadMs).toBeUndefined();
  });

  test('whose responses say no time at all, neither their own nor of a change, asks for no more than the last hour', async () => {
    const timeless = { ...page([1], undefined, null), newestChange: undefined };
    const { poll, clock, asked } = setup(() => timeless);
    for (let n = 0; n < 180; n++) {
      await poll();
      await clock.advance(60_000);
    }
    expect(since(asked[0])).toBe('2026-01-02T02:58:00.000Z');
    expect(since(asked[30]), 'the same window again').toBe('2026-01-02T02:58:00.000Z');
    expect(clock.wall() - Date.parse(since(asked.at(-1)) ?? '')).toBeLessThanOrEqual(61 * 60_000);
  });

  test('that never responds makes no window longer than an hour', async () => {
    let failing = false;
    const { poll, asked, clock } = setup(() => {
      if (failing) throw refused('unavailable');
      return page([]);
    });
    await poll();
    failing = true;
    for (let i = 0; i < 200; i++) {
      await clock.advance(60_000);
      await acronisFailure(poll());
    }
    const from = Date.parse(since(asked.at(-1)) ?? '');
    expect(clock.wall() - from).toBeLessThanOrEqual(61 * 60_000);
  });

  test('that is too large for one poll is worked off over several', async () => {
    const { poll, feed, asked } = setup((_, count) => page([count], count < 120 ? `cursor-${count}` : undefined));
    expect(await poll()).toHaveLength(50);
    expect(feed.state).toEqual({ kind: 'behind' });
    expect(await poll()).toHaveLength(50);
    expect(await poll()).toHaveLength(20);
    expect(feed.state).toEqual({ kind: 'following' });
    expect(asked.filter((from) => 'since' in from)).toHaveLength(1);
  });

  test.each([
    ['a cursor that comes again', (count: number) => `cursor-${count % 2}`, 3],
    [
      'ever new cursors: after the pages that the size of the fleet explains',
      (count: number) => `cursor-${count}`,
      600,
    ],
  ])('that never ends is left, with %s', async (_, cursor, pages) => {
    const { feed, asked } = setup((_from, count) => page([count], cursor(count)));
    for (let polls = 0; polls < 100; polls++) {
      const reading = feed.poll(1_000, always());
      let read = await reading.next();
      while (read.done !== true) read = await reading.next();
      if (read.value.kind !== 'left') continue;
      expect(read.value.pages).toBe(pages);
      expect(asked).toHaveLength(pages);
      await feed.poll(1_000, always()).next();
      expect(since(asked.at(-1)), 'and the next window begins later').toBe('2026-01-02T02:59:30.000Z');
      return;
    }
    throw new Error('it was never left');
  });

  test('delivers a change once, however many windows show it, and the next change of the user again', async () => {
    const versions = [1, 1, 1, 2, 2];
    const { poll } = setup((_, count) => {
      const stamp = { id: id(1), version: versions[count - 1] ?? 2, deleted: count === 5, isCompanyAdmin: undefined };
      return { ...page([]), stamps: [stamp] };
    });
    const delivered: number[] = [];
    for (let i = 0; i < 6; i++) delivered.push((await poll()).length);
    expect(delivered).toEqual([1, 0, 0, 1, 1, 1]);
  });

  test('delivers deleted users', async () => {
    const { feed } = setup(() => {
      const deleted = wireUser(1, { deleted_at: '2026-01-02T03:00:00' });
      return parseStampPage({ items: [deleted, { id: 5 }, null] }) ?? page([]);
    });
    const first = await feed.poll(1, always()).next();
    expect(first.value).toEqual([{ id: id(1), version: 1, deleted: true, isCompanyAdmin: undefined }]);
  });

  test('asks again for a root that it was not given', async () => {
    let down = true;
    let asked = 0;
    const feed = createChangeFeed(
      {
        getRootTenant: async () => {
          asked++;
          if (down) throw refused('forbidden');
          return tenant;
        },
        getChanges: async () => page([]),
      },
      new ManualClock(),
    );
    expect((await acronisFailure(feed.poll(1_000, always()).next())).kind).toBe('forbidden');
    down = false;
    await feed.poll(1_000, always()).next();
    expect(asked).toBe(2);
  });
});
