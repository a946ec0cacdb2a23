/** Objects that name an AcronisAccount: served by its Secret, within what it allows, as it is now. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { User } from '../../../../../src/acronis/user.ts';
import { transformAccount } from '../../../../../src/api/account/object.ts';
import { connectAccountTriggers } from '../../../../../src/controllers/upsell/triggers/account-triggers.ts';
import { judgeOf } from '../../../../../src/controllers/upsell/triggers/settled.ts';
import { transformNamespace } from '../../../../../src/fleet/cache/namespaces.ts';
import { answered, otherTenantId, otherUserId, tenantId, userId } from '../fake-acronis.ts';
import { accountNamespace, createWorld, ownValues, type World } from '../world.ts';

let world: World;
let revision = 0;
const accountRef = { name: 'eu2' };
const byAccount = { userID: userId, accountRef };
const gold = { matchLabels: { tier: 'gold' } };
const allowed = { allowedNamespaces: { from: 'Selector', selector: gold } };

function account(spec: object = allowed): void {
  const metadata = { namespace: accountNamespace, name: 'eu2', uid: 'eu2', resourceVersion: `${++revision}` };
  const raw = {
    metadata: { ...metadata, generation: revision },
    spec: { credentialsSecretRef: { name: 'eu2' }, ...spec },
  };
  const made = transformAccount(raw);
  if (made === undefined) throw new Error('it is an account');
  world.context.accountObjects.store.upsert(made);
}

const deleteAccount = () => world.context.accountObjects.store.remove(`${accountNamespace}/eu2`);

function label(labels: Record<string, string>): void {
  world.cluster.namespaces.set('customers', labels);
  const made = transformNamespace({ metadata: { name: 'customers', labels } });
  if (made !== undefined) world.context.namespaces.upsert(made);
}

/** Another writer revokes the type. */
function strip(): void {
  const user = world.acronis.users.get(userId);
  if (user !== undefined) user.business_types = [];
}

beforeEach(() => {
  world = createWorld({ own: { kind: 'environment', values: {} } });
  world.cluster.secrets.set(`${accountNamespace}/eu2`, ownValues);
  world.acronis.add({ id: userId });
  label({ tier: 'gold' });
});

describe('an object that names an account', () => {
  it('is served with the Secret beside the account', async () => {
    account();
    const key = world.cluster.create(byAccount);
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  });

  it.each<[string, () => void, string]>([
    ['is not there', () => {}, 'AccountNotFound'],
    ['allows no other namespace', () => account({}), 'AccountNotAllowed'],
    [
      'allows namespaces with another label',
      () => account({ allowedNamespaces: { from: 'Selector', selector: { matchLabels: { tier: 'tin' } } } }),
      'AccountNotAllowed',
    ],
    ['breaks a rule', () => account({ concurrency: 0, ...allowed }), 'AccountNotAllowed'],
    [
      'names a Secret that is not there',
      () => account({ credentialsSecretRef: { name: 'none' }, ...allowed }),
      'CredentialsMissing',
    ],
  ])('that %s says so, and Acronis is asked nothing', async (_, given, reason) => {
    given();
    const key = world.cluster.create(byAccount);
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe(reason);
    expect([...world.acronis.requests, ...world.acronis.tokenRequests]).toEqual([]);
  });

  it('is not served any more as soon as its namespace loses the label, and forgets nothing', async () => {
    account();
    const key = world.cluster.create(byAccount);
    await world.reconcile(key);
    const { status } = world.cluster.object(key);
    strip();
    label({});
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('AccountNotAllowed');
    expect(world.acronis.puts).toHaveLength(1);
    const { assigned, userID, tenantID } = world.cluster.object(key).status;
    expect({ assigned, userID, tenantID }).toEqual({
      assigned: status.assigned,
      userID: status.userID,
      tenantID: status.tenantID,
    });
    label({ tier: 'gold' });
    await world.reconcile(key);
    expect(world.acronis.puts).toHaveLength(2);
  });

  it("is bound by its namespace's tenant label, as with the operator's own credentials", async () => {
    account();
    label({ tier: 'gold', 'upsell.acronis.com/tenant-id': otherTenantId });
    const key = world.cluster.create(byAccount);
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('NamespaceNotAllowed');
    expect(world.acronis.puts).toEqual([]);
  });
});

/** What the verifier finds of a settled object, having read the user as it became. */
function verified(key: string): () => Promise<boolean> {
  const object = world.fleet.get(key);
  if (object === undefined) throw new Error('it is there');
  const user: User = {
    id: userId,
    tenantId,
    version: 2,
    businessTypes: ['buyer'],
    login: 'johndoe',
    externalId: '',
    isCompanyAdmin: false,
    reach: 'quotaOn',
  };
  const unbounded = world.context.accounts.of({ url: ownValues.url, clientId: '', clientSecret: '' });
  const judge = judgeOf(world.context);
  expect(judge.isSettled(object)).toBe(true);
  return () => world.finish(judge.isAsReported(object, user, unbounded, new AbortController().signal));
}

