import { beforeEach, describe, expect, it } from 'vitest';
import { slowly, soon, untilItAppears } from '../../../../../src/controllers/upsell/reconcile/retry.ts';
import { answered, otherTenantId, otherUserId, tenantId, userId } from '../fake-acronis.ts';
import { conflict, failing } from '../fake-cluster.ts';
import { createWorld, ownValues, type World } from '../world.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});

const isStatusPatch = (call: { path: string }) => call.path.endsWith('/status');
const asPut = (businessTypes: string[], version: number) => ({ business_types: businessTypes, version });

/** A second reconcile right away sends nothing to either side and reports nothing. */
async function expectSteady(key: string): Promise<void> {
  const { cluster, acronis, events } = world;
  const before = [cluster.patches.length, acronis.puts.length, events.length];
  await world.reconcile(key);
  expect([cluster.patches.length, acronis.puts.length, events.length]).toEqual(before);
}

describe('a user named by id', () => {
  it('becomes a buyer by one PUT of exactly the types and the revision that was read', async () => {
    world.acronis.add({ id: userId, version: 1559561146223, business_types: ['seller'] });
    const key = world.cluster.create({ userID: userId });
    expect(await world.reconcile(key)).toEqual({ kind: 'done' });
    expect(world.acronis.puts).toEqual([{ id: userId, body: asPut(['seller', 'buyer'], 1559561146223) }]);
    expect(world.cluster.status(key)).toMatchObject({
      observedGeneration: 1,
      observedVersion: 1559561146224,
      userID: userId,
      tenantID: tenantId,
      businessTypes: ['seller', 'buyer'],
      offer: 'ContactSales',
      conditions: [
        { type: 'Ready', status: 'True', reason: 'BuyerAssigned' },
        { type: 'Informed', status: 'True', reason: 'QuotaNotificationsOn' },
      ],
    });
    expect(world.events.map(({ reason }) => reason)).toEqual(['Assigned']);
    expect(world.events[0]?.message).toContain('revision 1559561146223 to 1559561146224');
    await expectSteady(key);
  });

  it('has its revision exactly, up to int64, from the read over the status to the PUT', async () => {
    const user = world.acronis.add({ id: userId, version: 9_223_372_036_854_775_807n, business_types: ['buyer'] });
    const key = world.cluster.create({ userID: userId });
    await world.reconcile(key);
    expect(world.cluster.status(key).observedVersion).toBe(9_223_372_036_854_775_807n);
    await expectSteady(key);
    user.business_types = [];
    await world.reconcile(key);
    expect(world.acronis.puts).toEqual([
      { id: userId, body: { business_types: ['buyer'], version: 9_223_372_036_854_775_807n } },
    ]);
  });

  it('that is a buyer already is not written to', async () => {
    world.acronis.add({ id: userId, version: 9, business_types: ['buyer', 'seller'] });
    const key = world.cluster.create({ userID: userId });
    await world.reconcile(key);
    expect(world.acronis.puts).toEqual([]);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
    expect(world.cluster.status(key).observedVersion).toBe(9);
    expect(world.events.map(({ reason }) => reason)).toEqual(['BuyerAssigned']);
    await expectSteady(key);
  });

  it('is found whatever letter case the id was written in', async () => {
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId.toUpperCase(), tenantID: tenantId.toUpperCase() });
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  });

  it('that loses the type in the console gets it back, and the Event reports the write', async () => {
    const user = world.acronis.add({ id: userId, version: 1 });
    const key = world.cluster.create({ userID: userId });
    await world.reconcile(key);
    user.business_types = [];
    user.version = 7;
    await world.reconcile(key);
    expect(world.acronis.puts.map(({ body }) => body)).toEqual([asPut(['buyer'], 1), asPut(['buyer'], 7)]);
    expect(world.cluster.status(key)).toMatchObject({ observedVersion: 8, businessTypes: ['buyer'] });
    expect(world.events.map(({ reason }) => reason)).toEqual(['Assigned', 'Assigned']);
    expect(world.count.driftCorrected).toBe(1);
    await expectSteady(key);
  });

  it('counts as corrected only where the status said that it had the type: neither a new object nor a spell of trouble is drift', async () => {
    const user = world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId, suspend: true });
    await world.reconcile(key);
    world.cluster.edit(key, { suspend: false });
    await world.reconcile(key);
    expect(world.acronis.puts).toHaveLength(1);
    world.cluster.edit(key, { suspend: true });
    await world.reconcile(key);
    user.business_types = [];
    world.cluster.edit(key, { suspend: false });
    await world.reconcile(key);
    expect(world.acronis.puts).toHaveLength(2);
    expect(world.count.driftCorrected).toBe(0);
  });

  it('that loses the type gets it back after a time that is told by the clock of Acronis alone', async () => {
    const user = world.acronis.add({ id: userId, updated_at: '2001-01-01T00:00:00Z' });
    const key = world.cluster.create({ userID: userId });
    await world.reconcile(key);
    const strip = (at?: string) => {
      Object.assign(user, { business_types: [], version: Number(user.version) + 1, updated_at: at });
    };
    const putShows = (updated_at: string) =>
      world.acronis.next('put', (apply) => Object.assign({}, apply(), { updated_at }));
    strip('2001-01-02T00:00:00Z');
    putShows('2001-01-02T00:00:17');
    await world.reconcile(key);
    strip('2001-01-03T00:00:00Z');
    putShows('2001-01-02T23:59:00Z');
    await world.reconcile(key);
    strip();
    await world.reconcile(key);
    expect(world.took.correction).toEqual([17, undefined, undefined]);
  });

  it('that was deleted is reported so, and the object forgets it', async () => {
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    await world.reconcile(key);
    world.acronis.delete(userId);
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: untilItAppears });
    expect(world.cluster.reason(key)).toBe('UserNotFound');
    expect(Object.keys(world.cluster.status(key)).sort()).toEqual(['conditions', 'observedGeneration']);
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'UserNotFound' });
    await expectSteady(key);
  });
});

