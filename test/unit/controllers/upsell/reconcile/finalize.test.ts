import { beforeEach, describe, expect, it } from 'vitest';
import { soon, untilReachable } from '../../../../../src/controllers/upsell/reconcile/retry.ts';
import { answered, type FakeUser, lost, otherTenantId, tenantId, userId } from '../fake-acronis.ts';
import { conflict, failing } from '../fake-cluster.ts';
import { createWorld, ownValues, type World, type WorldOptions } from '../world.ts';

const finalizer = 'upsell.acronis.com/revoke';
const revokes = { userID: userId, deletionPolicy: 'Revoke' };
const isFinalizerPatch = (call: { method: string; path: string }) =>
  call.method === 'PATCH' && !call.path.endsWith('/status');

let world: World;
let user: FakeUser;
const start = (options: WorldOptions = {}) => {
  world = createWorld(options);
  user = world.acronis.add({ id: userId, version: 1, business_types: ['seller'] });
};
beforeEach(() => start());

const assigned = { userID: userId, tenantID: tenantId };
const finalizers = (key: string) => world.cluster.object(key).finalizers;
const lastEvent = () => world.events.at(-1);

/** An object with everything done, then deleted. */
async function deleted(spec: Record<string, unknown> = revokes): Promise<string> {
  const key = world.cluster.create(spec);
  await world.reconcile(key);
  expect(finalizers(key)).toEqual([finalizer]);
  world.cluster.delete(key);
  return key;
}

describe('the finalizer', () => {
  it('is on the object before the type is assigned', async () => {
    const key = world.cluster.create(revokes, { finalizers: ['example.com/other'] });
    let atPut: readonly string[] = [];
    world.acronis.next('put', (apply) => {
      atPut = finalizers(key);
      return apply();
    });
    expect(await world.reconcile(key)).toEqual({ kind: 'done' });
    expect(atPut).toEqual(['example.com/other', finalizer]);
    expect(world.cluster.patches.map(({ kind }) => kind)).toEqual(['finalizers', 'status', 'status']);
  });

  it('that cannot be put keeps the type from being assigned', async () => {
    const key = world.cluster.create(revokes);
    world.cluster.fail(isFinalizerPatch, conflict);
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon });
    expect(world.acronis.puts).toEqual([]);
    await world.reconcile(key);
    expect(user.business_types).toEqual(['seller', 'buyer']);
  });

  it('is put where the user is a buyer already, too', async () => {
    user.business_types = ['buyer'];
    const key = world.cluster.create(revokes);
    await world.reconcile(key);
    expect(finalizers(key)).toEqual([finalizer]);
    expect(world.acronis.puts).toEqual([]);
    expect(
      world.cluster.patches.map(({ kind }) => kind),
      'no patch of its own for the memory',
    ).toEqual(['finalizers', 'status']);
  });

  it.each([
    ['Retain', { userID: userId }],
    ['Observe', { ...revokes, managementPolicy: 'Observe' }],
    ['an object that may not touch the user', { ...revokes, tenantID: otherTenantId }],
    ['an object whose user is not found', { ...revokes, userID: otherTenantId }],
  ])('is not put for %s', async (_, spec) => {
    const key = world.cluster.create(spec);
    await world.reconcile(key);
    expect(finalizers(key)).toEqual([]);
  });

  it('is not put for one whose user an older object has', async () => {
    world.cluster.create({ userID: userId }, { name: 'old' });
    const key = world.cluster.create(revokes, { createdAt: '2026-01-02T03:00:01Z' });
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('DuplicateClaim');
    expect(finalizers(key)).toEqual([]);
  });

  it('comes and goes with the policy, once each, and other finalizers stay', async () => {
    const key = world.cluster.create({ userID: userId }, { finalizers: ['example.com/other'] });
    await world.reconcile(key);
    world.cluster.edit(key, { deletionPolicy: 'Revoke' });
    await world.reconcile(key);
    await world.reconcile(key);
    expect(finalizers(key)).toEqual(['example.com/other', finalizer]);
    world.cluster.edit(key, { deletionPolicy: 'Retain' });
    await world.reconcile(key);
    await world.reconcile(key);
    expect(finalizers(key)).toEqual(['example.com/other']);
    expect(world.cluster.patches.filter(({ kind }) => kind === 'finalizers')).toHaveLength(2);
    expect(world.acronis.puts).toHaveLength(1);
  });

  it('goes when the object only observes from now on', async () => {
    const key = world.cluster.create(revokes);
    await world.reconcile(key);
    world.cluster.edit(key, { managementPolicy: 'Observe' });
    await world.reconcile(key);
    expect(finalizers(key)).toEqual([]);
  });

  it('is put once, and the type once, while the watch lags behind', async () => {
    const key = world.cluster.create(revokes);
    world.cluster.lagging = true;
    await world.reconcile(key);
    expect(await world.reconcile(key), 'the cached object is not current').toEqual({ kind: 'retry', policy: soon });
    world.cluster.catchUp();
    expect(await world.reconcile(key)).toEqual({ kind: 'done' });
    expect(world.cluster.patches.map(({ kind }) => kind)).toEqual(['finalizers', 'status', 'status']);
    expect(world.acronis.puts).toHaveLength(1);
  });
});

