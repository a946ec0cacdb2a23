/** What the user is offered and whether it can reach the user: from the reads of user and branding to the status. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { TenantUserUpsell } from '../../../../../src/api/object.ts';
import { brandListener } from '../../../../../src/controllers/upsell/triggers/brand.ts';
import { driftListener } from '../../../../../src/controllers/upsell/triggers/drift.ts';
import { judgeOf } from '../../../../../src/controllers/upsell/triggers/settled.ts';
import { accountIdOf } from '../../../../../src/fleet/accounts/accounts.ts';
import type { BrandListener } from '../../../../../src/fleet/brands/brands.ts';
import { sourceOf } from '../../../../../src/fleet/cache/objects.ts';
import { answered, type FakeUser, lost, otherTenantId, otherUserId, tenantId, userId } from '../fake-acronis.ts';
import { createWorld, ownValues, type World } from '../world.ts';

const link = 'https://buy.example.com';
let world: World;
let user: FakeUser;
let queued: string[];

beforeEach(() => {
  world = createWorld();
  user = world.acronis.add({ id: userId, roles: ['company_admin'] });
  world.acronis.buyUrls.set(tenantId, link);
  queued = [];
  world.brands.subscribe(listener());
});

const accountOf = (object: TenantUserUpsell): string => {
  const credentials = world.context.sources.lastGood(sourceOf(object));
  if (credentials === undefined) throw new Error('its credentials were not read');
  return accountIdOf(credentials);
};
/** What the brandings of one account say changes nothing of another's. */
const listener = (): BrandListener =>
  brandListener({
    fleet: world.fleet,
    sources: world.context.sources,
    queue: { add: (key) => void queued.push(key) },
  });
const create = (fields: Record<string, unknown> = {}, name = 'john') =>
  world.cluster.create({ userID: userId, ...fields }, { name });
const offerOf = (key: string) => world.cluster.status(key).offer;
const informedOf = (key: string) => world.cluster.status(key).conditions?.find(({ type }) => type === 'Informed');
const messageOf = (key: string) => world.cluster.message(key);
const statusPatches = () => world.cluster.patches.filter(({ kind }) => kind === 'status').length;

async function expectSteady(key: string): Promise<void> {
  const before = [world.cluster.patches.length, world.events.length, world.acronis.puts.length];
  await world.reconcile(key);
  expect([world.cluster.patches.length, world.events.length, world.acronis.puts.length]).toEqual(before);
  expect(judgeOf(world.context).isSettled(world.cluster.object(key))).toBe(true);
}

