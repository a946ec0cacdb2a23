import { expect, it } from 'vitest';
import { screen } from '../../../../src/cli/status/screen.ts';
import { type FleetSummary, summarize } from '../../../../src/cli/status/summary.ts';
import { createFleet } from '../../../../src/fleet/cache/objects.ts';
import { quietLog } from '../../../support/quiet.ts';
import { userId } from '../../controllers/upsell/fake-acronis.ts';
import { FakeCluster } from '../../controllers/upsell/fake-cluster.ts';

const time = '2026-01-02T03:04:05Z';
const now = Date.parse(time) + 10 * 60_000;
const condition = (type: string, status: string, reason: string, message = `${reason} it is.`) => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: time,
});
const ready = [condition('Ready', 'True', 'BuyerAssigned'), condition('Informed', 'False', 'UserDisabled')];
const stalled = [
  condition('Ready', 'False', 'UserNotFound', 'No such user.\nCorrect userID.'),
  condition('Stalled', 'True', 'UserNotFound'),
];

function fleetOf(objects: readonly { name: string; spec?: object; status: Record<string, unknown> }[]): FleetSummary {
  const fleet = createFleet(quietLog);
  const cluster = new FakeCluster(fleet);
  for (const { name, spec, status } of objects)
    cluster.setStatus(cluster.create({ userID: userId, ...spec }, { name }), status);
  return summarize(fleet.values());
}

const summary = fleetOf([
  { name: 'a', status: { conditions: ready, offer: 'BuyNow' } },
  { name: 'b', spec: { accountRef: { name: 'eu2' } }, status: { conditions: ready, offer: 'ContactSales' } },
  { name: 'c', status: { conditions: [condition('Ready', 'Unknown', 'Suspended')] } },
  { name: 'd', status: { conditions: [condition('Ready', 'False', 'Unavailable')], offer: 'Unknown' } },
  { name: 'e', status: { conditions: stalled } },
]);

it('the fleet is counted by Ready, reason, offer, account and Informed', () => {
  expect(summary).toMatchObject({ objects: 5, ready: { true: 2, false: 2, unknown: 1 }, stalled: 1 });
  expect(summary.byReason[0]).toEqual({ name: 'BuyerAssigned', objects: 2 });
  expect(summary.byOffer).toContainEqual({ name: 'Unknown', objects: 3 });
  expect(summary.byInformed).toEqual([
    { name: 'NotShown', objects: 3 },
    { name: 'UserDisabled', objects: 2 },
  ]);
  expect(summary.byAccount).toEqual([
    { name: "the operator's own", objects: 4, ready: 1 },
    { name: 'AcronisAccount eu2', objects: 1, ready: 1 },
  ]);
});

it('of those who are no buyers, those come first that wait for a person, and those last that are as they were asked to be', () => {
  expect(summary.noBuyers.map(({ name, reason }) => [name, reason])).toEqual([
    ['e', 'UserNotFound'],
    ['d', 'Unavailable'],
    ['c', 'Suspended'],
  ]);
});

const plain = (_: string, text: string): string => text;

it('a screen has no more columns and lines than the terminal, and says how many it leaves out', () => {
  const many = fleetOf(
    Array.from({ length: 40 }, (_, at) => ({ name: `x-${'y'.repeat(60)}-${at}`, status: { conditions: stalled } })),
  );
  for (const [width, height] of [
    [80, 24],
    [40, 24],
    [200, 30],
  ] as const) {
    const lines = screen(many, { width, height, style: plain, now });
    expect(lines.length).toBeLessThan(height);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    expect(lines.at(-1)).toMatch(/^… and \d+ more/);
  }
});

it('in a pipe nothing is cut, and each object is one line', () => {
  const lines = screen(summary, {
    width: Number.POSITIVE_INFINITY,
    height: Number.POSITIVE_INFINITY,
    style: plain,
    now,
  });
  expect(lines).toContain('customers/e  UserNotFound  10m  No such user. Correct userID.');
  expect(lines[0]).toBe('5 objects   2 Ready (40 %)   2 not   1 unknown   1 waits for a person');
});

it('a fleet that is not there yet is no error', () => {
  expect(screen(summarize([]), { width: 80, height: 24, style: plain, now })).toEqual([
    'No TenantUserUpsell here.',
    '',
  ]);
});
