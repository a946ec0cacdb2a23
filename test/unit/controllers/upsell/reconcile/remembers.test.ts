/** What an object assigned stays known, whatever is observed later: rows D1 to D6 of the faults that were found. */
import { beforeEach, describe, expect, it } from 'vitest';
import { answered, type FakeUser, lost, otherTenantId, otherUserId, page, tenantId, userId } from '../fake-acronis.ts';
import { failing } from '../fake-cluster.ts';
import { createWorld, ownValues, type World } from '../world.ts';

const finalizer = 'upsell.acronis.com/revoke';
const assigned = { userID: userId, tenantID: tenantId };
const byId = { userID: userId, deletionPolicy: 'Revoke' };
const byLogin = { login: 'johndoe', tenantID: tenantId, deletionPolicy: 'Revoke' };
const label = (tenant: string) => ({ 'upsell.acronis.com/tenant-id': tenant });

let world: World;
let user: FakeUser;
beforeEach(() => {
  world = createWorld();
  user = world.acronis.add({ id: userId, business_types: ['seller'] });
});

const finalizers = (key: string) => world.cluster.object(key).finalizers;

async function ready(spec: Record<string, unknown>): Promise<string> {
  const key = world.cluster.create(spec);
  await world.reconcile(key);
  expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  expect(world.cluster.status(key).assigned).toEqual(assigned);
  return key;
}

/** The object is held, and revokes what it assigned once the trouble is over. */
async function expectHeldUntil(key: string, reason: string, recover: () => void): Promise<void> {
  await world.reconcile(key);
  await world.reconcile(key);
  expect(world.cluster.reason(key)).toBe(reason);
  expect(finalizers(key)).toEqual([finalizer]);
  expect(world.cluster.status(key).assigned).toEqual(assigned);
  recover();
  await world.clock.advance(600_000);
  await world.reconcile(key);
  expect(world.cluster.has(key)).toBe(false);
  expect(user.business_types).toEqual(['seller']);
  expect(world.count.givenUp).toBe(0);
}

const hide = () => world.acronis.users.delete(userId);
const show = () => world.acronis.users.set(userId, user);

describe('a revocation is held, and nothing is forgotten', () => {
  it.each([401, 403, 404, 200])('while a gateway responds to every read with a page (HTTP %s) (D1)', async (status) => {
    const key = await ready(byId);
    world.cluster.delete(key);
    world.acronis.always('get', () => {
      throw page(status);
    });
    await expectHeldUntil(key, 'Unavailable', () => world.acronis.always('get', undefined));
  });

  it('while a client is in use that does not see the user (D2)', async () => {
    const key = await ready(byId);
    world.cluster.delete(key);
    hide();
    await expectHeldUntil(key, 'UserNotFound', show);
  });

  it('while the label of the namespace is wrong (D4)', async () => {
    const key = await ready({ ...byId, tenantID: tenantId });
    world.cluster.delete(key);
    world.cluster.namespaces.set('customers', label(otherTenantId));
    await expectHeldUntil(key, 'NamespaceNotAllowed', () => world.cluster.namespaces.set('customers', label(tenantId)));
  });

  it('while the spec cannot be read (D6)', async () => {
    const key = await ready(byId);
    world.cluster.edit(key, { managementPolicy: 'Later' });
    world.cluster.delete(key);
    await expectHeldUntil(key, 'InvalidSpec', () => world.cluster.edit(key, { managementPolicy: 'Enforce' }));
  });
});

