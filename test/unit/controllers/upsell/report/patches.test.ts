import { expect, it } from 'vitest';
import { hasFinalizer } from '../../../../../src/controllers/upsell/assess/finalizer.ts';
import { addFinalizer, patchStatus, removeFinalizer } from '../../../../../src/controllers/upsell/report/patches.ts';
import { PrunedFields } from '../../../../../src/controllers/upsell/report/pruned-fields.ts';
import { createFleet } from '../../../../../src/fleet/objects.ts';
import type { KubernetesCall } from '../../../../../src/kubernetes/calls/client.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { quietLog } from '../../../../support/quiet.ts';
import { userId } from '../fake-acronis.ts';
import { FakeCluster } from '../fake-cluster.ts';

const never = new AbortController().signal;
const cluster = new FakeCluster(createFleet(quietLog));
const object = cluster.object(cluster.create({ userID: userId }, { finalizers: ['example.com/other'] }));
const calls: KubernetesCall[] = [];
const client = {
  ...cluster,
  watch: () => cluster.watch(),
  request: async (call: KubernetesCall) => {
    calls.push(call);
    return { metadata: { uid: object.uid }, status: { observedVersion: 3, businessTypes: [] } };
  },
};
const pruned = new PrunedFields({ clock: new ManualClock(), log: quietLog });
const path = '/apis/upsell.acronis.com/v1alpha1/namespaces/customers/tenantuserupsells/john';

it('a status is written only to the object that was reconciled: the uid is tested on the server', async () => {
  calls.length = 0;
  await patchStatus({ client, pruned }, object, { observedVersion: 3, userID: null, businessTypes: [] }, never);
  expect(calls).toMatchObject([
    {
      method: 'PATCH',
      path: `${path}/status`,
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
  const gateway = { ...client, request: async () => ({ message: 'ok' }) };
  const writer = { client: gateway, pruned: new PrunedFields({ clock: new ManualClock(), log: quietLog }) };
  await expect(patchStatus(writer, object, { observedVersion: 3 }, never)).rejects.toMatchObject({
    reason: 'InvalidResponse',
  });
});

it('the list of finalizers is replaced only in the object as it was seen, and others stay in it', async () => {
  calls.length = 0;
  const held = { ...object, finalizers: [...object.finalizers, 'upsell.acronis.com/revoke', 'example.com/third'] };
  expect([hasFinalizer(object), hasFinalizer(held)]).toEqual([false, true]);
  await addFinalizer(client, object, never);
  await removeFinalizer(client, held, never);
  const { uid, resourceVersion } = object;
  const patch = (finalizers: string[]) => ({
    method: 'PATCH',
    path,
    contentType: 'application/merge-patch+json',
    body: { metadata: { uid, resourceVersion, finalizers } },
  });
  expect(calls).toMatchObject([
    patch(['example.com/other', 'upsell.acronis.com/revoke']),
    patch(['example.com/other', 'example.com/third']),
  ]);
});
