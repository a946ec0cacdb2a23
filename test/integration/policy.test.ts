/** TenantUpsellPolicies on the real API server, with the built operator and the sandbox. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { until } from '../../sandbox/until.ts';
import { upsell, World } from './world.ts';

const policySchema = z.object({
  metadata: z.object({
    resourceVersion: z.string(),
    uid: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  status: z.object({
    matched: z.number().optional(),
    children: z.number().optional(),
    ready: z.number().optional(),
    conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() })),
  }),
});
type SeenPolicy = z.output<typeof policySchema>;

const childSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        resourceVersion: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
        ownerReferences: z.array(z.object({ kind: z.string(), uid: z.string(), controller: z.boolean() })).default([]),
        managedFields: z.array(z.object({ manager: z.string(), operation: z.string() })).default([]),
      }),
      spec: z.object({ userID: z.string().optional(), suspend: z.boolean().optional() }),
    }),
  ),
});

let world: World;
beforeAll(async () => {
  world = await World.start({ sandbox: { users: 40 } });
});
afterAll(() => world[Symbol.asyncDispose]());

const policy = (name: string, spec: object, annotations: object = {}): object => ({
  apiVersion: 'upsell.acronis.com/v1alpha1',
  kind: 'TenantUpsellPolicy',
  metadata: { name, annotations },
  spec,
});
const get = async (name: string): Promise<SeenPolicy> =>
  policySchema.parse(JSON.parse(await world.ok('get', 'tup', name, '-o', 'json')));
const readyOf = ({ status }: SeenPolicy) => status.conditions.find(({ type }) => type === 'Ready');
const children = async (name: string) =>
  childSchema.parse(
    JSON.parse(
      await world.ok('get', 'tuu', '-l', `upsell.acronis.com/policy=${name}`, '-o', 'json', '--show-managed-fields'),
    ),
  ).items;
const untilReason = (name: string, reason: string) =>
  until(
    `${name} is ${reason}`,
    () => get(name),
    (seen) => readyOf(seen)?.reason === reason,
    { withinMs: 45_000 },
  );
const untilAllReady = (name: string) =>
  until(
    `all children of ${name} are Ready`,
    () => get(name),
    ({ status }) => (status.matched ?? 0) > 0 && status.ready === status.matched && status.children === status.matched,
    { withinMs: 45_000 },
  );

const admins = (spec: object = {}): object =>
  policy('admins', { tenantID: world.acronis.cast.tenants.partner, ...spec });
/** Resolves after all users were listed again, or were to be, so many times. */
async function afterLists(times: number): Promise<void> {
  const lists = () => world.acronis.ledger.count('getTenants') + world.acronis.ledger.count('listUsers');
  for (let list = 0; list < times; list++) {
    const before = lists();
    await until('users are listed again', lists, (count) => count > before, { withinMs: 30_000 });
  }
}

it('every user that matches gets a child that becomes Ready; a restart and a steady state write nothing; a person deletes and edits, and the policy puts it back', async () => {
  world.logOnFailure();
  await world.apply(admins());
  await untilAllReady('admins');
  const applied = await untilReason('admins', 'Applied');
  const made = await children('admins');
  expect(made).toHaveLength(applied.status.matched ?? 0);
  for (const { metadata } of made) {
    expect(metadata.ownerReferences).toMatchObject([
      { kind: 'TenantUpsellPolicy', uid: applied.metadata.uid, controller: true },
    ]);
    expect(metadata.managedFields).toContainEqual({ manager: 'acronis-upsell-policy', operation: 'Apply' });
  }
  for (const { spec } of made) expect(world.isBuyer(spec.userID ?? '')).toBe(true);

  const versions = async () =>
    [
      (await get('admins')).metadata.resourceVersion,
      ...(await children('admins')).map((each) => each.metadata.resourceVersion),
    ].join();
  const before = await versions();
  await world.restart('SIGTERM');
  await world.afterResync();
  await world.afterResync();
  expect(await versions()).toBe(before);

  const [first, second] = made;
  if (first === undefined || second === undefined) throw new Error('the sandbox has at least two administrators');
  await world.ok('delete', 'tuu', first.metadata.name);
  await world.ok('label', 'tuu', second.metadata.name, 'mine=stays');
  await world.ok('patch', 'tuu', second.metadata.name, '--type=merge', '-p', '{"spec":{"suspend":true}}');
  await until(
    'both are as the policy says',
    () => children('admins'),
    (now) => now.length === made.length && now.every(({ spec }) => spec.suspend !== true),
    { withinMs: 30_000 },
  );
  const edited = (await children('admins')).find(({ metadata }) => metadata.name === second.metadata.name);
  expect(edited?.metadata.labels).toMatchObject({ mine: 'stays' });
});

