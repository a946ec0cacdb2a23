/** Everything that runs while this process leads, together: the queue, the reconciles, the change feed, the resync and the credentials. */

import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { connectAccountTriggers } from '../../../src/controllers/upsell/triggers/account-triggers.ts';
import { connectTriggers } from '../../../src/controllers/upsell/triggers/triggers.ts';
import { createPolicyStore } from '../../../src/fleet/cache/policies.ts';
import { createAccountLoops } from '../../../src/operator/account-loops.ts';
import { runAll } from '../../../src/operator/loops.ts';
import { createUpsellController } from '../../../src/operator/upsell-controller.ts';
import { WorkQueue } from '../../../src/runtime/workqueue/queue.ts';
import { quietMetrics } from '../../support/quiet.ts';
import { answered, otherUserId, userId } from '../controllers/upsell/fake-acronis.ts';
import { failing } from '../controllers/upsell/fake-cluster.ts';
import { createWorld, ownValues, type World } from '../controllers/upsell/world.ts';
import { RecordedControllerMetrics } from '../runtime/recording.ts';

let world: World;
let metrics: RecordedControllerMetrics;
let stop: AbortController;
let ended: Promise<void>;

beforeEach(() => {
  world = createWorld();
  metrics = new RecordedControllerMetrics();
  stop = new AbortController();
  const { clock, context } = world;
  const accountLoops = createAccountLoops({
    ...context,
    policies: createPolicyStore(context.log),
    driftIntervalMs: 60_000,
  });
  const controller = createUpsellController({
    context,
    queue: new WorkQueue({ clock, random: () => 0, metrics: quietMetrics.queue, maxInFlight: 4 }),
    triggers: (verifier) => {
      connectTriggers({ ...context, verifier });
      connectAccountTriggers({ ...context, verifier });
    },
    accountLoops,
    brands: world.brands,
    brandIntervalMs: 600_000,
    driftIntervalMs: 60_000,
    resyncIntervalMs: 3_600_000,
    controllerMetrics: metrics,
    hardStop: new AbortController().signal,
  });
  ended = runAll([controller, ...accountLoops.loops], stop.signal);
  onTestFinished(async () => {
    stop.abort(new Error('stop'));
    await world.clock.advance(0);
    await ended;
    expect(metrics.panics, 'nothing unexpected happened').toBe(0);
  });
});

const withSecret = { credentialsSecretRef: { name: 'theirs' } };
const writes = () => [world.cluster.patches.length, world.acronis.puts.length, world.events.length];

it('an object becomes true as soon as it is there, and a steady state is silent for hours', async () => {
  world.acronis.add({ id: userId });
  const key = world.cluster.create({ userID: userId });
  await world.clock.advance(100);
  expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  const before = writes();
  await world.clock.advance(3 * 3_600_000);
  expect(writes()).toEqual(before);
});

it('what an administrator removes in the console is assigned again within the drift interval', async () => {
  const user = world.acronis.add({ id: userId });
  world.cluster.create({ userID: userId });
  await world.clock.advance(100);
  Object.assign(user, { version: 10, business_types: [] });
  world.acronis.changed = [userId];
  await world.clock.advance(61_000);
  expect(user).toMatchObject({ business_types: ['buyer'], version: 11 });
  expect(world.acronis.puts).toHaveLength(2);
});

it('what the feed does not show is found by the resync', async () => {
  const user = world.acronis.add({ id: userId });
  world.cluster.create({ userID: userId });
  await world.clock.advance(100);
  Object.assign(user, { version: 10, business_types: [] });
  await world.clock.advance(30 * 60_000);
  expect(user.business_types).toEqual([]);
  await world.clock.advance(91 * 60_000);
  expect(user.business_types).toEqual(['buyer']);
});