describe('a user named by login', () => {
  const byLogin = { login: 'johndoe', tenantID: tenantId };

  it('is searched once, and found by the id of the status from then on', async () => {
    world.acronis.add({ id: userId });
    world.acronis.add({ id: otherUserId, login: 'johndoe2' });
    const key = world.cluster.create(byLogin);
    await world.reconcile(key);
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
    expect(world.acronis.puts.map(({ id }) => id)).toEqual([userId]);
    expect(world.acronis.count('search')).toBe(1);
  });

  it('is searched again when the user that was only observed has another login by now', async () => {
    const user = world.acronis.add({ id: userId });
    const key = world.cluster.create({ ...byLogin, managementPolicy: 'Observe' });
    await world.reconcile(key);
    user.login = 'jane';
    world.acronis.add({ id: otherUserId });
    await world.reconcile(key);
    expect(world.cluster.status(key).userID).toBe(otherUserId);
    expect(world.acronis.count('search')).toBe(2);
  });

  it.each([
    ['two users have it', [{ id: userId }, { id: otherUserId }], 'UserAmbiguous', /userID instead/],
    ['it is written in another letter case', [{ id: userId, login: 'JohnDoe' }], 'UserNotFound', /letter case/],
    ['it only begins the same', [{ id: userId, login: 'johndoe2' }], 'UserNotFound', /^No user/],
    ['the user is in a tenant below', [{ id: userId, tenant_id: otherTenantId }], 'UserNotFound', /tenant below/],
    ['no user has it', [], 'UserNotFound', /^No user/],
  ])('is refused where %s', async (_, users, reason, message) => {
    for (const user of users) world.acronis.add(user);
    const key = world.cluster.create(byLogin);
    const policy = reason === 'UserNotFound' ? untilItAppears : slowly;
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy });
    expect(world.cluster.reason(key)).toBe(reason);
    expect(world.cluster.message(key)).toMatch(message);
    expect(world.acronis.puts).toEqual([]);
    await expectSteady(key);
  });

  it.each([
    ['was deleted', () => world.acronis.delete(userId)],
    ['is not visible', () => world.acronis.users.delete(userId)],
    ['has another login', () => world.acronis.add({ id: userId, login: 'jane' })],
  ])('is not written to where the search still shows it but it %s', async (_, change) => {
    world.acronis.add({ id: userId });
    world.acronis.next('search', (apply) => {
      const hits = structuredClone(apply());
      change();
      return hits;
    });
    const key = world.cluster.create(byLogin);
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('UserNotFound');
    expect(world.cluster.message(key)).not.toContain('letter case');
    expect(world.acronis.puts).toEqual([]);
  });
});