it('a hand-written object takes the user over: its child goes, and the type stays', async () => {
  world.logOnFailure();
  await world.apply(admins({ template: { spec: { deletionPolicy: 'Revoke' } } }));
  const [child] = await children('admins');
  const id = child?.spec.userID ?? '';
  await world.until(child?.metadata.name ?? '', 'is held', ({ metadata }) => metadata.finalizers.length > 0);
  await world.apply(upsell('by-hand', { userID: id, suspend: true }));
  await world.untilGone(child?.metadata.name ?? '');
  const { businessTypes } = world.user(id);
  expect(businessTypes).toContain('buyer');
  await world.ok('delete', 'tuu', 'by-hand');
  await world.until(child?.metadata.name ?? '', 'is back', () => true);
});

// Each kind of list is in test/sandbox/selection.test.ts: here one that is seen to be wrong, and two that look right.
it.each(['repeats', 'omits', 'empty'] as const)(
  'a list of users that is wrong (%s) removes nobody',
  async (listing) => {
    world.logOnFailure();
    const before = await untilAllReady('admins');
    const names = (await children('admins')).map(({ metadata }) => metadata.name).toSorted();
    expect(names.length).toBeGreaterThan(3);
    world.acronis.switches.set({ listing });
    await afterLists(3);
    expect((await children('admins')).map(({ metadata }) => metadata.name).toSorted()).toEqual(names);
    world.acronis.switches.set({ listing: 'honest' });
    await untilReason('admins', 'Applied');
    expect((await get('admins')).status.matched).toBe(before.status.matched);
  },
);

it('a tenant that hides itself loses no child, and a role that is taken away does', async () => {
  world.logOnFailure();
  await untilAllReady('admins');
  const [first, ...others] = await children('admins');
  const id = first?.spec.userID ?? '';
  const tenant = world.user(id).tenant.id;
  world.acronis.console.setTenant(tenant, { ancestralAccess: false });
  await afterLists(3);
  expect(await children('admins')).toHaveLength(others.length + 1);
  world.acronis.console.setTenant(tenant, { ancestralAccess: true });
  world.acronis.console.setRoles(id, []);
  await world.untilGone(first?.metadata.name ?? '');
  expect(world.isBuyer(id)).toBe(false);
  expect(await children('admins')).toHaveLength(others.length);
});

it('too many removals are held until a person lets exactly these through', async () => {
  world.logOnFailure();
  await world.apply(admins({ limits: { maxRemovals: 0 } }));
  await untilAllReady('admins');
  const all = await children('admins');
  const gone = all.slice(0, 2);
  for (const { spec } of gone) world.acronis.console.setRoles(spec.userID ?? '', []);
  const braked = await untilReason('admins', 'Braked');
  const command = /kubectl -n \S+ (annotate .*approve=2)$/.exec(readyOf(braked)?.message ?? '')?.[1];
  expect(await children('admins')).toHaveLength(all.length);
  await world.ok(...(command ?? '').split(' '));
  for (const { metadata } of gone) await world.untilGone(metadata.name);
  const after = await untilReason('admins', 'Applied');
  expect(after.metadata.annotations).not.toHaveProperty('upsell.acronis.com/approve');
  expect(await children('admins')).toHaveLength(all.length - 2);
});

it('a policy that is deleted while Acronis is down makes no child again', async () => {
  world.logOnFailure();
  await world.apply(admins());
  await untilAllReady('admins');
  const [child] = await children('admins');
  world.acronis.faults.add({ kind: 'status', status: 503 });
  await world.ok('delete', 'tup', 'admins');
  // A child that was made again before the operator sees this would be the garbage collector's, which this control plane does not have.
  await until(
    'the operator sees that the policy is gone',
    async () => (await fetch(world.operator.metrics)).text(),
    (page) => !/^acronis_upsell_policies\{.*\} [1-9]/m.test(page),
    { withinMs: 30_000 },
  );
  // As the garbage collector does.
  await world.ok('delete', 'tuu', child?.metadata.name ?? '');
  await world.untilGone(child?.metadata.name ?? '');
  world.acronis.faults.clear();
  await world.afterResync();
  expect(await world.get(child?.metadata.name ?? '')).toBeUndefined();
});