describe('when the object is deleted', () => {
  it('its types are revoked with the revision that was read, others stay, and it goes', async () => {
    const key = await deleted();
    expect(await world.reconcile(key)).toEqual({ kind: 'done' });
    expect(world.acronis.puts.at(-1)).toEqual({ id: userId, body: { business_types: ['seller'], version: 2 } });
    expect(world.cluster.has(key)).toBe(false);
    expect(lastEvent()).toMatchObject({ type: 'Normal', reason: 'Revoked' });
    expect(world.wrote).toEqual(['assign applied', 'revoke applied']);
  });

  it('the finalizer goes after the types, and only then', async () => {
    const key = await deleted();
    world.acronis.next('put', (apply) => {
      expect(finalizers(key)).toEqual([finalizer]);
      return apply();
    });
    await world.reconcile(key);
    expect(user.business_types).toEqual(['seller']);
  });

  it('suspended: the types are revoked all the same', async () => {
    const key = world.cluster.create(revokes);
    await world.reconcile(key);
    world.cluster.edit(key, { suspend: true });
    await world.reconcile(key);
    world.cluster.delete(key);
    await world.reconcile(key);
    expect(user.business_types).toEqual(['seller']);
    expect(world.cluster.has(key)).toBe(false);
  });

  it.each([
    ['Retain', { deletionPolicy: 'Retain' }],
    ['Observe', { managementPolicy: 'Observe' }],
  ])('and says %s by then, it just goes and Acronis is not asked', async (_, edit) => {
    const key = world.cluster.create(revokes);
    await world.reconcile(key);
    world.cluster.edit(key, edit);
    world.cluster.delete(key);
    const requests = world.acronis.requests.length;
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(world.acronis.requests).toHaveLength(requests);
    expect(user.business_types).toEqual(['seller', 'buyer']);
  });

  it('without our finalizer, nothing is done', async () => {
    const key = world.cluster.create({ userID: userId }, { finalizers: ['example.com/other'] });
    world.cluster.delete(key);
    expect(await world.reconcile(key)).toEqual({ kind: 'done' });
    expect(world.acronis.requests).toEqual([]);
    expect(world.cluster.patches).toEqual([]);
  });

  it('a user that was deleted releases it, with an Event', async () => {
    const key = await deleted();
    world.acronis.delete(userId);
    expect(await world.reconcile(key)).toEqual({ kind: 'done' });
    expect(world.cluster.has(key)).toBe(false);
    expect(lastEvent()).toMatchObject({ type: 'Normal', reason: 'Revoked' });
    expect(lastEvent()?.message).toContain('deleted at Acronis');
    expect(world.count.givenUp).toBe(0);
  });

  it('a user that is deleted between read and write releases it', async () => {
    const key = await deleted();
    world.acronis.next('put', () => {
      world.acronis.delete(userId);
      throw answered(404, { error: { code: 404 } });
    });
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
  });

  it('a type that another writer removed already needs no write', async () => {
    const key = await deleted();
    user.business_types = ['seller'];
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(world.acronis.puts).toHaveLength(1);
  });

  it('a user found by login is the one the type was put on, whatever its login is by now', async () => {
    const key = await deleted({ login: 'johndoe', tenantID: tenantId, deletionPolicy: 'Revoke' });
    user.login = 'jane';
    await world.reconcile(key);
    expect(user.business_types).toEqual(['seller']);
    expect(world.cluster.has(key)).toBe(false);
  });

  it.each([
    ['login', { login: 'johndoe', tenantID: tenantId, deletionPolicy: 'Revoke' }],
    ['id', revokes],
    ['id, suspended from its creation', { ...revokes, suspend: true }],
  ])('what it does not remember to have assigned, by %s, it does not revoke, and says so', async (_, spec) => {
    const key = world.cluster.create(spec, { finalizers: [finalizer] });
    user.business_types = ['buyer'];
    if ('suspend' in spec) await world.reconcile(key);
    world.cluster.delete(key);
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(user.business_types).toEqual(['buyer']);
    expect(world.acronis.requests).toEqual([]);
    expect(lastEvent()).toMatchObject({
      type: 'Warning',
      reason: 'RevocationGivenUp',
      message: expect.stringMatching(/^Nothing was revoked\. The object remembers no user that it assigned/),
    });
  });

  it('one with a finalizer of its manifest, whose user an older object had, revokes nothing', async () => {
    world.cluster.create({ userID: userId }, { name: 'old' });
    const key = world.cluster.create(revokes, { createdAt: '2026-01-02T03:00:01Z', finalizers: [finalizer] });
    user.business_types = ['buyer'];
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('DuplicateClaim');
    world.cluster.delete('customers/old');
    world.cluster.delete(key);
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(user.business_types).toEqual(['buyer']);
  });

  it('another live object that names the user keeps the types, and is not named across namespaces', async () => {
    const key = await deleted();
    world.cluster.namespaces.set('secret-customer', {});
    world.cluster.create({ userID: userId }, { namespace: 'secret-customer', name: 'secret-name' });
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(user.business_types).toEqual(['seller', 'buyer']);
    expect(lastEvent()?.message).toContain('keeps the types');
    expect(JSON.stringify(world.events)).not.toContain('secret-');
  });

  it('two that go together: the last one takes the types away', async () => {
    const first = world.cluster.create(revokes, { name: 'first' });
    const second = world.cluster.create(revokes, { name: 'second', finalizers: [finalizer] });
    await world.reconcile(first);
    world.cluster.delete(first);
    await world.reconcile(first);
    expect(user.business_types, 'the second one still lives').toEqual(['seller', 'buyer']);
    await world.reconcile(second);
    world.cluster.delete(second);
    await world.reconcile(second);
    expect(user.business_types).toEqual(['seller']);
  });

  it('a conflict is read and assessed again; a lost response is read, and nothing is revoked twice', async () => {
    const key = await deleted();
    world.acronis.next('put', (apply) => {
      user.version = 50;
      user.business_types = ['seller', 'buyer', 'alpha'];
      return apply();
    });
    world.acronis.next('put', (apply) => {
      apply();
      throw lost();
    });
    await world.reconcile(key);
    expect(user).toMatchObject({ business_types: ['seller', 'alpha'], version: 51 });
    expect(world.wrote.slice(1)).toEqual(['revoke conflict', 'revoke confirmed']);
    expect(world.cluster.has(key)).toBe(false);
  });

  it('a finalizer that cannot be removed is tried again, and nothing is written to Acronis twice', async () => {
    const key = await deleted();
    world.cluster.fail(isFinalizerPatch, conflict);
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon });
    expect(world.cluster.has(key)).toBe(true);
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(world.acronis.puts).toHaveLength(2);
  });

  it('and the response shows the types still, the object is held', async () => {
    const key = await deleted();
    world.acronis.next('put', () => ({ ...user, version: 3 }));
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon, atLeastMs: 1_000 });
    expect(world.cluster.reason(key)).toBe('NotApplied');
  });

  it('stopped in the middle, it holds the object, and the next reconcile ends it', async () => {
    const key = await deleted();
    const stop = new AbortController();
    world.acronis.next('put', (apply) => {
      const answer = structuredClone(apply());
      stop.abort(new Error('stop'));
      return answer;
    });
    await expect(world.reconcile(key, stop.signal)).rejects.toThrow('stop');
    expect(world.cluster.has(key)).toBe(true);
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(world.acronis.puts).toHaveLength(2);
  });
});