describe('the offer', () => {
  it.each([
    ['a company administrator where the branding has a Buy URL', ['company_admin'], link, 'BuyNow'],
    ['a company administrator where it has none', ['company_admin'], null, 'BuyNowWithoutLink'],
    ['a company administrator where it is empty', ['company_admin'], '', 'BuyNowWithoutLink'],
    ['any other user', ['backup_user'], link, 'ContactSales'],
    ['a user without a role', [], null, 'ContactSales'],
  ])('of %s is reported with the first status, and steady', async (_, roles, url, offer) => {
    user.roles = roles;
    world.acronis.buyUrls.set(tenantId, url);
    const key = create();
    await world.reconcile(key);
    expect([world.cluster.reason(key), offerOf(key)]).toEqual(['BuyerAssigned', offer]);
    expect(statusPatches()).toBe(1);
    await expectSteady(key);
  });

  it('of one that is no buyer is None, and no branding is read for it', async () => {
    const key = create({ managementPolicy: 'Observe' });
    await world.reconcile(key);
    expect([world.cluster.reason(key), offerOf(key)]).toEqual(['NotAssigned', 'None']);
    expect(world.acronis.count('brand')).toBe(0);
  });

  it('is known from the read of the user where the response of the write shows no roles', async () => {
    const key = create();
    await world.reconcile(key);
    expect([world.acronis.count('get'), world.acronis.count('put'), world.acronis.count('brand')]).toEqual([1, 1, 1]);
    expect(offerOf(key)).toBe('BuyNow');
  });

  it('stays while Acronis cannot be asked, and goes with the right to know', async () => {
    const key = create({ tenantID: tenantId });
    await world.reconcile(key);
    world.acronis.always('get', () => {
      throw lost();
    });
    await world.reconcile(key);
    await world.reconcile(key);
    expect([world.cluster.reason(key), offerOf(key), informedOf(key)?.status]).toEqual([
      'Unavailable',
      'BuyNow',
      'True',
    ]);
    world.acronis.always('get', undefined);
    user.tenant_id = otherTenantId;
    await world.reconcile(key);
    expect([world.cluster.reason(key), offerOf(key), informedOf(key)]).toEqual([
      'TenantMismatch',
      undefined,
      undefined,
    ]);
  });

  it.each([
    [
      'a branding that the API client may not read',
      () => Promise.reject(answered(403)),
      /the API client may not read the branding/,
    ],
    ['a branding that cannot be read', () => Promise.reject(answered(502)), /could not be read/],
    ['a branding of another form', () => [], /could not be read/],
  ])('with %s is Unknown with the reason, and no failure of the object', async (_, response, why) => {
    world.acronis.always('brand', response);
    const key = create();
    await world.reconcile(key);
    expect([world.cluster.reason(key), offerOf(key)]).toEqual(['BuyerAssigned', 'Unknown']);
    expect(messageOf(key)).toMatch(why);
    await expectSteady(key);
  });

  it('whose roles Acronis does not show is Unknown with the reason', async () => {
    world.acronis.always('get', () => {
      const { roles: _roles, ...shown } = user;
      return { items: [shown] };
    });
    const key = create();
    await world.reconcile(key);
    expect([world.cluster.reason(key), offerOf(key)]).toEqual(['BuyerAssigned', 'Unknown']);
    expect(messageOf(key)).toMatch(/does not show to this API client whether the user is a company administrator/);
    await expectSteady(key);
    listener()(new Map([[accountOf(world.cluster.object(key)), new Map([[tenantId, 'notSet']])]]));
    expect(queued, 'no Buy URL makes it another offer').toEqual([]);
  });

  it('stays what it was where a later read shows no roles', async () => {
    const key = create();
    await world.reconcile(key);
    const reported = offerOf(key);
    expect(reported).not.toBe('Unknown');
    world.acronis.always('get', () => {
      const { roles: _roles, ...shown } = user;
      return { items: [shown] };
    });
    await world.reconcile(key);
    expect(offerOf(key)).toBe(reported);
    await expectSteady(key);
  });

  it('does not wait longer than a few seconds for a branding that hangs, and follows when it comes', async () => {
    const response = Promise.withResolvers<unknown>();
    world.acronis.next('brand', () => response.promise);
    const key = create();
    await world.reconcile(key);
    expect([world.cluster.reason(key), offerOf(key)]).toEqual(['BuyerAssigned', 'Unknown']);
    response.resolve({ upsell_url: link });
    await world.clock.advance(2_000);
    expect(queued).toEqual([key]);
    await world.reconcile(key);
    expect(offerOf(key)).toBe('BuyNow');
  });

  it('that was reported stays while the branding cannot be read, after a restart', async () => {
    const key = create();
    await world.reconcile(key);
    const { status } = world.cluster.object(key);
    world = createWorld();
    world.acronis.add({ ...user });
    world.acronis.always('brand', () => {
      throw lost();
    });
    world.cluster.setStatus(create(), status);
    await world.reconcile(key);
    expect(world.acronis.count('brand'), 'it was asked for').toBe(1);
    expect([offerOf(key), statusPatches()]).toEqual(['BuyNow', 0]);
    await expectSteady(key);
  });
});

describe('a change of what the offer follows from', () => {
  it('of a role that moves no revision is found by the change feed, and is a status patch alone', async () => {
    const key = create();
    await world.reconcile(key);
    const before = statusPatches();
    user.roles = [];
    const account = world.context.accounts.of({ url: ownValues.url, clientId: 'c', clientSecret: 's' });
    const drift: string[] = [];
    const listener = driftListener({
      fleet: world.fleet,
      queue: { add: (each) => void drift.push(each) },
      metrics: world.context.metrics,
    });
    const stamp = { id: userId, version: user.version, deleted: false };
    listener(account, [{ ...stamp, isCompanyAdmin: true }]);
    listener(account, [{ ...stamp, isCompanyAdmin: undefined }]);
    expect(drift).toEqual([]);
    listener(account, [{ ...stamp, isCompanyAdmin: false }]);
    expect(drift).toEqual([key]);
    await world.reconcile(key);
    expect(offerOf(key)).toBe('ContactSales');
    expect([statusPatches() - before, world.acronis.puts.length, world.events.length]).toEqual([1, 1, 1]);
  });

  it('of a role that nothing shows is found by the verifier', async () => {
    const key = create();
    await world.reconcile(key);
    const account = world.context.accounts.of({ url: ownValues.url, clientId: 'c', clientSecret: 's' });
    const seen = {
      id: userId,
      tenantId,
      version: user.version,
      businessTypes: user.business_types,
      login: user.login,
      externalId: '',
      isCompanyAdmin: true,
      reach: 'quotaOn',
    } as const;
    const judge = judgeOf(world.context);
    const { signal } = new AbortController();
    const object = world.cluster.object(key);
    expect(await judge.isAsReported(object, seen, account, signal)).toBe(true);
    expect(await judge.isAsReported(object, { ...seen, isCompanyAdmin: false }, account, signal)).toBe(false);
    expect(await judge.isAsReported(object, { ...seen, reach: 'quotaOff' }, account, signal)).toBe(false);
  });

  it('of the branding wakes the objects that it changes, and no others', async () => {
    const key = create();
    await world.reconcile(key);
    world.acronis.add({ id: otherUserId });
    const other = create({ userID: otherUserId }, 'other');
    await world.reconcile(other);
    const stop = new AbortController();
    const running = world.brands.run(stop.signal);
    await world.clock.advance(60_000);
    expect(queued, 'what it reads first is as it was reported').toEqual([]);
    world.acronis.buyUrls.set(tenantId, null);
    await world.clock.advance(600_000);
    expect(queued).toEqual([key]);
    await world.reconcile(key);
    expect(offerOf(key)).toBe('BuyNowWithoutLink');
    await expectSteady(key);
    stop.abort(new Error('stop'));
    await world.clock.advance(0);
    await running;
  });
});

