import { describe, expect, test } from 'vitest';
import type { AcronisApi } from '../../../src/acronis/api.ts';
import { createChangeFeed } from '../../../src/acronis/change-feed.ts';
import { parseUserPage, type Shown, type UserPage } from '../../../src/acronis/user.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { always } from '../../support/signal.ts';
import { acronisFailure, id, refused, tenant, wireUser } from './support.ts';

const page = (numbers: readonly number[], after?: string): UserPage => {
  const parsed = parseUserPage({ items: numbers.map((n) => wireUser(n)), paging: { cursors: { after } } });
  if (parsed === undefined) throw new Error('not a page');
  return parsed;
};

type From = Parameters<AcronisApi['getChanges']>[0];

function setup(answer: (from: From, count: number) => UserPage) {
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
        return answer(from, asked.length);
      },
    },
    clock,
  );
  const poll = async (): Promise<string[]> => {
    const users: Shown[] = [];
    for await (const each of feed.poll(always())) users.push(...each);
    return users.map((user) => user.id);
  };
  return { clock, feed, poll, asked, roots };
}

const since = (from: From | undefined): string | undefined =>
  from !== undefined && 'since' in from ? from.since : undefined;

describe('the change feed', () => {
  test('is read page by page: the filters first, then nothing but the cursor', async () => {
    const pages = [page([1, 2], 'A'), page([3], 'B'), page([4])];
    const { poll, asked } = setup((_, count) => pages[count - 1] ?? page([]));
    expect(await poll()).toEqual([id(1), id(2), id(3), id(4)]);
    expect(asked).toEqual([{ root: tenant, since: '2026-01-02T02:58:00.000Z' }, { after: 'A' }, { after: 'B' }]);
  });

  test('asks for the root once', async () => {
    const { poll, roots } = setup(() => page([]));
    await poll();
    await poll();
    expect(roots.asked).toBe(1);
  });

  test('begins each window two minutes before the last one began, for clocks that differ', async () => {
    const { poll, clock, asked } = setup(() => page([]));
    await poll();
    await clock.advance(60_000);
    await poll();
    await clock.advance(60_000);
    await poll();
    expect(asked.map(since)).toEqual([
      '2026-01-02T02:58:00.000Z',
      '2026-01-02T02:58:00.000Z',
      '2026-01-02T02:59:00.000Z',
    ]);
  });

  test('counts the window from the beginning of the poll, not from its end', async () => {
    const { feed, clock, asked } = setup((_, count) => (count === 1 ? page([1], 'A') : page([])));
    for await (const _ of feed.poll(always())) await clock.advance(5 * 60_000);
    for await (const _ of feed.poll(always()));
    expect(since(asked.at(-1))).toBe('2026-01-02T02:58:00.000Z');
  });

  test('keeps its window when a page fails, and when the reader stops before the end', async () => {
    let failing = true;
    const { feed, poll, clock, asked } = setup((from) => {
      if ('after' in from && failing) throw refused('unavailable');
      return page([1], 'after' in from ? undefined : 'A');
    });
    await acronisFailure(poll());
    await clock.advance(600_000);
    for await (const _ of feed.poll(always())) break;
    await clock.advance(600_000);
    failing = false;
    expect(await poll()).toEqual([id(1), id(1)]);
    const windows = asked.filter((from) => 'since' in from).map(since);
    expect(new Set(windows)).toEqual(new Set(['2026-01-02T02:58:00.000Z']));
    await poll();
    expect(since(asked.at(-2))).toBe('2026-01-02T03:18:00.000Z');
  });

  test('whose cursor comes again is not read for ever, and its window stays', async () => {
    const { poll, asked, clock } = setup((from) => page([1], 'after' in from && from.after === 'A' ? 'B' : 'A'));
    const error = await acronisFailure(poll());
    expect(error).toMatchObject({ kind: 'unavailable', detail: 'a cursor that came before' });
    expect(asked).toHaveLength(3);
    await clock.advance(600_000);
    await acronisFailure(poll());
    expect(since(asked[3])).toBe('2026-01-02T02:58:00.000Z');
  });

  test('that never ends is left after a thousand pages', async () => {
    const { poll, asked } = setup((_, count) => page([1], `cursor-${count}`));
    expect(await poll()).toHaveLength(1_000);
    expect(asked).toHaveLength(1_000);
  });

  test('asks again for a root that it was not told', async () => {
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
    expect((await acronisFailure(feed.poll(always()).next())).kind).toBe('forbidden');
    down = false;
    await feed.poll(always()).next();
    expect(asked).toBe(2);
  });
});
