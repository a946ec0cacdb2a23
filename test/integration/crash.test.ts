import { expect, it } from 'vitest';
import { until } from '../../sandbox/until.ts';
import { countIn } from '../support/log-count.ts';
import { upsell, World } from './world.ts';

it('killed between the PUT and the status, it converges after a restart with exactly one PUT', async () => {
  await using world = await World.start();
  world.logOnFailure();
  const { johnDoe } = world.acronis.cast;
  // The PUT is applied, and its response never comes: the moment holds still.
  const fault = world.acronis.faults.add({ kind: 'hang', moment: 'after', routes: ['putUser'], id: johnDoe });
  await world.upsell('john', { userID: johnDoe });
  await until('the PUT was applied', () => world.isBuyer(johnDoe), Boolean);
  expect((await world.get('john'))?.status.observedVersion).toBeUndefined();
  const { signal } = await world.operator.stop('SIGKILL');
  expect(signal).toBe('SIGKILL');
  world.acronis.faults.remove(fault);

  await world.startAgain();
  const object = await world.untilReason('john', 'BuyerAssigned', 40_000);
  expect(object.status.observedVersion).toBe(world.user(johnDoe).version);
  expect(world.acronis.ledger.putsOf(johnDoe)).toMatchObject({ sent: 1, applied: 1 });
});

it('stopped in the middle of a PUT, it finishes it, releases the lease and exits 0', async () => {
  await using world = await World.start();
  world.logOnFailure();
  const { johnDoe } = world.acronis.cast;
  world.acronis.faults.add({ kind: 'latency', ms: 1_500, routes: ['putUser'] });
  await world.upsell('john', { userID: johnDoe });
  await until(
    'the PUT is on its way',
    () => world.acronis.ledger.stats().inFlight,
    (count) => count > 0,
  );
  const end = await world.operator.stop('SIGTERM');
  expect(end).toEqual({ exitCode: 0, signal: undefined });
  const object = await world.untilReason('john', 'BuyerAssigned', 2_000);
  expect(object.status.observedVersion).toBe(world.user(johnDoe).version);
  const holder = await world.ok('get', 'lease', 'acronis-upsell-operator', '-o', 'jsonpath={.spec.holderIdentity}');
  expect(holder).toBe('');
});

it('stopped while PUTs hang and others wait for their turn, the audit trail has one line for each PUT that left and for no other', async () => {
  await using world = await World.start({ sandbox: { users: 80 }, flags: ['--shutdown-grace=1s'] });
  world.logOnFailure();
  const users = world.freshUsers().slice(0, 50);
  const { ledger } = world.acronis;
  world.acronis.faults.add({ kind: 'hang', moment: 'before', routes: ['putUser'] });
  await world.apply(...users.map((userID, at) => upsell(`object-${at}`, { userID })));
  const received = () => ledger.count('putUser');
  await until('PUTs are in flight', received, (count) => count >= 8);
  await world.operator.stop('SIGTERM');
  const lines = countIn(world.log, '"msg":"wrote to Acronis"');
  expect(lines).toBe(received());
  expect(lines).toBeGreaterThanOrEqual(8);
  expect(lines).toBeLessThan(users.length);
});