describe('credentials', () => {
  const account = (clientId: string) =>
    world.context.accounts.of({ url: `${ownValues.url}/api/2`, clientId, clientSecret: ownValues.clientSecret });

  it('that come are used within seconds, by every object that waits for them', async () => {
    world.acronis.add({ id: userId });
    world.acronis.add({ id: otherUserId });
    const keys = [userId, otherUserId].map((userID, at) =>
      world.cluster.create({ userID, ...withSecret }, { name: `x-${at}` }),
    );
    await world.clock.advance(100);
    expect(keys.map((key) => world.cluster.reason(key))).toEqual(['CredentialsMissing', 'CredentialsMissing']);
    world.cluster.secrets.set('customers/theirs', ownValues);
    await world.clock.advance(25_000);
    expect(keys.map((key) => world.cluster.reason(key))).toEqual(['BuyerAssigned', 'BuyerAssigned']);
  });

  it('that are rotated are used within seconds, the old ones no more, and no object is reconciled for it', async () => {
    world.acronis.add({ id: userId });
    world.acronis.add({ id: otherUserId });
    world.cluster.secrets.set('customers/theirs', { ...ownValues, clientID: 'old' });
    world.cluster.create({ userID: userId, ...withSecret }, { name: 'theirs' });
    world.cluster.create({ userID: otherUserId }, { name: 'own' });
    await world.clock.advance(100);
    const old = account('old');
    const own = account(ownValues.clientID);
    const reconciles = metrics.results.length;
    world.acronis.tokenRequests.length = 0;
    world.cluster.secrets.set('customers/theirs', { ...ownValues, clientID: 'new' });
    await world.clock.advance(25_000);
    expect(metrics.results).toHaveLength(reconciles);
    expect(world.acronis.tokenRequests).toEqual([`Basic ${btoa('new:canary-client-secret')}`]);
    expect(account(ownValues.clientID)).toBe(own);
    expect(account('old'), 'the old account and its token are forgotten').not.toBe(old);
  });

  it('that are rotated while Acronis does not respond flip no object: nothing is written until it responds again', async () => {
    world.cluster.secrets.set('customers/theirs', { ...ownValues, clientID: 'old' });
    for (let n = 0; n < 50; n++) {
      const id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
      world.acronis.add({ id });
      world.cluster.create({ userID: id, ...withSecret }, { name: `x-${n}` });
    }
    await world.clock.advance(5_000);
    const before = writes();
    for (const operation of ['token', 'get', 'batch'] as const)
      world.acronis.always(operation, () => {
        throw answered(502);
      });
    world.cluster.secrets.set('customers/theirs', { ...ownValues, clientID: 'new' });
    await world.clock.advance(10 * 60_000);
    expect(writes()).toEqual(before);
    for (const operation of ['token', 'get', 'batch'] as const) world.acronis.always(operation, undefined);
    await world.clock.advance(5 * 60_000);
    expect(writes()).toEqual(before);
    expect(world.acronis.tokenRequests.at(-1)).toBe(`Basic ${btoa('new:canary-client-secret')}`);
  });

  it('that no object names any more are forgotten with their token', async () => {
    world.acronis.add({ id: userId });
    world.cluster.secrets.set('customers/theirs', { ...ownValues, clientID: 'old' });
    const key = world.cluster.create({ userID: userId, ...withSecret });
    await world.clock.advance(100);
    const old = account('old');
    world.cluster.delete(key);
    await world.clock.advance(125_000);
    expect(account('old')).not.toBe(old);
  });

  it('that are wrong take down no object of another account, and are left as soon as they are right', async () => {
    world.acronis.add({ id: userId });
    world.acronis.add({ id: otherUserId });
    world.acronis.always('token', (apply, { headers }) => {
      if (headers['authorization'] === `Basic ${btoa('wrong:canary-client-secret')}`)
        throw answered(401, { error: 'invalid_client' });
      return apply();
    });
    world.cluster.secrets.set('customers/theirs', { ...ownValues, clientID: 'wrong' });
    const theirs = world.cluster.create({ userID: userId, ...withSecret }, { name: 'theirs' });
    const own = world.cluster.create({ userID: otherUserId }, { name: 'own' });
    await world.clock.advance(5_000);
    expect([theirs, own].map((key) => world.cluster.reason(key))).toEqual(['CredentialsRejected', 'BuyerAssigned']);
    world.cluster.secrets.set('customers/theirs', ownValues);
    await world.clock.advance(25_000);
    expect(world.cluster.reason(theirs)).toBe('BuyerAssigned');
  });

  it('one Secret that cannot be read does not keep the feeds of others from being asked', async () => {
    const user = world.acronis.add({ id: userId });
    world.cluster.create({ userID: userId });
    world.cluster.create({ userID: otherUserId, ...withSecret }, { name: 'broken' });
    world.cluster.fail(
      ({ path }) => path.includes('/secrets/'),
      () => failing(500),
      1_000,
    );
    await world.clock.advance(100);
    Object.assign(user, { version: 10, business_types: [] });
    world.acronis.changed = [userId];
    await world.clock.advance(61_000);
    expect(user.business_types).toEqual(['buyer']);
  });
});