describe('while the types cannot be revoked', () => {
  it('the status says why the deletion waits, once, and the object is held', async () => {
    const key = await deleted();
    world.acronis.always('get', () => {
      throw answered(502);
    });
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: untilReachable });
    expect(world.cluster.reason(key)).toBe('Unavailable');
    expect(world.cluster.message(key)).toMatch(/^Deletion waits to revoke the types\. /);
    expect(world.cluster.status(key).userID).toBe(userId);
    const told = [world.cluster.patches.length, world.events.length];
    await world.reconcile(key);
    expect([world.cluster.patches.length, world.events.length]).toEqual(told);
    world.acronis.always('get', undefined);
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(user.business_types).toEqual(['seller']);
  });

  it.each([
    ['the user moved to another tenant', () => Object.assign(user, { tenant_id: otherTenantId }), 'TenantMismatch'],
    [
      'the namespace is of another tenant by now',
      () => world.cluster.namespaces.set('customers', { 'upsell.acronis.com/tenant-id': otherTenantId }),
      'NamespaceNotAllowed',
    ],
  ])('because %s: the guards hold, and nothing is written', async (_, change, reason) => {
    const key = await deleted({ ...revokes, tenantID: tenantId });
    change();
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon });
    expect(world.cluster.reason(key)).toBe(reason);
    expect(world.acronis.puts).toHaveLength(1);
  });

  it("a user of a tenant below the namespace's label is revoked as any other", async () => {
    world.cluster.namespaces.set('customers', { 'upsell.acronis.com/tenant-id': otherTenantId });
    world.acronis.parents.set(tenantId, otherTenantId);
    const key = await deleted();
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(user.business_types).toEqual(['seller']);
  });

  it('a throttle is waited for as long as it says', async () => {
    const key = await deleted();
    world.acronis.next('get', () => {
      throw answered(429, undefined, 60_000);
    });
    const outcome = await world.reconcile(key);
    expect(outcome.kind === 'retry' && (outcome.atLeastMs ?? 0)).toBeGreaterThanOrEqual(60_000);
  });
});