describe('what the object says of itself', () => {
  it('suspended: nothing is read or written, and what was known stays', async () => {
    const user = world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    await world.reconcile(key);
    world.cluster.edit(key, { suspend: true });
    user.business_types = [];
    const requests = world.acronis.requests.length;
    expect(await world.reconcile(key)).toEqual({ kind: 'done' });
    expect(world.acronis.requests).toHaveLength(requests);
    expect(world.cluster.reason(key)).toBe('Suspended');
    expect(world.cluster.status(key)).toMatchObject({
      observedGeneration: 2,
      userID: userId,
      businessTypes: ['buyer'],
    });
    await expectSteady(key);
    world.cluster.edit(key, { suspend: false });
    await world.reconcile(key);
    expect(user.business_types).toEqual(['buyer']);
  });

  it('invalid, as an older CRD let it in: reported, and nothing is asked', async () => {
    const key = world.cluster.create({ userID: 'nobody' });
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: slowly });
    expect(world.cluster.reason(key)).toBe('InvalidSpec');
    expect(world.cluster.message(key)).toMatch(/^spec\.userID: .+\. Correct the object\.$/);
    expect(world.acronis.requests).toEqual([]);
    await expectSteady(key);
  });

  it('Observe: it reports and never writes, missing type or not', async () => {
    const user = world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId, managementPolicy: 'Observe', deletionPolicy: 'Revoke' });
    expect(await world.reconcile(key)).toEqual({ kind: 'done' });
    expect(world.cluster.reason(key)).toBe('NotAssigned');
    expect(world.cluster.status(key)).toMatchObject({ observedVersion: 1, businessTypes: [] });
    user.business_types = ['buyer'];
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
    expect(world.acronis.puts).toEqual([]);
    expect(world.cluster.object(key).finalizers).toEqual([]);
    await expectSteady(key);
  });

  it('asked for by annotation: the value is echoed, once', async () => {
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    await world.reconcile(key);
    world.cluster.annotate(key, { 'upsell.acronis.com/requestedAt': 'monday' });
    await world.reconcile(key);
    expect(world.cluster.patches.at(-1)?.changes).toEqual({ lastHandledReconcileAt: 'monday' });
    expect(Object.keys(world.cluster.status(key))).toContain('lastHandledReconcileAt');
    await expectSteady(key);
  });

  it('gone: there is nothing to do', async () => {
    expect(await world.reconcile('customers/nobody')).toEqual({ kind: 'done' });
    expect(world.cluster.calls).toEqual([]);
  });
});

