import { beforeEach, describe, expect, it } from 'vitest';
import { AcronisError } from '../../../../src/acronis/errors.ts';
import { AccountBrands } from '../../../../src/fleet/brands/account-brands.ts';
import type { BuyUrl } from '../../../../src/fleet/brands/buy-url.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { always } from '../../../support/signal.ts';

const intervalMs = 600_000;
const idOf = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => idOf(from + at));

let clock: ManualClock;
let brands: AccountBrands;
let changed: [string, BuyUrl][];
/** How many tenants each read of tenants asked for, and which tenants' branding was read. */
let listed: number[];
let read: string[];
/** By tenant; others are below one parent and have no branding of their own. */
let own: Set<string>;
let parentOf: (id: string) => string | undefined;
let buyUrl: (id: string) => Promise<boolean | undefined>;

const failing = (kind: 'forbidden' | 'unavailable') => () => Promise.reject(new AcronisError(kind, 'no'));
/** A tenant that closed itself to those above: 403, or 404. */
const closed = async (value: string): Promise<undefined> => {
  if (value === 'refused') throw new AcronisError('forbidden', 'no');
};

beforeEach(() => {
  clock = new ManualClock();
  [changed, listed, read, own] = [[], [], [], new Set()];
  parentOf = () => idOf(9_999);
  buyUrl = async () => true;
  brands = new AccountBrands({
    api: {
      getTenants: async (tenants) => {
        listed.push(tenants.length);
        return tenants.map((id) => ({ id, parentId: parentOf(id), hasOwnBrand: own.has(id) }));
      },
      hasBuyUrl: (id) => {
        read.push(id);
        return buyUrl(id);
      },
    },
    clock,
    intervalMs,
    lifetime: always(),
    onChanged: (id, now) => void changed.push([id, now]),
  });
});

async function readAll(tenants: readonly string[]): Promise<BuyUrl[]> {
  const all = Promise.all(tenants.map((id) => brands.read(id, always())));
  await clock.advance(1_000);
  return await all;
}

/** Once what was read before has aged. */
async function refresh(tenants: readonly string[], maxRequests = Number.POSITIVE_INFINITY): Promise<number> {
  await clock.advance(intervalMs);
  return await brands.refresh(new Set(tenants), maxRequests);
}

describe('the Buy URLs of many tenants', () => {
  it('below one parent cost one read of its branding, and one of a hundred tenants', async () => {
    expect(new Set(await readAll(ids(1, 500)))).toEqual(new Set(['set']));
    expect([listed, read]).toEqual([[100, 100, 100, 100, 100], [idOf(1)]]);
    expect(await refresh(ids(1, 500)), 'six requests for five hundred tenants').toBe(6);
  });

  it('that have a branding of their own, or whose parent is not shown, are read one by one', async () => {
    own.add(idOf(2));
    parentOf = (id) => (id === idOf(3) ? undefined : idOf(9_999));
    buyUrl = async (id) => id === idOf(2);
    expect(await readAll(ids(1, 4))).toEqual(['notSet', 'set', 'notSet', 'notSet']);
    expect(read).toEqual([idOf(1), idOf(2), idOf(3)]);
  });

  it.each(['refused', 'notSet'])(
    'is %s for one that closed itself, and for no other below its parent',
    async (value) => {
      buyUrl = async (id) => (id === idOf(1) ? await closed(value) : true);
      expect(await readAll(ids(1, 100))).toEqual([value, ...ids(2, 100).map(() => 'set')]);
      expect(read).toEqual([idOf(1), idOf(2)]);
      expect(await refresh(ids(1, 100), 2)).toBe(2);
      expect(await brands.refresh(new Set(ids(1, 100)), 2)).toBe(2);
      expect(changed.filter(([id]) => id !== idOf(1)).length, 'nothing changed for the others').toBe(99);
    },
  );

  it.each(['refused', 'notSet'])('is %s for all once two of them agree', async (value) => {
    buyUrl = () => closed(value);
    expect(new Set(await readAll(ids(1, 100)))).toEqual(new Set([value]));
    expect(read).toEqual([idOf(1), idOf(2)]);
    read.length = 0;
    for (let tick = 0; tick < 2; tick++) expect(await refresh(ids(1, 100), 2)).toBe(2);
    expect(read, 'the second one at the next turn').toEqual([idOf(1), idOf(2)]);
  });

  it('is asked for once, however many objects ask at the same time, and not again while it is known', async () => {
    await readAll([idOf(1), idOf(1), idOf(1)]);
    await readAll([idOf(1)]);
    expect([listed, read]).toEqual([[], [idOf(1)]]);
    expect(brands.peek(idOf(1))).toBe('set');
    expect(brands.peek(idOf(2))).toBeUndefined();
  });

  it('of a new tenant is that of its group while this is fresh', async () => {
    await readAll(ids(1, 2));
    await readAll(ids(3, 4));
    expect(read).toEqual([idOf(1)]);
    await clock.advance(intervalMs);
    await readAll(ids(5, 6));
    expect(read).toEqual([idOf(1), idOf(5)]);
  });
});