it('what one account is shown of a branding wakes no object of another account in the same tenant', async () => {
  const own = create();
  world.acronis.add({ id: otherUserId, roles: ['company_admin'] });
  world.cluster.secrets.set('customers/second', { ...ownValues, clientID: 'second' });
  const other = create({ userID: otherUserId, credentialsSecretRef: { name: 'second' } }, 'other');
  for (const key of [own, other]) await world.reconcile(key);
  expect([own, other].map(offerOf)).toEqual(['BuyNow', 'BuyNow']);
  for (const key of [own, other]) {
    queued = [];
    listener()(new Map([[accountOf(world.cluster.object(key)), new Map([[tenantId, 'notSet']])]]));
    expect(queued).toEqual([key]);
  }
});

describe('a tenant whose company administrators see no link', () => {
  it('is said once by an event, however many objects show it, and again after it had a link', async () => {
    world.acronis.buyUrls.set(tenantId, null);
    const keys = [create({}, 'one')];
    world.acronis.add({ id: otherUserId, roles: ['company_admin'] });
    keys.push(create({ userID: otherUserId }, 'two'));
    const said = () => world.events.filter(({ reason }) => reason === 'NoBuyLink').map(({ about }) => about);
    for (const key of keys) await world.reconcile(key);
    for (const key of keys) await world.reconcile(key);
    expect(said()).toEqual(['customers/one']);
    expect(world.events.find(({ reason }) => reason === 'NoBuyLink')).toMatchObject({
      type: 'Warning',
      message: expect.stringContaining('no Buy URL. Set it in the management portal'),
    });
    const stop = new AbortController();
    const running = world.brands.run(stop.signal);
    for (const url of [link, null]) {
      world.acronis.buyUrls.set(tenantId, url);
      await world.clock.advance(601_000);
      for (const key of keys) await world.reconcile(key);
    }
    expect(said()).toEqual(['customers/one', 'customers/one']);
    stop.abort(new Error('stop'));
    await world.clock.advance(0);
    await running;
  });
});

describe('Informed', () => {
  it.each([
    ['QuotaNotificationsOn', 'True', {}],
    ['QuotaNotificationsOff', 'False', { notifications: ['reports'] }],
    ['UserNotActivated', 'False', { activated: false }],
    ['UserDisabled', 'False', { enabled: false, activated: false, notifications: [] }],
  ])('is %s (%s), touches Ready in no way, and is no event', async (reason, status, fields) => {
    Object.assign(user, fields);
    const key = create();
    await world.reconcile(key);
    expect(informedOf(key)).toMatchObject({ reason, status, observedGeneration: 1 });
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
    expect(world.events.map((each) => each.reason)).toEqual(['Assigned']);
    await expectSteady(key);
  });

  it('changes with the user, by a status patch alone', async () => {
    const key = create();
    await world.reconcile(key);
    const before = [world.events.length, world.acronis.puts.length, statusPatches()];
    user.notifications = [];
    user.version++;
    await world.reconcile(key);
    expect(informedOf(key)).toMatchObject({ status: 'False', reason: 'QuotaNotificationsOff' });
    expect([world.events.length, world.acronis.puts.length, statusPatches() - 1]).toEqual(before);
  });
});
