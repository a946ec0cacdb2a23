import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../sandbox/until.ts';
import { ready, secret, World } from './world.ts';

const finalizer = 'upsell.acronis.com/revoke';

describe('deletionPolicy', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start({ perObjectSecrets: true });
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(() => {
    world.logOnFailure();
    world.acronis.reset();
  });

  it('Retain leaves the type, and holds nothing up', async () => {
    const { johnDoe } = world.acronis.cast;
    await world.upsell('retained', { userID: johnDoe });
    await world.untilReason('retained', 'BuyerAssigned');
    await world.ok('delete', 'tuu', 'retained', '--timeout=10s');
    expect(world.isBuyer(johnDoe)).toBe(true);
  });

  it('Revoke revokes the type, keeps the others, and reports it', async () => {
    const { companyAdmin } = world.acronis.cast;
    world.acronis.console.setTypes(companyAdmin, ['legacy']);
    await world.upsell('revoked', { userID: companyAdmin, deletionPolicy: 'Revoke' });
    const object = await world.untilReason('revoked', 'BuyerAssigned');
    expect(object.metadata.finalizers).toEqual([finalizer]);
    await world.ok('delete', 'tuu', 'revoked', '--timeout=10s');
    expect(world.user(companyAdmin).businessTypes).toEqual(['legacy']);
    expect(world.puts(companyAdmin)).toBe(2);
    const events = await until(
      'the event',
      () => world.events('revoked'),
      (seen) => seen.some((event) => event.reason === 'Revoked'),
    );
    expect(events.map((event) => event.reason)).toEqual(expect.arrayContaining(['Assigned', 'Revoked']));
  });

  it('the finalizer is there before the type is assigned', async () => {
    const { unitUser } = world.acronis.cast;
    world.acronis.faults.add({ kind: 'hang', routes: ['putUser'], id: unitUser, times: 1 });
    await world.upsell('held', { userID: unitUser, deletionPolicy: 'Revoke' });
    await until(
      'the PUT is on its way',
      () => world.acronis.ledger.stats().inFlight,
      (count) => count > 0,
    );
    expect((await world.get('held'))?.metadata.finalizers).toEqual([finalizer]);
    expect(world.isBuyer(unitUser)).toBe(false);
  });

  it('an object that may not touch its user gets no finalizer, and is deleted immediately', async () => {
    const { disabled, tenants } = world.acronis.cast;
    await world.upsell('mismatch', { userID: disabled, tenantID: tenants.unit, deletionPolicy: 'Revoke' });
    const object = await world.untilReason('mismatch', 'TenantMismatch');
    expect(object.metadata.finalizers).toEqual([]);
    await world.ok('delete', 'tuu', 'mismatch', '--timeout=10s');
  });

  it('switching from Revoke to Retain lets the finalizer go, and back again sets it', async () => {
    const { disabled } = world.acronis.cast;
    await world.upsell('switched', { userID: disabled, deletionPolicy: 'Revoke' });
    await world.until('switched', 'has the finalizer', (object) => object.metadata.finalizers.includes(finalizer));
    await world.upsell('switched', { userID: disabled, deletionPolicy: 'Retain' });
    await world.until('switched', 'has no finalizer', (object) => object.metadata.finalizers.length === 0);
    await world.upsell('switched', { userID: disabled, deletionPolicy: 'Revoke' });
    await world.until('switched', 'has it again', (object) => object.metadata.finalizers.includes(finalizer));
    expect(world.puts(disabled)).toBe(1);
  });

  it('a user who is gone holds nothing up', async () => {
    const { disabled } = world.acronis.cast;
    world.acronis.console.remove(disabled);
    await world.ok('delete', 'tuu', 'switched', '--timeout=15s');
  });

  it('a suspended object is still revoked when it is deleted', async () => {
    const { samRivers } = world.acronis.cast;
    await world.upsell('asleep', { userID: samRivers, deletionPolicy: 'Revoke' });
    await world.untilReason('asleep', 'BuyerAssigned');
    await world.upsell('asleep', { userID: samRivers, deletionPolicy: 'Revoke', suspend: true });
    await world.untilReason('asleep', 'Suspended');
    await world.ok('delete', 'tuu', 'asleep', '--timeout=15s');
    expect(world.isBuyer(samRivers)).toBe(false);
  });

  it('another object that names the user keeps the type', async () => {
    const [twin] = world.acronis.cast.twins;
    await world.upsell('first', { userID: twin, deletionPolicy: 'Revoke' });
    await world.untilReason('first', 'BuyerAssigned');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await world.upsell('second', { userID: twin });
    await world.untilReason('second', 'DuplicateClaim');
    await world.ok('delete', 'tuu', 'first', '--timeout=15s');
    await world.untilReason('second', 'BuyerAssigned', 10_000);
    expect(world.isBuyer(twin)).toBe(true);
    expect(world.puts(twin)).toBe(1);
  });

  it('credentials that went first are tried from memory', async () => {
    const [, twin] = world.acronis.cast.twins;
    const { url, clientId, clientSecret } = world.acronis;
    await world.apply(secret('short-lived', { url, clientID: clientId, clientSecret }));
    await world.upsell('orphan', {
      userID: twin,
      deletionPolicy: 'Revoke',
      credentialsSecretRef: { name: 'short-lived' },
    });
    await world.untilReason('orphan', 'BuyerAssigned');
    await world.ok('delete', 'secret', 'short-lived');
    await world.ok('delete', 'tuu', 'orphan', '--timeout=15s');
    expect(world.isBuyer(twin)).toBe(false);
  });
});

it('a revocation that cannot be done says why, and is given up in the end, loudly', async () => {
  await using world = await World.start({ flags: ['--revoke-give-up-after=6s'] });
  world.logOnFailure();
  const { johnDoe } = world.acronis.cast;
  await world.upsell('john', { userID: johnDoe, deletionPolicy: 'Revoke' });
  await world.untilReason('john', 'BuyerAssigned');
  world.acronis.faults.add({ kind: 'status', status: 503, body: 'html' });
  await world.ok('delete', 'tuu', 'john', '--wait=false');
  const held = await world.until('john', 'is held', (object) => ready(object)?.reason === 'Unavailable');
  expect(ready(held)?.message).toMatch(/^Deletion waits/);
  await world.untilGone('john', 30_000);
  expect(world.isBuyer(johnDoe)).toBe(true);
  const events = await until(
    'the event',
    () => world.events('john'),
    (seen) => seen.some((event) => event.reason === 'RevocationGivenUp'),
  );
  expect(events.find((event) => event.reason === 'RevocationGivenUp')).toMatchObject({
    type: 'Warning',
    message: expect.stringContaining(johnDoe),
  });
  const metrics = await (await fetch(world.operator.metrics)).text();
  expect(metrics).toMatch(/^acronis_upsell_revocations_given_up_total(\{.*\})? 1$/m);
});

it('a deletion that was asked for while no operator ran is finished by the next one', async () => {
  await using world = await World.start();
  world.logOnFailure();
  const { johnDoe } = world.acronis.cast;
  await world.upsell('john', { userID: johnDoe, deletionPolicy: 'Revoke' });
  await world.untilReason('john', 'BuyerAssigned');
  await world.operator.stop();
  await world.ok('delete', 'tuu', 'john', '--wait=false');
  await world.startAgain();
  await world.untilGone('john');
  expect(world.isBuyer(johnDoe)).toBe(false);
});
