import { expect, it } from 'vitest';
import { hasFinalizer } from '../../../../../src/controllers/upsell/assess/finalizer.ts';
import { addFinalizer, removeFinalizer } from '../../../../../src/controllers/upsell/write/finalizers.ts';
import { createFleet } from '../../../../../src/fleet/cache/objects.ts';
import type { KubernetesCall } from '../../../../../src/kubernetes/calls/client.ts';
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
    return undefined;
  },
};
const path = '/apis/upsell.acronis.com/v1alpha1/namespaces/customers/tenantuserupsells/john';

it('the list of finalizers is replaced only in the object as it was seen, and others stay in it', async () => {
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
