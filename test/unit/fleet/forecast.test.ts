import { beforeEach, expect, it } from 'vitest';
import { createFleet, type Fleet } from '../../../src/fleet/cache/objects.ts';
import { forecast } from '../../../src/fleet/forecast.ts';
import { quietLog } from '../../support/quiet.ts';
import { userId } from '../controllers/upsell/fake-acronis.ts';
import { FakeCluster } from '../controllers/upsell/fake-cluster.ts';

const hour = 3_600_000;
let fleet: Fleet;
let cluster: FakeCluster;

beforeEach(() => {
  fleet = createFleet(quietLog);
  cluster = new FakeCluster(fleet);
});
const create = (count: number, spec: (at: number) => object = () => ({})) => {
  for (let at = 0; at < count; at++) cluster.create({ userID: userId, ...spec(at) }, { name: `x-${at}` });
};
const settings = { driftIntervalMs: 60_000, resyncIntervalMs: hour, brandIntervalMs: hour / 6, requestsPerInterval: 0 };

it('an empty fleet costs the change feed only, and without an account nothing', async () => {
  expect(await forecast({ fleet, accounts: 1, ...settings })).toEqual({ feed: 60, resync: 0, brands: 0 });
  expect(await forecast({ fleet, accounts: 0, ...settings })).toEqual({ feed: 0, resync: 0, brands: 0 });
});

it('a hundred users of one account are one read', async () => {
  create(1_050);
  expect(await forecast({ fleet, accounts: 1, ...settings })).toEqual({ feed: 60, resync: 11, brands: 0 });
});

it('suspended objects cost nothing', async () => {
  create(1_000, () => ({ suspend: true }));
  expect((await forecast({ fleet, accounts: 1, ...settings })).resync).toBe(0);
});

it('shorter intervals cost more', async () => {
  create(1_000);
  const { feed, resync } = await forecast({
    fleet,
    accounts: 1,
    ...settings,
    driftIntervalMs: 10_000,
    resyncIntervalMs: hour / 4,
  });
  expect([feed, resync]).toEqual([360, 40]);
});

it('users of different Secrets are not read together', async () => {
  create(200, (at) => ({ credentialsSecretRef: { name: `secret-${at % 10}` } }));
  expect(await forecast({ fleet, accounts: 10, ...settings })).toEqual({ feed: 600, resync: 20, brands: 0 });
});

it('many Secrets with the same credentials are one account, and have one feed', async () => {
  create(200, (at) => ({ credentialsSecretRef: { name: `secret-${at % 10}` } }));
  expect((await forecast({ fleet, accounts: 1, ...settings })).feed).toBe(60);
});

it('branding costs what its last refresh took, once per interval', async () => {
  expect((await forecast({ fleet, accounts: 1, ...settings, requestsPerInterval: 7 })).brands).toBe(42);
});
