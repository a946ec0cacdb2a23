import { beforeEach, expect, it } from 'vitest';
import { type Reason, reasons } from '../../../../src/api/conditions.ts';
import { statusOf } from '../../../../src/controllers/upsell/report/status.ts';
import { countByReason, createFleet, type Fleet, notReadySince } from '../../../../src/fleet/cache/objects.ts';
import { quietLog } from '../../../support/quiet.ts';
import { userId } from '../../controllers/upsell/fake-acronis.ts';
import { FakeCluster } from '../../controllers/upsell/fake-cluster.ts';

const at = (time: string) => Date.parse(`2026-01-02T${time}Z`);
let fleet: Fleet;
let cluster: FakeCluster;

beforeEach(() => {
  fleet = createFleet(quietLog);
  cluster = new FakeCluster(fleet);
});

/** An object whose Ready has had this reason since then. */
function create(reason: Reason, since: string): void {
  const key = cluster.create({ userID: userId }, { name: `${reason.toLowerCase()}-${fleet.size}` });
  const object = fleet.get(key);
  if (object === undefined) throw new Error('it was created just now');
  fleet.upsert({
    ...object,
    resourceVersion: 'later',
    status: statusOf(
      object,
      { verdict: { reason, message: 'why' }, facts: { kind: 'none' }, assigned: undefined },
      at(since),
    ),
  });
}

it('objects are counted by reason, and a reason that none has is 0', async () => {
  create('Throttled', '03:00:00');
  create('Throttled', '03:00:00');
  cluster.create({ userID: userId });
  const counts = await countByReason(fleet);
  expect([...counts.keys()].sort()).toEqual([...reasons].sort());
  expect([...counts].filter(([, count]) => count > 0).sort()).toEqual([
    ['Pending', 1],
    ['Throttled', 2],
  ]);
});

it('objects that are Ready, and those that are as they were asked to be, are not waited for', async () => {
  for (const reason of ['BuyerAssigned', 'Suspended', 'NotAssigned'] as const) create(reason, '03:00:00');
  expect(await notReadySince(fleet)).toEqual({ stalled: undefined, passing: undefined });
});

it('the one that is not Ready for longest counts: of those that wait for a person, and of those that pass', async () => {
  create('UserNotFound', '05:00:00');
  create('AccessDenied', '04:00:00');
  create('Throttled', '06:30:00');
  create('Unavailable', '07:00:00');
  expect(await notReadySince(fleet)).toEqual({ stalled: at('04:00:00'), passing: at('06:30:00') });
});

it('an object that was never reconciled waits since it was created', async () => {
  cluster.create({ userID: userId }, { createdAt: '2026-01-02T03:30:00Z' });
  expect(await notReadySince(fleet)).toEqual({ stalled: undefined, passing: at('03:30:00') });
});

it.each(reasons.filter((reason) => !['BuyerAssigned', 'Suspended', 'NotAssigned', 'Pending'].includes(reason)))(
  '%s is waited for',
  async (reason) => {
    create(reason, '03:00:00');
    const { stalled, passing } = await notReadySince(fleet);
    expect([stalled, passing].filter((since) => since !== undefined)).toEqual([at('03:00:00')]);
  },
);