describe('an object that lives forgets nothing', () => {
  const passing: [name: string, reason: string, spec: Record<string, unknown>, begin: () => void][] = [
    [
      'a page in place of the user',
      'Unavailable',
      byLogin,
      () => world.acronis.always('get', () => Promise.reject(page(404))),
    ],
    ['a client that does not see the user', 'UserNotFound', byLogin, () => hide()],
    [
      'a wrong label',
      'NamespaceNotAllowed',
      byLogin,
      () => world.cluster.namespaces.set('customers', label(otherTenantId)),
    ],
    [
      'a Secret that is missing',
      'CredentialsMissing',
      { ...byLogin, credentialsSecretRef: { name: 'theirs' } },
      () => world.cluster.secrets.clear(),
    ],
  ];

  it.each(passing)('by %s', async (_, reason, spec, begin) => {
    world.cluster.secrets.set('customers/theirs', ownValues);
    const key = await ready(spec);
    begin();
    await world.clock.advance(60_000);
    await world.reconcile(key);
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe(reason);
    expect(world.cluster.status(key).assigned).toEqual(assigned);
    expect(finalizers(key)).toEqual([finalizer]);
  });

  it('by a field of its status that cannot be read', async () => {
    const key = await ready(byLogin);
    world.cluster.setStatus(key, { offer: 'SomethingNewer', businessTypes: 7 });
    expect(world.cluster.object(key).status.assigned).toEqual(assigned);
    await world.reconcile(key);
    expect(world.cluster.object(key).status).toMatchObject({ assigned, businessTypes: ['seller', 'buyer'] });
  });
});

describe('a login that was given to another user (D3)', () => {
  const giveAway = () => {
    user.login = 'jane';
    return world.acronis.add({ id: otherUserId, login: 'johndoe' });
  };

  it('stalls as LoginChanged, and nothing is written', async () => {
    const key = await ready(byLogin);
    const other = giveAway();
    const puts = world.acronis.puts.length;
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('LoginChanged');
    expect(world.cluster.status(key)).toMatchObject({ userID: userId, assigned });
    expect(world.acronis.puts).toHaveLength(puts);
    expect(other.business_types).toEqual([]);
  });

  it('is revoked of the user who was assigned, and of no other', async () => {
    const key = await ready(byLogin);
    const other = giveAway();
    other.business_types = ['buyer'];
    await world.reconcile(key);
    world.cluster.delete(key);
    await world.reconcile(key);
    expect(user.business_types).toEqual(['seller']);
    expect(other.business_types).toEqual(['buyer']);
    expect(world.cluster.has(key)).toBe(false);
  });

  it('moves to the new user only once the first one is proven to be deleted', async () => {
    const key = await ready(byLogin);
    const other = giveAway();
    world.acronis.delete(userId);
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('UserNotFound');
    expect(world.cluster.status(key).assigned).toBeUndefined();
    await world.reconcile(key);
    expect(other.business_types).toEqual(['buyer']);
    expect(world.cluster.status(key).assigned).toEqual({ userID: otherUserId, tenantID: tenantId });
    expect(finalizers(key)).toEqual([finalizer]);
  });

  it.each([
    ['login', byLogin],
    ['id', byId],
  ])('is not given up on deletion, by %s, where the user was proven to be deleted before', async (_, spec) => {
    const key = await ready(spec);
    world.acronis.delete(userId);
    await world.reconcile(key);
    await world.reconcile(key);
    world.cluster.delete(key);
    if (world.cluster.has(key)) await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(world.count.givenUp).toBe(0);
  });
});

describe('the memory is there in time', () => {
  it.each([
    ['found by login', byLogin],
    ['named by id', byId],
  ])('of a user %s, before the first write leaves: a crash after it loses nothing', async (_, spec) => {
    const key = world.cluster.create(spec);
    const stop = new AbortController();
    world.acronis.next('put', (apply) => {
      expect(world.cluster.status(key).assigned).toEqual(assigned);
      const response = structuredClone(apply());
      stop.abort(new Error('killed'));
      return response;
    });
    await expect(world.reconcile(key, stop.signal)).rejects.toThrow('killed');
    user.login = 'jane';
    world.cluster.delete(key);
    await world.reconcile(key);
    expect(user.business_types).toEqual(['seller']);
  });

  it('of an object of 0.1.0 that was Ready when it was deleted, by what its status observed', async () => {
    const key = await ready(byId);
    world.cluster.setStatus(key, { assigned: undefined });
    world.cluster.delete(key);
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(user.business_types).toEqual(['seller']);
  });

  it('but is not what an object saw while it only observed, whatever was edited since', async () => {
    user.business_types = ['seller', 'buyer'];
    const key = world.cluster.create({ ...byId, managementPolicy: 'Observe' });
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
    world.cluster.setFinalizers(key, [finalizer]);
    world.cluster.edit(key, { managementPolicy: 'Enforce' });
    world.cluster.delete(key);
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(user.business_types).toEqual(['seller', 'buyer']);
  });

  it('of a user that had the type already: it was taken over', async () => {
    user.business_types = ['buyer'];
    await ready({ userID: userId });
    expect(world.acronis.puts).toEqual([]);
  });

  it('of an object of 0.1.0, which had none, by what its status observed', async () => {
    const key = await ready(byLogin);
    world.cluster.setStatus(key, { assigned: undefined });
    world.cluster.namespaces.set('customers', label(otherTenantId));
    await world.reconcile(key);
    expect(world.cluster.status(key)).toMatchObject({ assigned });
    expect(world.cluster.status(key).userID).toBeUndefined();
  });
});

