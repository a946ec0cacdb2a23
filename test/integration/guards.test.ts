import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../sandbox/until.ts';
import { ready, secret, stalled, World } from './world.ts';

const policy = (name: string, spec: object): object => ({
  apiVersion: 'upsell.acronis.com/v1alpha1',
  kind: 'TenantUpsellPolicy',
  metadata: { name },
  spec,
});

describe('the tenant that an object names', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(() => world.logOnFailure());

  it("must be the user's: otherwise nothing is written, and nothing about the user is revealed", async () => {
    const { johnDoe, tenants } = world.acronis.cast;
    await world.upsell('wrong-tenant', { userID: johnDoe, tenantID: tenants.unit });
    const object = await world.untilReason('wrong-tenant', 'TenantMismatch');
    expect(stalled(object)?.status).toBe('True');
    expect(object.status).not.toHaveProperty('userID');
    expect(object.status).not.toHaveProperty('tenantID');
    expect(object.status).not.toHaveProperty('observedVersion');
    expect(world.puts(johnDoe)).toBe(0);
  });

  it('a user that the API client cannot see is not found', async () => {
    await world.upsell('stranger', { userID: world.acronis.cast.stranger });
    await world.untilReason('stranger', 'UserNotFound');
  });
});

describe('two objects that name one user', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(() => world.logOnFailure());

  it('the older one has the user; the younger one says which that is', async () => {
    const { johnDoe } = world.acronis.cast;
    await world.upsell('older', { userID: johnDoe });
    await world.untilReason('older', 'BuyerAssigned');
    // Creation times have whole seconds; within one the uid decides.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await world.upsell('younger', { userID: johnDoe.toUpperCase() });
    const object = await world.untilReason('younger', 'DuplicateClaim');
    expect(ready(object)?.message).toContain('older,');
    expect(world.puts(johnDoe)).toBe(1);
  });

  it('the younger one takes over immediately when the older one is deleted, without a write', async () => {
    const { johnDoe } = world.acronis.cast;
    await world.ok('delete', 'tuu', 'older');
    await world.untilReason('younger', 'BuyerAssigned', 5_000);
    expect(world.puts(johnDoe)).toBe(1);
  });

  it('an object that only observes claims nothing', async () => {
    await world.upsell('observer', { userID: world.acronis.cast.johnDoe, managementPolicy: 'Observe' });
    await world.untilReason('observer', 'BuyerAssigned');
  });

  it('by login and by id are the same claim', async () => {
    const { samRivers } = world.acronis.cast;
    const tenantID = world.user(samRivers).tenant.id;
    await world.upsell('by-login', { login: 'sam.rivers', tenantID });
    await world.untilReason('by-login', 'BuyerAssigned');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await world.upsell('by-id', { userID: samRivers });
    await world.untilReason('by-id', 'DuplicateClaim');
  });
});

describe('a namespace with a tenant label', () => {
  it("lets objects with the operator's credentials name users of that tenant only, and sees the label change", async () => {
    const other = '12121212-1212-4212-8212-121212121212';
    await using world = await World.start({ labels: { 'upsell.acronis.com/tenant-id': other } });
    world.logOnFailure();
    const { johnDoe, tenants } = world.acronis.cast;
    await world.upsell('john', { userID: johnDoe });
    const object = await world.untilReason('john', 'NamespaceNotAllowed');
    expect(object.status).not.toHaveProperty('userID');
    expect(world.puts(johnDoe)).toBe(0);

    await world.ok(
      'label',
      'namespace',
      world.namespace,
      '--overwrite',
      `upsell.acronis.com/tenant-id=${tenants.partner}`,
    );
    // Watched cluster-wide it is seen immediately; listed namespaces are read every ten seconds.
    await world.untilReason('john', 'BuyerAssigned', 45_000);
  });

  it('lets objects and policies reach the tenants below it, as Acronis shows them, and no others', async () => {
    const nobodys = '12121212-1212-4212-8212-121212121212';
    await using world = await World.start({ labels: { 'upsell.acronis.com/tenant-id': nobodys } });
    world.logOnFailure();
    const { companyAdmin, samRivers, unitUser, tenants } = world.acronis.cast;
    const [customer = '', other = ''] = tenants.customers;
    const label = `upsell.acronis.com/tenant-id=${customer}`;
    await world.ok('label', 'namespace', world.namespace, '--overwrite', label);
    await world.upsell('above', { userID: companyAdmin });
    // By now the operator has seen the label, which is read every ten seconds where namespaces are listed.
    await world.untilReason('above', 'BuyerAssigned', 45_000);
    await world.upsell('elsewhere', { userID: samRivers });
    await world.untilReason('elsewhere', 'NamespaceNotAllowed');

    const unitAdmins = { users: { roles: ['unit_admin'] }, tenantKinds: ['unit'] };
    await world.apply(policy('from-the-label', { tenantID: customer, ...unitAdmins }));
    await world.apply(policy('elsewhere', { tenantID: other }));
    await world.apply(policy('above-the-label', { tenantID: tenants.partner }));
    for (const name of ['elsewhere', 'above-the-label'])
      await world.ok('wait', `tup/${name}`, '--for=condition=Stalled', '--timeout=30s');
    await world.ok('wait', 'tup/from-the-label', '--for=condition=Ready', '--timeout=30s');
    await world.untilReason(`u-${unitUser}`, 'BuyerAssigned');
    expect(
      await world.ok('get', 'tup', '-o', 'jsonpath={.items[*].status.conditions[?(@.type=="Stalled")].reason}'),
    ).toBe('NamespaceNotAllowed NamespaceNotAllowed');
    expect(world.puts(samRivers)).toBe(0);

    // A unit below the label serves just as well.
    await world.apply(policy('from-the-label', { tenantID: tenants.unit, ...unitAdmins }));
    await world.ok('wait', 'tup/from-the-label', '--for=condition=Ready', '--timeout=30s');
    await world.untilReason(`u-${unitUser}`, 'BuyerAssigned');
  });

  it('does not bind objects with credentials of their own', async () => {
    const other = '12121212-1212-4212-8212-121212121212';
    await using world = await World.start({
      labels: { 'upsell.acronis.com/tenant-id': other },
      perObjectSecrets: true,
    });
    world.logOnFailure();
    const { url, clientId, clientSecret, cast } = world.acronis;
    await world.apply(secret('own', { url, clientID: clientId, clientSecret }));
    await world.upsell('john', { userID: cast.johnDoe, credentialsSecretRef: { name: 'own' } });
    await world.untilReason('john', 'BuyerAssigned');
  });
});

describe('--require-tenant-label', () => {
  it('refuses a namespace without the label', async () => {
    await using world = await World.start({ flags: ['--require-tenant-label'] });
    world.logOnFailure();
    const { johnDoe } = world.acronis.cast;
    await world.upsell('john', { userID: johnDoe });
    await world.untilReason('john', 'NamespaceNotAllowed');
    expect(world.puts(johnDoe)).toBe(0);
    const events = await until(
      'the event',
      () => world.events('john'),
      (seen) => seen.length > 0,
    );
    expect(events[0]).toMatchObject({ type: 'Warning', reason: 'NamespaceNotAllowed' });
  });
});
