import { expect, it } from 'vitest';
import { tenantUserUpsells } from '../../../../src/api/names.ts';
import { createFleet } from '../../../../src/fleet/cache/objects.ts';
import { patchStatus } from '../../../../src/fleet/status/patch.ts';
import { PrunedFields } from '../../../../src/fleet/status/pruned-fields.ts';
import type { KubernetesCall } from '../../../../src/kubernetes/calls/client.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { quietLog } from '../../../support/quiet.ts';
import { userId } from '../../controllers/upsell/fake-acronis.ts';
import { FakeCluster } from '../../controllers/upsell/fake-cluster.ts';

const never = new AbortController().signal;
const cluster = new FakeCluster(createFleet(quietLog));
const object = cluster.object(cluster.create({ userID: userId }));
const calls: KubernetesCall[] = [];
const client = {
  request: async (call: KubernetesCall) => {
    calls.push(call);
    return { metadata: { uid: object.uid }, status: { observedVersion: 3, businessTypes: [] } };
  },
};
const prunedOf = () => new PrunedFields({ resource: tenantUserUpsells, clock: new ManualClock(), log: quietLog });

it('a status is written only to the object that was reconciled: the uid is tested on the server', async () => {
  const changes = { observedVersion: 3, userID: null, businessTypes: [] };
  await patchStatus({ client, pruned: prunedOf() }, tenantUserUpsells, object, changes, never);
  expect(calls).toMatchObject([
    {
      method: 'PATCH',
      path: '/apis/upsell.acronis.com/v1alpha1/namespaces/customers/tenantuserupsells/john/status',
      contentType: 'application/json-patch+json',
      body: [
        { op: 'test', path: '/metadata/uid', value: object.uid },
        { op: 'add', path: '/status/observedVersion', value: 3 },
        { op: 'remove', path: '/status/userID' },
        { op: 'add', path: '/status/businessTypes', value: [] },
      ],
    },
  ]);
});

it('a gateway that responds with its own JSON has written nothing', async () => {
  const writer = { client: { request: async () => ({ message: 'ok' }) }, pruned: prunedOf() };
  await expect(patchStatus(writer, tenantUserUpsells, object, { observedVersion: 3 }, never)).rejects.toMatchObject({
    reason: 'InvalidResponse',
  });
});