it('the time of --revoke-give-up-after counts from the first try of a running operator (D5)', async () => {
  const key = await ready(byId);
  world.cluster.delete(key, '2020-01-01T00:00:00Z');
  world.acronis.next('get', () => {
    throw answered(429, undefined, 60_000);
  });
  await world.reconcile(key);
  expect(world.cluster.has(key)).toBe(true);
  expect(world.count.givenUp).toBe(0);
  await world.clock.advance(120_000);
  await world.reconcile(key);
  expect(user.business_types).toEqual(['seller']);
  expect(world.cluster.has(key)).toBe(false);
});

it('what is not shown for the whole time is given up, naming the user', async () => {
  const key = await ready(byId);
  world.cluster.delete(key);
  hide();
  await world.reconcile(key);
  await world.clock.advance(3_600_000);
  await world.reconcile(key);
  expect(world.cluster.has(key)).toBe(false);
  expect(world.count.givenUp).toBe(1);
  expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'RevocationGivenUp' });
  expect(world.events.at(-1)?.message).toContain(userId);
});

it('another claimant, whose namespace the API server does not show, holds a deletion no longer than the give-up time', async () => {
  world = createWorld({ revokeGiveUpAfterMs: 60_000 });
  user = world.acronis.add({ id: userId, business_types: ['seller'] });
  const key = await ready(byId);
  world.cluster.create({ userID: userId }, { namespace: 'other', createdAt: '2026-01-02T04:00:00Z' });
  world.cluster.fail(
    ({ path }) => path.endsWith('/namespaces/other'),
    () => failing(500),
    Number.POSITIVE_INFINITY,
  );
  world.cluster.delete(key);
  await world.reconcile(key);
  expect(finalizers(key)).toEqual([finalizer]);
  await world.clock.advance(60_000);
  await world.reconcile(key);
  expect(world.cluster.has(key)).toBe(false);
  expect(user.business_types).toEqual(['seller']);
});

it('an object that is suspended and then set to Revoke is held on deletion, and revokes', async () => {
  const key = await ready({ userID: userId });
  world.cluster.edit(key, { suspend: true });
  await world.reconcile(key);
  world.cluster.edit(key, { deletionPolicy: 'Revoke' });
  await world.reconcile(key);
  expect(world.cluster.reason(key)).toBe('Suspended');
  world.cluster.delete(key);
  await world.reconcile(key);
  expect(world.cluster.has(key)).toBe(false);
  expect(user.business_types).toEqual(['seller']);
});

it('a field of a newer version in a stored spec is ignored (D6)', async () => {
  const key = await ready({ ...byId, externalSomething: 'x', credentialsHint: { a: 1 } });
  world.cluster.delete(key);
  await world.reconcile(key);
  expect(user.business_types).toEqual(['seller']);
});

it('a finalizer that another writer stripped comes back, even while Acronis cannot be reached (R5)', async () => {
  const key = await ready(byId);
  world.acronis.always('get', () => {
    throw lost();
  });
  world.cluster.setFinalizers(key, []);
  await world.reconcile(key);
  expect(finalizers(key)).toEqual([finalizer]);
});