describe('guards', () => {
  const expectSilence = (key: string, reason: string) => {
    expect(world.cluster.reason(key)).toBe(reason);
    expect(world.acronis.puts).toEqual([]);
    expect(Object.keys(world.cluster.status(key)).sort()).toEqual(['conditions', 'observedGeneration']);
    const told = JSON.stringify([world.cluster.status(key), world.events]);
    for (const secret of [tenantId, 'johndoe', '"buyer"']) expect(told).not.toContain(secret);
  };

  it('a user of another tenant than tenantID is not touched, and nothing of it is revealed', async () => {
    world.acronis.add({ id: userId, business_types: ['buyer'] });
    const key = world.cluster.create({ userID: userId, tenantID: otherTenantId });
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: slowly });
    expectSilence(key, 'TenantMismatch');
    await expectSteady(key);
  });

  it("a user of another tenant than the namespace's label is not touched, and nothing of it is revealed", async () => {
    world.cluster.namespaces.set('customers', { 'upsell.acronis.com/tenant-id': otherTenantId });
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    await world.reconcile(key);
    expectSilence(key, 'NamespaceNotAllowed');
    await expectSteady(key);
  });

  describe("a user of a tenant below the namespace's label", () => {
    beforeEach(() => {
      world.cluster.namespaces.set('customers', { 'upsell.acronis.com/tenant-id': otherTenantId });
      world.acronis.add({ id: userId });
    });

    it('is served where Acronis shows the way up, and nothing more is asked then', async () => {
      world.acronis.parents.set(tenantId, otherTenantId);
      const key = world.cluster.create({ userID: userId });
      await world.reconcile(key);
      expect(world.cluster.reason(key)).toBe('BuyerAssigned');
      expect(world.cluster.status(key)).toMatchObject({ userID: userId, tenantID: tenantId });
      await expectSteady(key);
      expect(world.acronis.count('tenant')).toBe(1);
    });

    it('is not where the way up ends before', async () => {
      world.acronis.parents.set(tenantId, null);
      const key = world.cluster.create({ userID: userId });
      await world.reconcile(key);
      expectSilence(key, 'NamespaceNotAllowed');
    });

    it('is waited for while Acronis cannot be asked where its tenant is', async () => {
      world.acronis.parents.set(tenantId, otherTenantId);
      world.acronis.next('tenant', () => {
        throw answered(503);
      });
      const key = world.cluster.create({ userID: userId });
      await world.reconcile(key);
      expectSilence(key, 'Unavailable');
      await world.reconcile(key);
      expect(world.cluster.reason(key)).toBe('BuyerAssigned');
    });

    it('is no user of the label where the object names a tenantID: that says which tenant exactly', async () => {
      world.acronis.parents.set(tenantId, otherTenantId);
      const key = world.cluster.create({ userID: userId, tenantID: otherTenantId });
      await world.reconcile(key);
      expectSilence(key, 'TenantMismatch');
    });

    it('is given up when the label becomes that of another tenant', async () => {
      world.acronis.parents.set(tenantId, otherTenantId);
      const key = world.cluster.create({ userID: userId });
      await world.reconcile(key);
      world.cluster.namespaces.set('customers', { 'upsell.acronis.com/tenant-id': otherUserId });
      world.acronis.parents.set(otherTenantId, null);
      await world.reconcile(key);
      expect(world.cluster.reason(key)).toBe('NamespaceNotAllowed');
      expect(world.cluster.status(key)).not.toHaveProperty('userID');
    });
  });

  it('what an object may know ends when the label changes', async () => {
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    await world.reconcile(key);
    expect(world.cluster.status(key).businessTypes).toEqual(['buyer']);
    world.cluster.namespaces.set('customers', { 'upsell.acronis.com/tenant-id': otherTenantId });
    await world.reconcile(key);
    expect(Object.keys(world.cluster.status(key)).sort()).toEqual(['assigned', 'conditions', 'observedGeneration']);
  });

  it.each([
    ['exists', () => world.acronis.add({ id: userId })],
    ['does not exist', () => {}],
  ])('a login that %s in another tenant is refused the same way, unasked', async (_, arrange) => {
    arrange();
    world.cluster.namespaces.set('customers', { 'upsell.acronis.com/tenant-id': otherTenantId });
    const key = world.cluster.create({ login: 'johndoe', tenantID: tenantId });
    await world.reconcile(key);
    expect(world.acronis.requests).toEqual([]);
    expectSilence(key, 'NamespaceNotAllowed');
  });

  it.each([
    ['has no label', {}, 'NamespaceNotAllowed'],
    ["has the label of the user's tenant", { 'upsell.acronis.com/tenant-id': tenantId.toUpperCase() }, 'BuyerAssigned'],
  ])('with --require-tenant-label a namespace that %s: %s %s', async (_, labels, reason) => {
    world = createWorld({ requireTenantLabel: true });
    world.cluster.namespaces.set('customers', labels);
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe(reason);
  });

  it('a namespace that may not be read is refused, and says so', async () => {
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    world.cluster.fail(
      ({ path }) => path === '/api/v1/namespaces/customers',
      () => failing(403),
      9,
    );
    await world.reconcile(key);
    expectSilence(key, 'NamespaceNotAllowed');
  });

  it('a namespace that the API server cannot show just now is waited for', async () => {
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    world.cluster.fail(
      ({ path }) => path === '/api/v1/namespaces/customers',
      () => failing(500),
    );
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon });
    expect(world.acronis.puts).toEqual([]);
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  });

  it("the label does not bind an object's own credentials", async () => {
    world.cluster.namespaces.set('customers', { 'upsell.acronis.com/tenant-id': otherTenantId });
    world.cluster.secrets.set('customers/theirs', ownValues);
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId, credentialsSecretRef: { name: 'theirs' } });
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
    expect(world.cluster.calls).not.toContain('GET /api/v1/namespaces/customers');
  });
});