describe('a refresh', () => {
  it('comes to every tenant, though a few before it always fail', async () => {
    const tenants = ids(1, 12);
    own = new Set(tenants);
    buyUrl = (id) => (tenants.indexOf(id) < 5 ? failing('unavailable')() : Promise.resolve(true));
    for (let round = 0; round < 3; round++) await refresh(tenants);
    expect(tenants.slice(5).map((id) => brands.peek(id))).toEqual(tenants.slice(5).map(() => 'set'));
  });

  it('reports what changed, and forgets tenants that no offer depends on', async () => {
    await readAll(ids(1, 3));
    expect(changed).toEqual(ids(1, 3).map((id) => [id, 'set']));
    changed.length = 0;
    buyUrl = async () => false;
    await refresh(ids(1, 2));
    expect(changed).toEqual(ids(1, 2).map((id) => [id, 'notSet']));
    expect(brands.peek(idOf(3))).toBeUndefined();
  });

  it('asks for nothing that was read within the interval', async () => {
    await readAll(ids(1, 3));
    await clock.advance(intervalMs - 10_000);
    expect(await brands.refresh(new Set(ids(1, 3)), 10)).toBe(0);
    await clock.advance(10_000);
    expect(await brands.refresh(new Set(ids(1, 3)), 10)).toBe(2);
  });

  it('of 500 tenants below one parent takes two requests at most each time, and all are read within the interval', async () => {
    await readAll(ids(1, 500));
    await clock.advance(intervalMs);
    buyUrl = async () => false;
    const taken: number[] = [];
    for (let tick = 0; tick < 9; tick++) {
      taken.push(await brands.refresh(new Set(ids(1, 500)), 2));
      await clock.advance(60_000);
    }
    expect(Math.max(...taken)).toBe(2);
    expect(taken.reduce((sum, each) => sum + each, 0)).toBe(6);
    expect(new Set(ids(1, 500).map((id) => brands.peek(id)))).toEqual(new Set(['notSet']));
  });

  it('of tenants with a branding each takes no more either, and comes to every one in turn', async () => {
    for (const id of ids(1, 20)) own.add(id);
    await readAll(ids(1, 20));
    await clock.advance(intervalMs);
    read.length = 0;
    for (let tick = 0; tick < 20; tick++) {
      expect(await brands.refresh(new Set(ids(1, 20)), 2)).toBeLessThanOrEqual(2);
      await clock.advance(60_000);
    }
    expect(new Set(read)).toEqual(new Set(ids(1, 20)));
  });

  it('that fails keeps what is known, and ends after three failures', async () => {
    for (const id of ids(1, 50)) own.add(id);
    await readAll(ids(1, 50));
    [changed.length, read.length] = [0, 0];
    buyUrl = failing('unavailable');
    await refresh(ids(1, 50));
    expect([changed, read.length, brands.peek(idOf(50))]).toEqual([[], 3, 'set']);
  });
});

describe('what cannot be read', () => {
  it('is read by the next refresh after a minute where nothing is known, however long the interval is', async () => {
    buyUrl = failing('unavailable');
    expect(await readAll([idOf(1)])).toEqual(['unavailable']);
    buyUrl = async () => true;
    await clock.advance(60_000);
    expect(await brands.refresh(new Set([idOf(1)]), 2)).toBe(1);
    expect(changed).toEqual([[idOf(1), 'set']]);
  });

  it('is not what a refresh forgets while a reconcile waits for it', async () => {
    own = new Set(ids(1, 2));
    const second = Promise.withResolvers<boolean>();
    buyUrl = (id) => (id === idOf(1) ? Promise.resolve(true) : second.promise);
    const reading = Promise.all(ids(1, 2).map((id) => brands.read(id, always())));
    await clock.advance(1_000);
    const refreshing = brands.refresh(new Set(), 2);
    second.resolve(true);
    await refreshing;
    expect(await reading).toEqual(['set', 'set']);
  });

  it('is refused where the API client may not read brandings, and known as that', async () => {
    buyUrl = failing('forbidden');
    expect(await readAll([idOf(1)])).toEqual(['refused']);
    expect(await readAll([idOf(1)])).toEqual(['refused']);
    expect(read).toHaveLength(1);
  });

  it('is unavailable for a minute, and is then asked for again', async () => {
    buyUrl = failing('unavailable');
    expect(await readAll([idOf(1)])).toEqual(['unavailable']);
    expect(await readAll([idOf(1)])).toEqual(['unavailable']);
    expect(read).toHaveLength(1);
    buyUrl = async () => true;
    await clock.advance(60_000);
    expect(await readAll([idOf(1)])).toEqual(['set']);
  });

  it('holds a reconcile up for five seconds at most', async () => {
    const response = Promise.withResolvers<boolean>();
    buyUrl = () => response.promise;
    const reading = brands.read(idOf(1), always());
    await clock.advance(5_000);
    expect(await reading).toBe('unavailable');
    response.resolve(true);
    await clock.advance(0);
    expect([brands.peek(idOf(1)), changed]).toEqual(['set', [[idOf(1), 'set']]]);
  });

  it('because a reconcile is aborted says so', async () => {
    const stop = new AbortController();
    const reading = brands.read(idOf(1), stop.signal);
    stop.abort(new Error('stop'));
    await expect(reading).rejects.toThrow('stop');
    await clock.advance(1_000);
    expect(clock.timers).toBe(0);
  });
});