describe('credentials that went first', () => {
  const withSecret = { ...revokes, credentialsSecretRef: { name: 'theirs' } };
  /** Longer than what was read of a Secret is believed. */
  const forgetting = () => world.clock.advance(60_000);

  it('are tried from memory', async () => {
    world.cluster.secrets.set('customers/theirs', ownValues);
    const key = await deleted(withSecret);
    world.cluster.secrets.clear();
    await forgetting();
    await world.reconcile(key);
    expect(user.business_types).toEqual(['seller']);
    expect(world.cluster.has(key)).toBe(false);
  });

  it('and that are forgotten after a restart, hold the object until it gives up', async () => {
    const key = world.cluster.create(withSecret, { finalizers: [finalizer] });
    world.cluster.setStatus(key, { assigned });
    world.cluster.delete(key);
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon });
    expect(world.cluster.reason(key)).toBe('CredentialsMissing');
    await world.clock.advance(3_600_000);
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(world.count.givenUp).toBe(1);
  });
});

describe('giving up', () => {
  const unreachable = () =>
    world.acronis.always('get', () => {
      throw lost();
    });

  it('after --revoke-give-up-after the object is released, with an Event, a log line and a metric that name what may have stayed', async () => {
    const key = await deleted();
    unreachable();
    await world.clock.advance(3_590_000);
    await world.reconcile(key);
    await world.clock.advance(3_590_000);
    await world.reconcile(key);
    expect(world.cluster.has(key), 'it counts from the first try').toBe(true);
    await world.clock.advance(10_000);
    expect(await world.reconcile(key)).toEqual({ kind: 'done' });
    expect(world.cluster.has(key)).toBe(false);
    expect(world.count.givenUp).toBe(1);
    expect(lastEvent()).toMatchObject({ type: 'Warning', reason: 'RevocationGivenUp' });
    expect(lastEvent()?.message).toContain(`user ${userId}. Revoke them at Acronis by hand.`);
    expect(world.log.at('error').map(({ fields }) => fields)).toEqual([
      { object: key, user: userId, reason: 'Unavailable' },
    ]);
  });

  it('is still tried once more at the end of the time', async () => {
    const key = await deleted();
    unreachable();
    await world.reconcile(key);
    await world.clock.advance(7_200_000);
    world.acronis.always('get', undefined);
    await world.reconcile(key);
    expect(user.business_types).toEqual(['seller']);
    expect(world.count.givenUp).toBe(0);
  });

  it('never happens with --revoke-give-up-after 0', async () => {
    start({ revokeGiveUpAfterMs: 0 });
    const key = await deleted();
    unreachable();
    await world.clock.advance(30 * 24 * 3_600_000);
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: untilReachable });
    expect(world.cluster.has(key)).toBe(true);
  });

  it('is not counted or reported where the finalizer could not be removed', async () => {
    const key = await deleted();
    unreachable();
    await world.reconcile(key);
    await world.clock.advance(3_600_000);
    world.cluster.fail(isFinalizerPatch, () => failing(500));
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon });
    expect([world.count.givenUp, world.log.at('error').length]).toEqual([0, 0]);
    await world.reconcile(key);
    expect(world.count.givenUp).toBe(1);
  });

  it('happens too where the API server will not show the Secret', async () => {
    const key = world.cluster.create(
      { ...revokes, credentialsSecretRef: { name: 'theirs' } },
      { finalizers: [finalizer] },
    );
    world.cluster.setStatus(key, { assigned });
    world.cluster.delete(key);
    world.cluster.fail(
      ({ path }) => path.includes('/secrets/'),
      () => failing(500),
      1_000,
    );
    await world.clock.advance(60_000);
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon });
    expect(world.cluster.has(key)).toBe(true);
    await world.clock.advance(3_600_000);
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(world.count.givenUp).toBe(1);
  });

  it('happens only after the time, and loudly, where the spec cannot be read', async () => {
    const key = world.cluster.create({ userID: 'nobody', deletionPolicy: 'Revoke' }, { finalizers: [finalizer] });
    world.cluster.delete(key);
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon });
    expect(world.cluster.reason(key)).toBe('InvalidSpec');
    await world.clock.advance(3_600_000);
    expect(await world.reconcile(key)).toEqual({ kind: 'done' });
    expect(world.cluster.has(key)).toBe(false);
    expect(lastEvent()).toMatchObject({ type: 'Warning', reason: 'RevocationGivenUp' });
  });
});