describe('two objects that name one user', () => {
  it('the older one has it; the younger one waits, writes nothing, and takes over when the older one goes', async () => {
    const user = world.acronis.add({ id: userId });
    const young = world.cluster.create({ userID: userId }, { name: 'young', createdAt: '2026-01-02T03:00:01Z' });
    const old = world.cluster.create({ userID: userId }, { name: 'old' });
    await world.reconcile(young);
    expect(world.cluster.reason(young)).toBe('DuplicateClaim');
    expect(world.cluster.message(young)).toContain('An older object, old, names the same user');
    expect(world.acronis.puts).toEqual([]);
    await world.reconcile(old);
    expect(world.cluster.reason(old)).toBe('BuyerAssigned');
    await world.reconcile(young);
    expect(world.cluster.status(young)).toMatchObject({ observedVersion: 2, businessTypes: ['buyer'] });
    await expectSteady(young);
    world.cluster.delete(old);
    user.business_types = [];
    await world.reconcile(young);
    expect(world.cluster.reason(young)).toBe('BuyerAssigned');
    expect(world.acronis.puts).toHaveLength(2);
  });

  it('an older one in another namespace is not named', async () => {
    world.cluster.namespaces.set('secret-customer', {});
    world.acronis.add({ id: userId });
    world.cluster.create({ userID: userId }, { namespace: 'secret-customer', name: 'secret-name' });
    const key = world.cluster.create({ userID: userId }, { createdAt: '2026-01-02T03:00:01Z' });
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('DuplicateClaim');
    expect(JSON.stringify([world.cluster.status(key), world.events])).not.toContain('secret-');
  });

  it('an older claimant that appears while the PUT is in flight is reported, and so is the write', async () => {
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId }, { createdAt: '2026-01-02T03:00:01Z' });
    world.acronis.next('put', (apply) => {
      world.cluster.create({ userID: userId }, { name: 'old' });
      return apply();
    });
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('DuplicateClaim');
    expect(world.events.map(({ reason }) => reason)).toEqual(['Assigned', 'DuplicateClaim']);
    expect(world.wrote).toEqual(['assign applied']);
  });
});

describe('credentials', () => {
  const withSecret = { userID: userId, credentialsSecretRef: { name: 'theirs' } };

  it.each([
    ['there is no Secret', undefined, 'CredentialsMissing', /^This namespace has no Secret theirs\. Create it/],
    [
      'the Secret lacks a key',
      { url: ownValues.url },
      'CredentialsMissing',
      /^Secret theirs lacks clientID, clientSecret\. Add/,
    ],
    [
      'the URL is of another host',
      { ...ownValues, url: 'https://evil.example' },
      'UrlNotAllowed',
      /names the host evil\.example, which is outside --acronis-hosts/,
    ],
  ])('where %s: nothing is sent to Acronis', async (_, secret, reason, message) => {
    if (secret !== undefined) world.cluster.secrets.set('customers/theirs', secret);
    const key = world.cluster.create(withSecret);
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: slowly });
    expect(world.cluster.reason(key)).toBe(reason);
    expect(world.cluster.message(key)).toMatch(message);
    expect([...world.acronis.requests, ...world.acronis.tokenRequests]).toEqual([]);
    expect(JSON.stringify([world.cluster.status(key), world.log.lines])).not.toMatch(/canary/);
    await expectSteady(key);
  });

  it("the operator's own that are not complete concern only objects without a Secret", async () => {
    world = createWorld({ own: { kind: 'environment', values: { url: ownValues.url } } });
    world.cluster.secrets.set('customers/theirs', ownValues);
    world.acronis.add({ id: userId });
    world.acronis.add({ id: otherUserId });
    const without = world.cluster.create({ userID: otherUserId });
    const own = world.cluster.create(withSecret, { name: 'own' });
    await world.reconcile(without);
    await world.reconcile(own);
    expect(world.cluster.reason(without)).toBe('CredentialsMissing');
    expect(world.cluster.message(without)).toContain('lacks ACRONIS_CLIENT_ID, ACRONIS_CLIENT_SECRET');
    expect(world.cluster.reason(own)).toBe('BuyerAssigned');
  });

  it("an object's Secret is what Acronis is asked with", async () => {
    world.cluster.secrets.set('customers/theirs', { ...ownValues, clientID: 'theirs', clientSecret: 'secret\n' });
    world.acronis.add({ id: userId });
    await world.reconcile(world.cluster.create(withSecret));
    expect(world.acronis.tokenRequests).toEqual([`Basic ${btoa('theirs:secret')}`]);
  });

  it('that Acronis does not accept are reported so, and no credential is shown', async () => {
    world.acronis.always('token', () => {
      throw answered(401, { error: 'invalid_client' });
    });
    const key = world.cluster.create({ userID: userId });
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: slowly });
    expect(world.cluster.reason(key)).toBe('CredentialsRejected');
    expect(JSON.stringify([world.cluster.status(key), world.log.lines, world.events])).not.toContain('canary');
    await expectSteady(key);
  });

  it('a Secret that the API server cannot show just now leaves the status as it is', async () => {
    world.cluster.secrets.set('customers/theirs', ownValues);
    const key = world.cluster.create(withSecret);
    world.cluster.fail(
      ({ path }) => path.includes('/secrets/'),
      () => failing(503),
    );
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon });
    expect(world.cluster.patches).toEqual([]);
  });
});

