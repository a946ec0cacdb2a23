import { beforeEach, expect, it } from 'vitest';
import { PolicyWorld, userOf, users } from './world.ts';

let world: PolicyWorld;
beforeEach(() => {
  world = new PolicyWorld({ isDryRun: true });
});

const said = () =>
  world.log.lines
    .filter(({ message }) => message.startsWith('would ') && message.endsWith('child'))
    .map(({ message, fields }) => `${message} ${String(fields['object']).slice(-2)}`);
const reported = () =>
  world.log.lines
    .filter(({ message }) => message === 'would report of the policy')
    .map(({ fields }) => fields['reason']);

it('says once which children it would make, whatever asks for reconciles, and writes nothing', async () => {
  world.listed = users(2);
  world.policy('admins');
  await world.settle();
  await world.nextPass();
  expect(said()).toEqual(['would make child 01', 'would make child 02']);
  expect(world.counted).toEqual(['makeChild', 'makeChild']);
  expect(reported()).toEqual(['Progressing']);
  expect(world.writes).toEqual([]);
  expect(world.events).toEqual([]);
});

it('says again what is owed again', async () => {
  world.listed = users(2);
  world.policy('admins');
  await world.settle();
  world.listed = users(1);
  await world.nextPass();
  world.listed = users(2);
  await world.nextPass();
  expect(said()).toEqual(['would make child 01', 'would make child 02', 'would make child 02']);
});

it('is reconciled no more often than passes are due, although nothing of what is owed is done', async () => {
  world.listed = users(600);
  world.policy('admins', { limits: { maxNewPerHour: 5 } });
  await world.reconcile();
  const next = await world.reconcile();
  expect(said()).toHaveLength(5);
  expect(next).toMatchObject({ kind: 'retry' });
  expect(next.kind === 'retry' && next.atLeastMs).toBeGreaterThan(60_000);
});

it('says what it would change and remove of the children that are there, and what a brake would hold', async () => {
  const real = new PolicyWorld();
  real.listed = users(4);
  real.policy('admins');
  await real.settle();
  for (const id of users(4)) {
    const child = real.child(id);
    if (child !== undefined) world.object('sales', `u-${id}`, child.spec, { metadata: child.metadata });
  }
  world.listed = users(3);
  world.judged.set(userOf(4), { kind: 'noMatch', why: 'otherRole' });
  world.policy('admins', { template: { spec: { deletionPolicy: 'Revoke' } } });
  await world.settle();
  expect(said().toSorted()).toEqual(
    ['would remove child 04', 'would update child 01', 'would update child 02', 'would update child 03'].toSorted(),
  );
  world.listed = users(2);
  world.judged.set(userOf(3), { kind: 'noMatch', why: 'otherRole' });
  await world.nextPass();
  expect(reported()).toEqual(['Progressing', 'Braked']);
  expect(world.writes).toEqual([]);
});
