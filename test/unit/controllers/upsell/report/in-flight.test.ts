import { expect, it } from 'vitest';
import { tenantUserUpsells } from '../../../../../src/api/names.ts';
import { MissingLinks } from '../../../../../src/controllers/upsell/report/missing-links.ts';
import { report } from '../../../../../src/controllers/upsell/report/report.ts';
import { createFleet } from '../../../../../src/fleet/cache/objects.ts';
import { createFailureReports } from '../../../../../src/fleet/status/failure-reports.ts';
import { PrunedFields } from '../../../../../src/fleet/status/pruned-fields.ts';
import { KubernetesError } from '../../../../../src/kubernetes/calls/errors.ts';
import { failure } from '../../../../support/failure.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { quietLog } from '../../../../support/quiet.ts';
import { always } from '../../../../support/signal.ts';
import { userId } from '../fake-acronis.ts';
import { FakeCluster } from '../fake-cluster.ts';

it.each([
  ['until it is written', undefined],
  ['until its write failed', new KubernetesError('PATCH: 500', { status: 500, reason: 'InternalError' })],
])('a status counts as in flight %s', async (_, error) => {
  const fleet = createFleet(quietLog);
  const cluster = new FakeCluster(fleet);
  const clock = new ManualClock();
  const object = cluster.object(cluster.create({ userID: userId }));
  const inFlight: string[] = [];
  const seen: string[][] = [];
  const verdict = { reason: 'InvalidSpec', message: 'wrong' } as const;
  const reported = report(
    object,
    { verdict, facts: { kind: 'none' }, assigned: undefined },
    undefined,
    {
      client: {
        request: async (call, signal) => {
          seen.push([...inFlight]);
          if (error !== undefined) throw error;
          return await cluster.request(call, signal);
        },
      },
      pruned: new PrunedFields({ resource: tenantUserUpsells, clock, log: quietLog }),
      events: { normal: () => {}, warning: () => {}, flush: async () => {} },
      failureReports: createFailureReports({ flowOf: (key) => key, clock }),
      writesInFlight: {
        begin(key) {
          inFlight.push(key);
          return () => void inFlight.splice(inFlight.indexOf(key), 1);
        },
      },
      missingLinks: new MissingLinks({ warning: () => {} }, fleet),
      clock,
    },
    always(),
  );
  if (error === undefined) await reported;
  else expect(await failure(reported)).toBe(error);
  expect(seen).toEqual([[object.key]]);
  expect(inFlight).toEqual([]);
});
