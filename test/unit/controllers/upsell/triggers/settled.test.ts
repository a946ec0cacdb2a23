/** What the verifier finds of a settled object is what a reconcile would: nothing to do, or something. */
import { beforeEach, describe, expect, it } from 'vitest';
import { judgeOf } from '../../../../../src/controllers/upsell/triggers/settled.ts';
import type { Account } from '../../../../../src/fleet/accounts/accounts.ts';
import { ownSource } from '../../../../../src/fleet/cache/objects.ts';
import { type FakeUser, otherTenantId, tenantId, userId } from '../fake-acronis.ts';
import { createWorld, type World, type WorldOptions } from '../world.ts';

const link = 'https://buy.example.com';
const { signal } = new AbortController();
let world: World;
let user: FakeUser;
beforeEach(() => start());

function start(options: WorldOptions = {}): void {
  world = createWorld(options);
  user = world.acronis.add({
    id: userId,
    login: 'johndoe',
    external_id: 'crm-1',
    business_types: ['seller'],
    roles: ['company_admin'],
  });
  world.acronis.buyUrls.set(tenantId, link);
}

function account(): Account {
  const credentials = world.context.sources.lastGood(ownSource);
  if (credentials === undefined) throw new Error('its credentials were read');
  return world.context.accounts.of(credentials);
}

/** Judged from one read of the user in a list, as the verifier has it. */
async function isAsReported(key: string): Promise<boolean> {
  const evidence = (await account().api.getUsers([userId], signal)).get(userId);
  if (evidence?.kind !== 'seen') throw new Error('the user is shown');
  const object = world.cluster.object(key);
  const judge = judgeOf(world.context);
  expect(judge.isSettled(object)).toBe(true);
  return await judge.isAsReported(object, evidence.user, account(), signal);
}

const done = () => world.cluster.patches.length + world.acronis.puts.length;

const byId = { userID: userId };
const byLogin = { login: 'johndoe', tenantID: tenantId };
const byExternalId = { externalID: 'crm-1', tenantID: tenantId };
type Change = readonly [what: string, change: Partial<FakeUser>, by: readonly object[]];
const all = [byId, byLogin, byExternalId];

const matters: readonly Change[] = [
  ['a new revision', { version: 7 }, all],
  ['a revision beyond 53 bits', { version: 9_007_199_254_740_993n }, all],
  ['the type taken away', { business_types: ['seller'] }, all],
  ['another type taken away', { business_types: ['buyer'] }, all],
  ['one type in place of another', { business_types: ['reseller', 'buyer'] }, all],
  ['one more type', { business_types: ['seller', 'buyer', 'reseller'] }, all],
  ['another tenant', { tenant_id: otherTenantId }, all],
  ['a role taken away', { roles: [] }, all],
  ['notifications switched off', { notifications: [] }, all],
  ['disabled', { enabled: false }, all],
  ['not activated', { activated: false }, all],
  ['another login', { login: 'jane' }, [byLogin]],
  ['another external id', { external_id: 'crm-2' }, [byExternalId]],
];
const doesNotMatter: readonly Change[] = [
  ['nothing', {}, all],
  ['another login', { login: 'jane' }, [byId, byExternalId]],
  ['another external id', { external_id: 'crm-2' }, [byId, byLogin]],
];
const rows = (changes: readonly Change[]) =>
  changes.flatMap(([what, change, specs]) =>
    specs.map((spec) => [what, Object.keys(spec)[0] ?? '', spec, change] as const),
  );
const labels: readonly (readonly [string, string | undefined])[] = [
  ['without a label', undefined],
  ["of its user's tenant", tenantId],
];

const labelWith = (tenant: string) =>
  world.cluster.namespaces.set('customers', { 'upsell.acronis.com/tenant-id': tenant });

async function assigned(spec: object): Promise<string> {
  const key = world.cluster.create({ ...spec });
  await world.reconcile(key);
  expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  expect(world.cluster.status(key).offer).toBe('BuyNow');
  return key;
}

async function expectReconciled(key: string): Promise<void> {
  expect(await isAsReported(key)).toBe(false);
  const before = done();
  await world.reconcile(key);
  expect(done(), 'a reconcile has something to do').toBeGreaterThan(before);
}

describe.each(labels)('in a namespace %s', (_, label) => {
  beforeEach(() => {
    if (label !== undefined) labelWith(label);
  });

  it.each(rows(matters))('%s of a user named by %s is to be reconciled', async (__, ___, spec, change) => {
    const key = await assigned(spec);
    Object.assign(user, change);
    await expectReconciled(key);
  });

  it.each(rows(doesNotMatter))('%s of a user named by %s is not', async (__, ___, spec, change) => {
    const key = await assigned(spec);
    Object.assign(user, change);
    expect(await isAsReported(key)).toBe(true);
    const before = done();
    await world.reconcile(key);
    expect(done(), 'a reconcile has nothing to do').toBe(before);
  });
});

describe('of a user who is as reported', () => {
  it('a label that the namespace lost where one is required is to be reconciled', async () => {
    start({ requireTenantLabel: true });
    labelWith(tenantId);
    const key = await assigned(byId);
    world.cluster.namespaces.set('customers', {});
    await expectReconciled(key);
  });

  it('a branding that lost its Buy URL is to be reconciled', async () => {
    const key = await assigned(byId);
    expect(await isAsReported(key)).toBe(true);
    world.acronis.buyUrls.set(tenantId, null);
    const stop = new AbortController();
    const running = world.brands.run(stop.signal);
    await world.clock.advance(601_000);
    await expectReconciled(key);
    stop.abort(new Error('stop'));
    await world.clock.advance(0);
    await running;
  });
});
