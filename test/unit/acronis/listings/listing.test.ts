/** What a list of pages proves, and what it does not. */
import { describe, expect, test } from 'vitest';
import { type Listing, readListing } from '../../../../src/acronis/listings/listing.ts';
import type { Page } from '../../../../src/acronis/listings/paging.ts';
import { SeenIds } from '../../../../src/acronis/listings/seen-ids.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { id, refused } from '../support.ts';

type Item = { readonly id: string };
const page = (ids: readonly number[], after?: string, unreadable = 0): Page<Item> => ({
  items: ids.map((n) => ({ id: id(n) })),
  unreadable,
  after,
});

/** Reads pages by their cursors to the end. */
async function read(
  pages: (after: string | undefined, count: number) => Page<Item>,
  clock = new ManualClock(),
): Promise<{ ids: number; end: Listing; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = [];
  const list = readListing<Item>(
    {
      read: async (after) => {
        asked.push(after);
        return pages(after, asked.length);
      },
      clock,
    },
    new AbortController().signal,
  );
  let ids = 0;
  for (;;) {
    const step = list.next();
    await clock.advance(10_000);
    const next = await step;
    if (next.done === true) return { ids, end: next.value, asked };
    ids += next.value.length;
  }
}

const byCursor = (pages: Readonly<Record<string, Page<Item>>>) => (after: string | undefined) => {
  const found = pages[after ?? ''];
  if (found === undefined) throw new Error(`no page ${after}`);
  return found;
};

describe('a list', () => {
  test('is complete when its cursor led from page to page to an end, and nothing came twice', async () => {
    const { ids, end, asked } = await read(byCursor({ '': page([1, 2], 'a'), a: page([3], 'b'), b: page([]) }));
    expect(end).toEqual({ kind: 'complete', items: 3, pages: 3 });
    expect(ids).toBe(3);
    expect(asked).toEqual([undefined, 'a', 'b']);
  });

  test('that is empty is complete, and says that it has nothing', async () => {
    expect((await read(byCursor({ '': page([]) }))).end).toEqual({ kind: 'complete', items: 0, pages: 1 });
  });

  test.each<[string, Readonly<Record<string, Page<Item>>>, string]>([
    ['shows a user on two pages', { '': page([1, 2], 'a'), a: page([2, 3]) }, 'repeated'],
    ['shows a user twice on a page', { '': page([1, 1]) }, 'repeated'],
    ['shows a page again', { '': page([1, 2], 'a'), a: page([1, 2], 'b'), b: page([3]) }, 'repeated'],
    ['goes round in a circle of empty pages', { '': page([1], 'a'), a: page([], 'b'), b: page([], 'a') }, 'endless'],
    ['has an item that cannot be read', { '': page([1], 'a'), a: page([2], undefined, 1) }, 'unreadable'],
  ])('that %s is not complete', async (_, pages, why) => {
    expect((await read(byCursor(pages))).end).toMatchObject({ kind: 'incomplete', why: { kind: why } });
  });

  test('of which a page does not come is not complete, and says why', async () => {
    const error = refused('forbidden', { status: 403 });
    const { end, asked } = await read((after) => {
      if (after === 'a') throw error;
      return page([1], 'a');
    });
    expect(end).toEqual({ kind: 'incomplete', why: { kind: 'failed', error } });
    expect(asked).toEqual([undefined, 'a']);
  });

  test('goes on after a page that did not come at first, and gives up after two more tries', async () => {
    const recovers = await read((after, count) => {
      if (count === 2) throw refused('unavailable');
      return after === undefined ? page([1], 'a') : page([2]);
    });
    expect(recovers.end).toEqual({ kind: 'complete', items: 2, pages: 2 });
    const stays = await read(() => {
      throw refused('unavailable');
    });
    expect(stays.end).toMatchObject({ kind: 'incomplete', why: { kind: 'failed' } });
    expect(stays.asked).toHaveLength(3);
  });

  test('ends with the reason of its signal', async () => {
    const aborted = AbortSignal.abort(new Error('stopped'));
    const list = readListing<Item>(
      { read: async (_, signal) => Promise.reject(signal.reason), clock: new ManualClock() },
      aborted,
    );
    await expect(list.next()).rejects.toThrow('stopped');
  });
});

test('ids that were seen are known again, among as many as a partner has, random or not', () => {
  const count = 100_000;
  const ids = new SeenIds();
  let fresh = 0;
  for (let n = 0; n < count; n++) if (ids.add(id(n))) fresh++;
  expect(fresh).toBe(count);
  for (let n = 0; n < count; n += 7) expect(ids.add(id(n))).toBe(false);
  expect(ids.size).toBe(count);
});
