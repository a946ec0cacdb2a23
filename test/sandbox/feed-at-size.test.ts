/** The change feed over 50,000 users and 50,000 objects: what drift costs, what own writes cost, and what an incorrect feed costs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FaultInput } from '../../sandbox/acronis/faults.ts';
import type { SwitchInput } from '../../sandbox/acronis/switches.ts';
import { LargeFleet } from './large-fleet.ts';

const size = 50_000;
/** Users that the feed shows on one page. */
const pageSize = 2_000;
const minute = 60_000;
const hour = 60 * minute;
/** Hours pass in seconds, on a quiet machine in two each. */
const timeout = 120_000;

let large: LargeFleet;
beforeAll(async () => {
  large = await LargeFleet.start(size);
}, timeout);
afterAll(() => large?.[Symbol.asyncDispose]());

/** So many users all over the fleet, none of them among the first thousand, never two of one slice of the resync where they are few. */
const some = (count: number): string[] => {
  const step = 2 * Math.floor((size - 1_002) / count / 2);
  return Array.from({ length: count }, (_, at) => large.users[1_000 + at * step + (at % 2)] ?? '');
};
const strip = (users: readonly string[]) => {
  for (const id of users) large.acronis.console.strip(id);
};
const buyers = (users: readonly string[]): number =>
  users.filter((id) => large.acronis.directory.get(id)?.businessTypes.includes('buyer')).length;
const puts = () => {
  const { putsApplied, putConflicts, usersPutMoreThanOnce } = large.acronis.ledger.stats();
  return { putsApplied, putConflicts, usersPutMoreThanOnce };
};
/** Of fifty tenants below two: one branding for each of the two, a minute apart, and each time where the tenants stand that are left. */
const brands = { getTenants: 2, getBrand: 2 };
const once = (count: number) => ({ putsApplied: count, putConflicts: 0, usersPutMoreThanOnce: 0 });

test('while nothing changes, 50,000 objects cost one request per interval, and no write', { timeout }, async () => {
  await large.serve();
  await large.pass(10 * minute);
  expect(large.requests()).toEqual({ token: 1, getClient: 1, feed: 10, ...brands });
  expect(large.cluster.patches).toEqual([]);
});

describe.each([1, 250, 5_000])('drift in %d of 50,000 users', (count) => {
  const pages = Math.ceil(count / pageSize);
  let drifted: readonly string[];
  beforeAll(async () => {
    await large.serve();
    await large.pass(minute);
    large.requests();
    drifted = some(count);
    strip(drifted);
  }, timeout);

  test('is seen by the next poll and corrected, with one PUT each', { timeout }, async () => {
    await large.pass(minute + 5_000);
    expect(buyers(drifted)).toBe(count);
    expect(puts()).toEqual(once(count));
    expect(large.drift.corrected).toBe(count);
    expect(large.cluster.patches).toHaveLength(count);
    const { feed = 0, getUser = 0, getUsers = 0, putUser, ...rest } = large.requests();
    expect(rest).toEqual({});
    expect(putUser).toBe(count);
    // What is corrected while the poll is still read comes once more, at its end.
    expect(feed).toBeGreaterThanOrEqual(pages);
    expect(feed).toBeLessThanOrEqual(Math.ceil((2 * count) / pageSize));
    // One alone is read alone; many travel together.
    if (count === 1) expect({ getUser, getUsers }).toEqual({ getUser: 0, getUsers: 1 });
    else expect(getUser + getUsers).toBeLessThanOrEqual(count / 10);
  });

  test('costs nothing more afterwards: the feed names it once again, and it is known for our own write', {
    timeout,
  }, async () => {
    const before = { ...large.drift };
    await large.pass(5 * minute);
    expect(large.requests()).toEqual({ feed: pages + 4 });
    expect(large.drift).toEqual(before);
    expect(puts()).toEqual(once(count));
    expect(large.cluster.patches).toHaveLength(count);
  });
});

test('a change that keeps the type is noted in the status, and nothing is written to Acronis', {
  timeout,
}, async () => {
  await large.serve();
  await large.pass(minute);
  large.requests();
  for (const id of some(250)) large.acronis.console.touch(id);
  await large.pass(minute + 1_000);
  const { getUser = 0, getUsers = 0, ...rest } = large.requests();
  expect(rest).toEqual({ feed: 1 });
  expect(getUser + getUsers).toBeLessThanOrEqual(25);
  expect(large.cluster.patches).toHaveLength(250);
  expect(puts()).toEqual(once(0));
});

