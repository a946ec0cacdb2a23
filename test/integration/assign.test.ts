import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../sandbox/until.ts';
import { ready, stalled, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => world.logOnFailure());

describe('an object that names a user by id', () => {
  it('makes the user a buyer with one PUT of exactly business_types and version', async () => {
    const { johnDoe, tenants } = world.acronis.cast;
    await world.upsell('john', { userID: johnDoe, tenantID: tenants.partner });
    const object = await world.untilReason('john', 'BuyerAssigned');

    expect(world.user(johnDoe).businessTypes).toEqual(['buyer']);
    expect(world.puts(johnDoe)).toBe(1);
    const [write] = world.acronis.ledger.writesOf(johnDoe);
    expect(write).toMatchObject({ by: 'put', before: 1, after: 2, fields: ['businessTypes'] });
    expect(object.status).toMatchObject({
      observedGeneration: object.metadata.generation,
      observedVersion: world.user(johnDoe).version,
      userID: johnDoe,
      tenantID: tenants.partner,
      businessTypes: ['buyer'],
    });
    expect(ready(object)).toMatchObject({ status: 'True', observedGeneration: 1 });
    expect(stalled(object)).toBeUndefined();
    expect(object.metadata.finalizers).toEqual([]);
  });

  it('reports the assignment as an event, with the revisions and without a name', async () => {
    const events = await until(
      'the event',
      () => world.events('john'),
      (seen) => seen.length > 0,
    );
    expect(events.map(({ type, reason, message }) => ({ type, reason, message }))).toEqual([
      { type: 'Normal', reason: 'Assigned', message: 'Assigned buyer to the user, revision 1 to 2.' },
    ]);
  });

  it('sends no PUT and no patch in the next resync', async () => {
    const { johnDoe } = world.acronis.cast;
    const before = await world.untilReason('john', 'BuyerAssigned');
    await world.afterResync();
    expect((await world.get('john'))?.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    expect(world.puts(johnDoe)).toBe(1);
    expect(await world.events('john')).toHaveLength(1);
  });

  it('assigns the type again when an administrator removes it', async () => {
    const { johnDoe } = world.acronis.cast;
    world.acronis.console.strip(johnDoe);
    await until('the type is back', () => world.isBuyer(johnDoe), Boolean);
    const revision = world.user(johnDoe).version;
    await world.until('john', `has seen revision ${revision}`, (object) => object.status.observedVersion === revision);
    expect(world.puts(johnDoe)).toBe(2);
  });

  it('follows the revision when another field changes, without a PUT', async () => {
    const { johnDoe } = world.acronis.cast;
    const puts = world.puts(johnDoe);
    world.acronis.console.touch(johnDoe);
    const revision = world.user(johnDoe).version;
    await world.until('john', `has seen revision ${revision}`, (object) => object.status.observedVersion === revision);
    expect(world.puts(johnDoe)).toBe(puts);
  });

  it('is reconciled immediately when requestedAt gets a new value, which is echoed', async () => {
    await world.ok('annotate', 'tuu', 'john', 'upsell.acronis.com/requestedAt=now-please');
    await world.until('john', 'echoes it', (object) => object.status.lastHandledReconcileAt === 'now-please');
  });
});

describe('a user who is a buyer already', () => {
  it('is Ready without any PUT', async () => {
    const { buyer } = world.acronis.cast;
    await world.upsell('bea', { userID: buyer });
    const object = await world.untilReason('bea', 'BuyerAssigned');
    expect(object.status.observedVersion).toBe(world.user(buyer).version);
    expect(world.puts(buyer)).toBe(0);
  });
});

describe('an object that names a user by login', () => {
  it('finds the one whose login matches exactly among those that begin alike', async () => {
    const { samRivers } = world.acronis.cast;
    await world.upsell('sam', { login: 'sam.rivers', tenantID: world.user(samRivers).tenant.id });
    const object = await world.untilReason('sam', 'BuyerAssigned');
    expect(object.status.userID).toBe(samRivers);
    expect(world.isBuyer(samRivers)).toBe(true);
  });

  it('searches once: later reconciles go by the id in the status', async () => {
    const searches = world.acronis.ledger.count('search');
    await world.afterResync();
    expect(world.acronis.ledger.count('search')).toBe(searches);
  });

  it('says so, stalled, where no user of the tenant has it', async () => {
    await world.upsell('unknown', { login: 'no.such.person', tenantID: world.acronis.cast.tenants.partner });
    const object = await world.untilReason('unknown', 'UserNotFound');
    expect(ready(object)?.status).toBe('False');
    expect(stalled(object)).toMatchObject({ status: 'True', reason: 'UserNotFound' });
  });

  it('is made true as soon as the user exists and the login is asked for again', async () => {
    const { partner } = world.acronis.cast.tenants;
    world.acronis.directory.add({
      id: '77777777-7777-4777-8777-777777777777',
      login: 'no.such.person',
      tenant: tenantOf(partner),
      firstname: 'Now',
      lastname: 'There',
    });
    await world.ok('annotate', 'tuu', 'unknown', 'upsell.acronis.com/requestedAt=again');
    const object = await world.untilReason('unknown', 'BuyerAssigned');
    expect(stalled(object)).toBeUndefined();
  });
});

describe('an object that names a user by an id of the partner', () => {
  it('finds the one who has it in this tenant, assigns, and reads that user by id from then on', async () => {
    const { companyAdmin, tenants } = world.acronis.cast;
    const added = ['crm-1', 'crm-2'].map((externalId, n) => {
      const id = `88888888-8888-4888-8888-88888888888${n}`;
      world.acronis.directory.add({
        id,
        login: `external.${n}`,
        tenant: world.user(companyAdmin).tenant,
        firstname: 'Ex',
        lastname: 'Ternal',
        rest: { external_id: externalId },
      });
      return id;
    });
    const [first = '', second = ''] = added;
    const [customer] = tenants.customers;
    await world.upsell('external-1', { externalID: 'crm-1', tenantID: customer, deletionPolicy: 'Revoke' });
    const object = await world.untilReason('external-1', 'BuyerAssigned');
    expect(object.status).toMatchObject({ userID: first, assigned: { userID: first, tenantID: customer } });
    expect(world.isBuyer(first)).toBe(true);
    await world.afterResync();
    expect(world.puts(first)).toBe(1);

    // The id moves to another user: the object says so and writes nothing, and revokes of the first one alone.
    world.acronis.console.edit(first, { externalId: null });
    world.acronis.console.edit(second, { externalId: 'crm-1' });
    await world.untilReason('external-1', 'LoginChanged');
    expect(world.isBuyer(second)).toBe(false);
    await world.ok('delete', 'tuu', 'external-1', '--timeout=10s');
    expect([world.isBuyer(first), world.isBuyer(second), world.puts(second)]).toEqual([false, false, 0]);
  });
});

function tenantOf(id: string) {
  const user = world.acronis.directory.all().find((each) => each.tenant.id === id);
  if (user === undefined) throw new Error(`No user is in tenant ${id}.`);
  return user.tenant;
}

describe('types that the operator does not know', () => {
  it('are kept', async () => {
    const { companyAdmin } = world.acronis.cast;
    world.acronis.console.setTypes(companyAdmin, ['legacy']);
    await world.upsell('ada', { userID: companyAdmin });
    const object = await world.untilReason('ada', 'BuyerAssigned');
    expect(world.user(companyAdmin).businessTypes).toEqual(['legacy', 'buyer']);
    expect(object.status.businessTypes).toEqual(['legacy', 'buyer']);
  });
});

describe('Observe and suspend', () => {
  it('reports that the type is missing and never writes', async () => {
    const { unitUser } = world.acronis.cast;
    await world.upsell('uma', { userID: unitUser, managementPolicy: 'Observe' });
    const object = await world.untilReason('uma', 'NotAssigned');
    expect(object.status.observedVersion).toBe(world.user(unitUser).version);
    await world.afterResync();
    expect(world.puts(unitUser)).toBe(0);
  });

  it('writes once Observe becomes Enforce', async () => {
    const { unitUser } = world.acronis.cast;
    await world.upsell('uma', { userID: unitUser, managementPolicy: 'Enforce' });
    await world.untilReason('uma', 'BuyerAssigned');
    expect(world.puts(unitUser)).toBe(1);
  });

  it('does nothing while suspended, and goes on afterwards', async () => {
    const { unitUser } = world.acronis.cast;
    await world.upsell('uma', { userID: unitUser, suspend: true });
    const object = await world.untilReason('uma', 'Suspended');
    expect(ready(object)?.status).toBe('Unknown');
    world.acronis.console.strip(unitUser);
    await world.afterResync();
    expect(world.isBuyer(unitUser)).toBe(false);
    await world.upsell('uma', { userID: unitUser, suspend: false });
    await world.untilReason('uma', 'BuyerAssigned');
    expect(world.isBuyer(unitUser)).toBe(true);
  });
});