describe('the API server', () => {
  it.each([
    ['a conflict', conflict, soon],
    ['a failure', () => failing(500), soon],
  ])('%s at the status leads to another reconcile, which sends no second PUT', async (_, error, policy) => {
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    world.cluster.fail(isStatusPatch, error);
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy });
    expect(world.events).toEqual([]);
    await world.reconcile(key);
    expect(world.acronis.puts).toHaveLength(1);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  });

  it('what it asks to wait is kept', async () => {
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    const { KubernetesError } = await import('../../../../../src/kubernetes/calls/errors.ts');
    world.cluster.fail(isStatusPatch, () => new KubernetesError('busy', { status: 429, retryAfterMs: 7_000 }));
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon, atLeastMs: 7_000 });
  });

  it('an object that went meanwhile is done with once the watch has said so: a 404 alone can be anybody’s', async () => {
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    world.cluster.lagging = true;
    world.cluster.delete(key);
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon });
    world.cluster.catchUp();
    expect(await world.reconcile(key)).toEqual({ kind: 'done' });
  });

  it('that asks for an hour is asked again after five minutes', async () => {
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    const { KubernetesError } = await import('../../../../../src/kubernetes/calls/errors.ts');
    world.cluster.fail(isStatusPatch, () => new KubernetesError('busy', { status: 429, retryAfterMs: 3_600_000 }));
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon, atLeastMs: 300_000 });
  });

  it('a namesake that came meanwhile gets nothing that was meant for the other one', async () => {
    world.acronis.add({ id: userId, business_types: ['buyer'] });
    const key = world.cluster.create({ userID: userId });
    world.cluster.lagging = true;
    world.cluster.delete(key);
    world.cluster.create({ userID: otherUserId });
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon });
    expect(world.cluster.reason(key)).toBe('Pending');
  });

  it('a watch that lags behind costs no second patch, no second Event and no second PUT', async () => {
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    world.cluster.lagging = true;
    await world.reconcile(key);
    await world.clock.advance(60_000);
    await expectSteady(key);
    await expectSteady(key);
    world.cluster.catchUp();
    await expectSteady(key);
    expect(world.cluster.patches).toHaveLength(1);
  });

  it('an edit that came in while the status was written is judged with its own status', async () => {
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    world.cluster.lagging = true;
    await world.reconcile(key);
    world.cluster.edit(key, { suspend: true });
    world.cluster.catchUp();
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('Suspended');
    expect(world.cluster.status(key).observedGeneration).toBe(2);
    await expectSteady(key);
  });
});

describe('when the process stops', () => {
  it.each(['get', 'put'] as const)(
    'while Acronis is asked (%s): nothing more is sent or reported',
    async (operation) => {
      world.acronis.add({ id: userId });
      const key = world.cluster.create({ userID: userId });
      const stop = new AbortController();
      world.acronis.next(operation, (apply) => {
        const response = structuredClone(apply());
        stop.abort(new Error('stop'));
        return response;
      });
      await expect(world.reconcile(key, stop.signal)).rejects.toThrow('stop');
      expect(world.cluster.patches).toEqual([]);
      expect(world.events).toEqual([]);
      // Whatever was done is found by the next reconcile.
      await world.reconcile(key);
      expect(world.acronis.puts).toHaveLength(1);
      expect(world.cluster.reason(key)).toBe('BuyerAssigned');
      expect(world.wrote.length, 'every PUT is in the audit trail').toBe(1);
    },
  );

  it('before it began: nothing is asked', async () => {
    world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    await expect(world.reconcile(key, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
    expect(world.acronis.requests).toEqual([]);
    expect(world.cluster.calls).toEqual([]);
  });
});

it('the audit trail has one line for each PUT, with revisions and without a person', async () => {
  world.acronis.add({ id: userId, version: 4 });
  const key = world.cluster.create({ userID: userId });
  await world.reconcile(key);
  const lines = world.log.lines.filter(({ message }) => message === 'wrote to Acronis');
  expect(lines.map(({ fields }) => fields)).toEqual([
    { action: 'assign', object: key, generation: 1, from: 4, to: 5, outcome: 'applied' },
  ]);
  expect(JSON.stringify([world.log.lines, world.events, world.cluster.patches])).not.toMatch(/johndoe|mysite|canary/);
});