describe('tenantIDs of an account', () => {
  const above = '00000000-0000-4000-8000-000000000001';
  const loginThere = { login: 'johndoe', tenantID: tenantId, accountRef };

  it.each<[string, string[], string | undefined, string]>([
    ["of the user's tenant let it be written", [tenantId], undefined, 'BuyerAssigned'],
    ['in upper case do too', [tenantId.toUpperCase()], undefined, 'BuyerAssigned'],
    ['above it do where the way up is shown', [above], above, 'BuyerAssigned'],
    ['above it do not where the way up is not shown', [above], undefined, 'UserNotFound'],
    ['elsewhere do not', [otherTenantId], above, 'UserNotFound'],
  ])('%s', async (_, tenantIDs, parent, reason) => {
    if (parent !== undefined) {
      world.acronis.parents.set(tenantId, parent);
      world.acronis.parents.set(above, null);
    }
    account({ ...allowed, tenantIDs });
    for (const [name, spec] of Object.entries({ id: byAccount, login: loginThere })) {
      const key = world.cluster.create(spec, { name });
      await world.reconcile(key);
      if (name === 'id' || reason !== 'BuyerAssigned') expect(world.cluster.reason(key), name).toBe(reason);
    }
    expect(world.acronis.puts).toHaveLength(reason === 'BuyerAssigned' ? 1 : 0);
    if (reason !== 'BuyerAssigned') expect(world.acronis.count('search')).toBe(0);
  });

  it('above it cut off no object that is served while a right to read tenants is missing, and let no other one be written', async () => {
    world.acronis.always('client', () => ({ tenant_id: above }));
    world.acronis.parents.set(tenantId, above);
    account({ ...allowed, tenantIDs: [above] });
    const key = world.cluster.create(byAccount);
    await world.reconcile(key);
    world.acronis.always('tenant', () => {
      throw answered(403);
    });
    await world.clock.advance(11 * 60_000);
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
    const isAsReported = verified(key);
    await world.clock.advance(70 * 60_000);
    expect(await isAsReported(), 'what is as it was reported needs no proof').toBe(true);
    const before = world.acronis.puts.length;
    world.acronis.add({ id: otherUserId });
    const other = world.cluster.create({ ...byAccount, userID: otherUserId }, { name: 'other' });
    await world.reconcile(other);
    expect(world.cluster.reason(other)).toBe('AccessDenied');
    expect(world.acronis.puts).toHaveLength(before);
  });

  it('that are narrowed are seen by the verifier, which reads for the whole API client', async () => {
    account({ ...allowed, tenantIDs: [tenantId] });
    const key = world.cluster.create(byAccount);
    await world.reconcile(key);
    const isAsReported = verified(key);
    expect(await isAsReported()).toBe(true);
    account({ ...allowed, tenantIDs: [otherTenantId] });
    expect(await isAsReported()).toBe(false);
  });
});

describe("a namespace's label above the user's tenant", () => {
  it('that is moved elsewhere is seen by the verifier, which reads for the whole API client', async () => {
    world.acronis.parents.set(tenantId, otherTenantId);
    world.acronis.parents.set(otherTenantId, null);
    account();
    label({ tier: 'gold', 'upsell.acronis.com/tenant-id': otherTenantId });
    const key = world.cluster.create(byAccount);
    await world.reconcile(key);
    const isAsReported = verified(key);
    expect(await isAsReported()).toBe(true);
    label({ tier: 'gold', 'upsell.acronis.com/tenant-id': '00000000-0000-4000-8000-000000000001' });
    expect(await isAsReported()).toBe(false);
  });
});

describe('an account that is deleted', () => {
  const revoke = { ...byAccount, deletionPolicy: 'Revoke' };

  it('before an object that is to revoke is remembered for that, within what it allowed', async () => {
    account();
    const key = world.cluster.create(revoke);
    await world.reconcile(key);
    deleteAccount();
    world.cluster.delete(key);
    label({});
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('AccountNotAllowed');
    expect(world.cluster.has(key)).toBe(true);
    label({ tier: 'gold' });
    await world.reconcile(key);
    expect(world.cluster.has(key)).toBe(false);
    expect(world.acronis.users.get(userId)?.business_types).toEqual([]);
  });

  it('serves no live object any more', async () => {
    account();
    const key = world.cluster.create(revoke);
    await world.reconcile(key);
    deleteAccount();
    strip();
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('AccountNotFound');
    expect(world.acronis.puts).toHaveLength(1);
  });
});

describe('a change of an account', () => {
  let asked: string[];
  let expired: string[];
  let here: string;
  beforeEach(() => {
    asked = [];
    expired = [];
    connectAccountTriggers({
      ...world.context,
      sources: { expire: (source) => void expired.push(source) },
      verifier: {
        add: (key, priority) => void asked.push(`${key} ${priority}`),
        recheck: (key) => void asked.push(`${key} recheck`),
      },
    });
    here = world.cluster.create(byAccount);
    world.cluster.create({ userID: userId }, { name: 'own' });
    world.cluster.create(byAccount, { namespace: 'elsewhere', name: 'ada' });
  });

  it('tries the objects that name it as soon as it is there, and has its Secret read again', () => {
    account();
    expect(asked).toEqual([`${here} recheck`, 'elsewhere/ada change']);
    expect(expired).toEqual(['account:eu2']);
  });

  it('reconciles those that it does not serve any more, and those of an account that is gone', () => {
    account();
    asked = [];
    account({});
    expect(asked).toEqual([`${here} change`, 'elsewhere/ada change']);
    asked = [];
    deleteAccount();
    expect(asked).toEqual([`${here} change`, 'elsewhere/ada change']);
  });

  it('of its limits or its status asks for nothing', () => {
    account();
    asked = [];
    account({ ...allowed, concurrency: 2, ratePerSecond: 1 });
    expect(asked).toEqual([]);
  });
});
