import { expect, it } from 'vitest';
import { exitCodeOf } from '../../../src/cli/plan/planned.ts';
import { planPolicies } from '../../../src/cli/plan/policies.ts';
import { printed } from '../../../src/cli/plan/print.ts';
import { planOf } from '../../../src/cli/plan/summary.ts';
import { PolicyWorld, userOf, users } from '../controllers/policy/world.ts';

const noMatch = { kind: 'noMatch', why: 'otherRole' } as const;

/** Plans all policies of the world, or those of these names. */
async function planned(world: PolicyWorld, names?: readonly string[]) {
  const wanted = [...world.policies.values()]
    .filter(({ name }) => names?.includes(name) ?? true)
    .map((policy) => ({ policy, where: undefined }));
  const found = await planPolicies(wanted, { ...world.context, lister: world.lister }, new AbortController().signal);
  const of = (name: string) => found.policies.find((each) => each.name === name);
  const steps = found.children.map(({ change, object }) => `${change} ${object.name.slice(-2)}`).toSorted();
  return { ...found, of, steps };
}

/** A policy with its children, as the operator made them. */
async function applied(count: number, spec: object = {}): Promise<PolicyWorld> {
  const world = new PolicyWorld();
  world.listed = users(count);
  world.policy('admins', spec);
  await world.settle();
  return world;
}

it('a policy that is applied has nothing to do', async () => {
  const { of, steps } = await planned(await applied(3));
  expect(of('admins')).toMatchObject({ action: 'none', reason: 'Applied', matched: 3, children: 3 });
  expect(steps).toEqual([]);
});

it('what it says is what the operator then does: children that come, change and go', async () => {
  const change = (world: PolicyWorld) => {
    world.listed = [...users(20).slice(1), userOf(31)];
    world.judged.set(userOf(1), noMatch);
    world.policy('admins', { template: { labels: { team: 'sales' } } });
    world.object('sales', 'by-hand', { userID: userOf(2) });
  };
  const world = await applied(20);
  change(world);
  const said = await planned(world);
  expect(said.of('admins')).toMatchObject({ action: 'change', make: 1, update: 18, remove: 1, handOver: 1 });

  const real = await applied(20);
  const before = real.children;
  change(real);
  real.writes.length = 0;
  await real.nextPass();
  const gone = before.filter((id) => !real.children.includes(id));
  const came = real.children.filter((id) => !before.includes(id));
  const endOf = (id: string) => id.slice(-2);
  expect(said.steps.filter((step) => step.startsWith('make'))).toEqual(came.map((id) => `make ${endOf(id)}`));
  expect(
    said.steps
      .filter((step) => /^(remove|handOver)/.test(step))
      .map((step) => step.slice(-2))
      .toSorted(),
  ).toEqual(gone.map(endOf).toSorted());
});

it('a brake that would hold is an error, with the sentence and the command of the condition', async () => {
  const world = await applied(20);
  world.listed = users(10);
  for (const id of users(20)) world.judged.set(id, noMatch);
  const { of, policies, steps } = await planned(world);
  expect(of('admins')).toMatchObject({ action: 'error', reason: 'Braked', remove: 0 });
  expect(of('admins')?.message).toContain('kubectl -n sales annotate --overwrite');
  expect(steps).toEqual([]);
  expect(exitCodeOf([], policies)).toBe(1);
});

it('what a person approved would go', async () => {
  const world = await applied(20);
  world.listed = users(10);
  for (const id of users(20)) world.judged.set(id, noMatch);
  await world.nextPass();
  expect(world.ready('admins').reason).toBe('Braked');
  world.policy('admins', {}, { annotations: { 'upsell.acronis.com/approve': '10' } });
  expect((await planned(world)).of('admins')).toMatchObject({ action: 'change', remove: 10 });
});

it('more users than maxUsers, and a list that is not complete, are errors and change nothing', async () => {
  const world = new PolicyWorld();
  world.listed = users(8);
  world.policy('admins', { limits: { maxUsers: 5 } });
  expect((await planned(world)).of('admins')).toMatchObject({ action: 'error', reason: 'TooManyUsers', matched: 8 });
  world.listEnd = 'repeated';
  const broken = await planned(world);
  expect(broken.of('admins')).toMatchObject({ action: 'error', reason: 'Unavailable' });
  expect(broken.steps).toEqual([]);
});

it('only as many as an hour lets through would be made now, and it says how many wait', async () => {
  const world = new PolicyWorld();
  world.listed = users(8);
  world.policy('admins', { limits: { maxNewPerHour: 3 } });
  const { of } = await planned(world);
  expect(of('admins')).toMatchObject({ action: 'change', make: 3, reason: 'Progressing' });
  expect(of('admins')?.message).toContain('5 more users match');
});

it('of two policies the older one has a user, also where only the younger one is planned', async () => {
  const world = new PolicyWorld();
  world.listed = users(2);
  world.policy('older', {}, { creationTimestamp: '2025-01-01T00:00:00Z' });
  world.policy('younger', {}, { creationTimestamp: '2025-01-02T00:00:00Z' });
  const { of, steps } = await planned(world, ['younger']);
  expect(of('younger')).toMatchObject({ action: 'none', matched: 2 });
  expect(steps).toEqual([]);
});

it('an older policy that takes over makes its children once those of the younger one have gone', async () => {
  const world = new PolicyWorld();
  world.listed = users(2);
  world.policy('younger', {}, { creationTimestamp: '2025-01-02T00:00:00Z' });
  await world.settle('younger');
  world.policy('older', {}, { creationTimestamp: '2025-01-01T00:00:00Z' });
  const { of } = await planned(world);
  expect(of('younger')).toMatchObject({ handOver: 2 });
  expect(of('older')).toMatchObject({ make: 2 });
});

it('30,000 children are a line of their policy and ten rows for people, and all of them for programs', () => {
  const objects = users(30_000).map((id) => ({
    namespace: 'sales',
    name: `u-${id}`,
    action: 'assign' as const,
    reason: 'BuyerAssigned',
    message: 'The user does not have the types yet.',
    policy: 'admins',
    change: 'make' as const,
  }));
  const policy = {
    namespace: 'sales',
    name: 'admins',
    action: 'change' as const,
    reason: 'Progressing',
    message: 'Children would be made, changed or removed; then it is Applied.',
    matched: 30_000,
    children: 0,
    make: 30_000,
    update: 0,
    remove: 0,
    handOver: 0,
  };
  const plan = planOf(objects, [policy]);
  const output = { width: undefined, style: (_style: string, text: string) => text };
  const lines = printed(plan, 'table', output).split('\n');
  expect(lines.filter((line) => line.includes('would make, would assign'))).toHaveLength(10);
  expect(lines).toContain('… and 29,990 more children of sales/admins. --output json has all of them.');
  expect(lines.at(-2)).toBe('Plan: 30,000 children to make, 30,000 to assign.');
  expect(printed(plan, 'markdown', output).split('\n').length).toBeLessThan(40);
  expect(JSON.parse(printed(plan, 'json', output)).objects).toHaveLength(30_000);
  expect(exitCodeOf(objects, [policy])).toBe(2);
});