test('users that no object names cost their place on the page and nothing else', { timeout }, async () => {
  await large.serve();
  await large.pass(minute);
  large.requests();
  const { tenants } = large.acronis.cast;
  for (let at = 0; at < 3_000; at++)
    large.acronis.console.add({ login: `newcomer-${at}`, tenantId: tenants.customers[0] ?? '' });
  await large.pass(minute + 1_000);
  expect(large.requests()).toEqual({ feed: 2 });
  expect(large.drift.found).toBe(0);
});

test('clocks that differ by less than the overlap hide nothing', { timeout }, async () => {
  await large.serve();
  for (const clockSkewMs of [-90_000, 90_000]) {
    large.acronis.switches.set({ clockSkewMs });
    await large.pass(5 * minute);
    const drifted = some(250);
    strip(drifted);
    await large.pass(minute + 1_000);
    expect(buyers(drifted)).toBe(250);
  }
});

test('a feed that shows what it showed before once more on each page is believed once', { timeout }, async () => {
  await large.serve();
  large.acronis.switches.set({ feed: 'repeats' });
  await large.pass(minute);
  large.requests();
  const drifted = some(5_000);
  strip(drifted);
  await large.pass(minute + 5_000);
  expect(buyers(drifted)).toBe(5_000);
  expect(puts()).toEqual(once(5_000));
  expect(large.cluster.patches).toHaveLength(5_000);
  const { getUser = 0, getUsers = 0, feed = 0, ...rest } = large.requests();
  expect(rest).toEqual({ putUser: 5_000 });
  expect(feed).toBeLessThanOrEqual(5);
  expect(getUser + getUsers).toBeLessThanOrEqual(500);
});

interface Trouble {
  readonly what: string;
  readonly switches?: SwitchInput;
  readonly faults?: readonly FaultInput[];
  /** How many of the 250 the feed shows all the same. */
  readonly shown: number;
  /** What the feed is asked in an hour. */
  readonly feed: number;
  /** The most batches that are read because of what it says, beside those of the resync. */
  readonly batches: number;
}
const troubles: readonly Trouble[] = [
  { what: 'is refused', switches: { feed: 'refused' }, shown: 0, feed: 60, batches: 0 },
  { what: 'leaves out every second user', switches: { feed: 'omits' }, shown: 125, feed: 60, batches: 3 },
  { what: 'shows the same page for ever', switches: { feed: 'loops' }, shown: 250, feed: 120, batches: 5 },
  { what: 'goes backwards', switches: { feed: 'backwards' }, shown: 0, feed: 60, batches: 65 },
  { what: 'has a clock ten minutes behind', switches: { clockSkewMs: -600_000 }, shown: 0, feed: 60, batches: 0 },
  { what: 'has a clock ten minutes ahead', switches: { clockSkewMs: 600_000 }, shown: 250, feed: 60, batches: 5 },
  {
    what: 'responds with anything but a page',
    faults: [
      { kind: 'status', status: 500, body: 'html', routes: ['feed'], times: 20 },
      { kind: 'garbage', form: 'otherJson', routes: ['feed'], times: 20 },
      // A page that is cut is asked for again immediately: two of these for each of the last twenty polls.
      { kind: 'cut', moment: 'midBody', routes: ['feed'], times: 40 },
    ],
    shown: 0,
    feed: 80,
    batches: 0,
  },
];

test.each(troubles)(
  'a feed that $what costs time only: the resync finds the rest, and each is written once',
  { timeout },
  async ({ switches, faults, shown, feed, batches }) => {
    await large.serve({ resyncIntervalMs: hour });
    if (switches !== undefined) large.acronis.switches.set(switches);
    for (const fault of faults ?? []) large.acronis.faults.add(fault);
    const drifted = some(250);
    strip(drifted);
    await large.pass(minute + 1_000);
    expect(buyers(drifted)).toBe(shown);
    await large.pass(hour - minute);
    expect(buyers(drifted)).toBe(250);
    expect(puts()).toEqual(once(250));
    expect(large.cluster.patches).toHaveLength(250);
    const { getUsers, ...rest } = large.requests();
    expect(rest).toEqual({ token: 1, getClient: 1, feed, putUser: 250, ...brands });
    expect(getUsers).toBeGreaterThanOrEqual(size / 100);
    // Those that only the resync found are alone in their slice.
    if (batches === 0) expect(getUsers).toBe(size / 100 + 250);
    else expect(getUsers).toBeLessThanOrEqual(size / 100 + batches + 250 - shown);
    expect(large.log.at('error')).toEqual([]);
  },
);
