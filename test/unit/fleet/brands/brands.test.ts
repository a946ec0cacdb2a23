import { describe, expect, it, onTestFinished } from 'vitest';
import type { Account } from '../../../../src/fleet/accounts/accounts.ts';
import { createBrands } from '../../../../src/fleet/brands/brands.ts';
import { createFleet, type Fleet } from '../../../../src/fleet/cache/objects.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { quietLog } from '../../../support/quiet.ts';
import { always } from '../../../support/signal.ts';
import { userId } from '../../controllers/upsell/fake-acronis.ts';
import { FakeCluster } from '../../controllers/upsell/fake-cluster.ts';

it('an account that was forgotten and is used again is asked through its own limits and connections', async () => {
  const clock = new ManualClock();
  const brands = createBrands({
    fleet: createFleet(quietLog),
    sources: { read: async () => ({ kind: 'missing', problem: 'No Secret.' }) },
    accounts: {
      of: () => {
        throw new Error('there are no credentials');
      },
    },
    intervalMs: 3_600_000,
    clock,
    lifetime: always(),
  });
  const made = (hasUrl: boolean) => ({
    id: 'account',
    branding: { getTenants: async () => [], hasBuyUrl: async () => hasUrl },
  });
  const ask = async (account: ReturnType<typeof made>, tenant: string) => {
    const read = brands.read(account, tenant, always());
    await clock.advance(100);
    return await read;
  };
  expect(await ask(made(true), 'tenant-1')).toBe('set');
  expect(await ask(made(false), 'tenant-2')).toBe('notSet');
});

it('refreshing takes two requests a minute of an account at most, from the start on, however many tenants have a branding of their own', async () => {
  const clock = new ManualClock();
  const fleet = createFleet(quietLog);
  const cluster = new FakeCluster(fleet);
  const stop = new AbortController();
  const requests: number[] = [];
  const read = new Set<string>();
  const account = {
    id: 'account',
    branding: {
      async getTenants(ids: readonly string[]) {
        requests.push(clock.now());
        return ids.map((id) => ({ id, parentId: undefined, hasOwnBrand: true }));
      },
      async hasBuyUrl(id: string) {
        requests.push(clock.now());
        read.add(id);
        return true;
      },
    },
  };
  const brands = createBrands({
    fleet,
    sources: { read: async () => ({ kind: 'found', credentials: { url: 'u', clientId: 'c', clientSecret: 's' } }) },
    accounts: { of: () => account },
    intervalMs: 600_000,
    clock,
    lifetime: always(),
  });
  for (let at = 0; at < 50; at++) {
    const key = cluster.create({ userID: userId }, { name: `x-${at}` });
    cluster.setStatus(key, { tenantID: `tenant-${at}`, offer: 'BuyNow' });
  }
  const start = clock.now();
  const run = brands.run(stop.signal);
  for (let minute = 0; minute < 60; minute++) await clock.advance(60_000);
  stop.abort();
  await clock.advance(60_000);
  await run;
  const perMinute = Map.groupBy(requests, (at) => Math.floor((at - start) / 60_000));
  expect(Math.max(...[...perMinute.values()].map(({ length }) => length))).toBe(2);
  expect(read.size, 'every tenant in turn').toBe(50);
  expect(brands.requestsPerInterval).toBeLessThanOrEqual(20);
  expect(brands.requestsPerInterval).toBeGreaterThanOrEqual(18);
});

describe('a refresh', () => {
  let clock: ManualClock;
  let fleet: Fleet;
  let cluster: FakeCluster;
  let hasUrl: (tenant: string) => Promise<boolean>;
  const read: string[] = [];

  /** An account for each Secret. */
  const start = () => {
    clock = new ManualClock();
    fleet = createFleet(quietLog);
    cluster = new FakeCluster(fleet);
    read.length = 0;
    hasUrl = async () => true;
    const byName = new Map<string, { id: string; branding: Account['branding'] }>();
    const brands = createBrands({
      fleet,
      sources: {
        read: async (source) => ({ kind: 'found', credentials: { url: 'u', clientId: source, clientSecret: 's' } }),
      },
      accounts: {
        of({ clientId: id }) {
          const account = byName.get(id) ?? {
            id,
            branding: {
              getTenants: async () => [],
              hasBuyUrl: (tenant) => {
                read.push(tenant);
                return hasUrl(tenant);
              },
            },
          };
          byName.set(id, account);
          return account;
        },
      },
      intervalMs: 600_000,
      clock,
      lifetime: always(),
    });
    const stop = new AbortController();
    const run = brands.run(stop.signal);
    onTestFinished(async () => {
      stop.abort(new Error('stop'));
      await run;
    });
    return brands;
  };
  const object = (name: string, status: Record<string, unknown>, fields: Record<string, unknown> = {}) => {
    const key = cluster.create({ userID: userId, credentialsSecretRef: { name }, ...fields }, { name });
    cluster.setStatus(key, { tenantID: `tenant-${name}`, offer: 'BuyNow', ...status });
    return key;
  };

  it('of an account that hangs holds up that of no other, nor the end of the process', async () => {
    start();
    hasUrl = (tenant) => (tenant === 'tenant-hangs' ? new Promise(() => {}) : Promise.resolve(true));
    object('hangs', {});
    object('fine', {});
    for (let minute = 0; minute < 25; minute++) await clock.advance(60_000);
    expect(read.filter((tenant) => tenant === 'tenant-fine')).toHaveLength(3);
    expect(read.filter((tenant) => tenant === 'tenant-hangs')).toHaveLength(1);
  });

  it('reads nothing for an object that is suspended', async () => {
    start();
    object('asleep', {}, { suspend: true });
    await clock.advance(60_000);
    expect(read).toEqual([]);
  });

  it('says of each account what this one is shown, where two see the same tenant', async () => {
    const brands = start();
    const heard: unknown[] = [];
    brands.subscribe((changed) => heard.push(...[...changed].map(([account, tenants]) => [account, ...tenants])));
    const account = (id: string, has: boolean) => ({
      id,
      branding: { getTenants: async () => [], hasBuyUrl: async () => has },
    });
    for (const each of [account('a', true), account('b', false)]) void brands.read(each, 'tenant-both', always());
    await clock.advance(2_000);
    expect(heard).toEqual([
      ['a', ['tenant-both', 'set']],
      ['b', ['tenant-both', 'notSet']],
    ]);
  });

  it('says once more what became known while a status that does not know it was on its way', async () => {
    const brands = start();
    const heard: string[][] = [];
    brands.subscribe((changed) => {
      for (const [account, tenants] of changed) heard.push([account, ...tenants.keys()]);
    });
    const late = Promise.withResolvers<boolean>();
    hasUrl = () => late.promise;
    const account = { id: 'new', branding: { getTenants: async () => [], hasBuyUrl: () => late.promise } };
    const reading = brands.read(account, 'tenant-new', always());
    await clock.advance(5_000);
    expect(await reading, 'reported as not known').toBe('unavailable');
    late.resolve(true);
    for (let minute = 0; minute < 5; minute++) await clock.advance(60_000);
    expect(heard).toEqual([
      ['new', 'tenant-new'],
      ['new', 'tenant-new'],
    ]);
  });
});