it('two objects that name one user settle, and the younger one takes over immediately when the older one goes', async () => {
  world.acronis.add({ id: userId });
  const young = world.cluster.create({ userID: userId }, { name: 'young', createdAt: '2026-01-02T03:00:01Z' });
  await world.clock.advance(100);
  expect(world.cluster.reason(young)).toBe('BuyerAssigned');
  const old = world.cluster.create({ userID: userId, deletionPolicy: 'Revoke' }, { name: 'old' });
  await world.clock.advance(100);
  expect([old, young].map((key) => world.cluster.reason(key))).toEqual(['BuyerAssigned', 'DuplicateClaim']);
  const before = writes();
  await world.clock.advance(20 * 60_000);
  expect(writes()).toEqual(before);
  world.cluster.delete(old);
  await world.clock.advance(100);
  expect(world.cluster.has(old)).toBe(false);
  expect(world.cluster.reason(young)).toBe('BuyerAssigned');
  expect(world.acronis.puts, 'the type was never taken away in between').toHaveLength(1);
});

it('an older object with other credentials has the user once it has shown that it reaches it', async () => {
  world.acronis.add({ id: userId });
  const old = world.cluster.create({ userID: userId, ...withSecret }, { name: 'old' });
  const young = world.cluster.create({ userID: userId }, { name: 'young', createdAt: '2026-01-02T03:00:01Z' });
  await world.clock.advance(100);
  expect([old, young].map((key) => world.cluster.reason(key))).toEqual(['CredentialsMissing', 'BuyerAssigned']);
  world.cluster.secrets.set('customers/theirs', ownValues);
  await world.clock.advance(25_000);
  expect([old, young].map((key) => world.cluster.reason(key))).toEqual(['BuyerAssigned', 'DuplicateClaim']);
  expect(world.acronis.puts).toHaveLength(1);
});

it('an outage is written once to each object, and is over a minute after it ends', async () => {
  world.acronis.add({ id: userId });
  world.acronis.always('get', () => {
    throw answered(502);
  });
  const key = world.cluster.create({ userID: userId });
  await world.clock.advance(30 * 60_000);
  expect(world.cluster.reason(key)).toBe('Unavailable');
  expect(world.cluster.patches).toHaveLength(1);
  expect(world.events).toHaveLength(1);
  expect(world.acronis.count('get')).toBeLessThan(60);
  world.acronis.always('get', undefined);
  await world.clock.advance(66_000);
  expect(world.cluster.reason(key)).toBe('BuyerAssigned');
});

it('stopped, it drains what is in flight, and leaves no timer', async () => {
  world.acronis.add({ id: userId });
  const response = Promise.withResolvers<void>();
  world.acronis.next('put', async (apply) => {
    await response.promise;
    return apply();
  });
  const key = world.cluster.create({ userID: userId });
  await world.clock.advance(100);
  expect(world.acronis.puts).toHaveLength(1);
  stop.abort(new Error('stop'));
  await world.clock.advance(1_000);
  response.resolve();
  await world.clock.advance(0);
  await ended;
  expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  expect(world.clock.timers).toBe(0);
});
