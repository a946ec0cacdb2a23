/** A CRD that is older than the operator lacks a field of the status: it is said, and nothing goes round in circles. */
import { beforeEach, expect, it } from 'vitest';
import { otherUserId, tenantId, userId } from '../../controllers/upsell/fake-acronis.ts';
import { createWorld, type World } from '../../controllers/upsell/world.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
  world.acronis.add({ id: userId });
  world.cluster.prunes.add('assigned');
});

const said = () => world.log.lines.filter(({ message }) => message.includes('lacks a status field'));
const wroteAssigned = () => world.cluster.patches.filter(({ changes }) => 'assigned' in changes).length;

it('a field that the CRD lacks is named once, in the log and by readiness, and written no more', async () => {
  const first = world.cluster.create({ userID: userId });
  await world.reconcile(first);
  expect(world.cluster.reason(first)).toBe('BuyerAssigned');
  const patches = world.cluster.patches.length;
  const puts = world.acronis.puts.length;
  for (let resync = 0; resync < 3; resync++) await world.reconcile(first);
  expect(world.cluster.patches).toHaveLength(patches);
  expect(world.acronis.puts).toHaveLength(puts);

  world.acronis.add({ id: otherUserId, login: 'jane' });
  const second = world.cluster.create({ login: 'jane', tenantID: tenantId }, { name: 'jane' });
  await world.reconcile(second);
  await world.reconcile(second);
  expect(world.cluster.reason(second)).toBe('BuyerAssigned');
  expect(wroteAssigned()).toBe(1);
  expect(said()).toMatchObject([{ level: 'warn', fields: { kind: 'TenantUserUpsell', field: 'assigned' } }]);
  expect(world.context.pruned.note).toContain(
    'the CRD of TenantUserUpsell in the cluster lacks status.assigned; apply the CRD',
  );
});

it('a CRD that has it by then is noticed, and the field is stored again', async () => {
  const key = world.cluster.create({ userID: userId });
  await world.reconcile(key);
  world.cluster.prunes.clear();
  await world.clock.advance(600_000);
  await world.reconcile(key);
  expect(world.cluster.status(key).assigned).toEqual({ userID: userId, tenantID: tenantId });
  expect(world.context.pruned.note).toBeUndefined();
  expect(said()).toHaveLength(1);
});

it('a field that is stored is never named', async () => {
  world.cluster.prunes.clear();
  await world.reconcile(world.cluster.create({ userID: userId }));
  expect(said()).toEqual([]);
  expect(world.context.pruned.note).toBeUndefined();
});
