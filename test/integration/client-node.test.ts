/**
 * Cluster-native automation in TypeScript: a program on `@kubernetes/client-node`, which shares no code with the operator, makes an object and follows its
 * status with an informer.
 */
import { CustomObjectsApi, KubeConfig, type KubernetesObject, makeInformer } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import * as z from 'zod';
import { until } from '../../sandbox/until.ts';
import { apiGroup, apiVersion, tenantUserUpsells } from '../../src/api/names.ts';
import { upsell, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world[Symbol.asyncDispose]());

const statusSchema = z.object({
  metadata: z.object({ name: z.string() }),
  status: z
    .object({
      observedVersion: z.number().optional(),
      conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: z.string() })).default([]),
    })
    .default({ conditions: [] }),
});

it('sees the user become a buyer, and the revision that the operator observed', async () => {
  const { johnDoe } = world.acronis.cast;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(inject('controlPlane').kubeconfig);
  const api = kubeConfig.makeApiClient(CustomObjectsApi);
  const { namespace } = world;
  const kind = { group: apiGroup, version: apiVersion, namespace, plural: tenantUserUpsells.plural };

  const seen: z.infer<typeof statusSchema>[] = [];
  const note = (object: KubernetesObject) => void seen.push(statusSchema.parse(object));
  const list = z.object({ metadata: z.looseObject({}), items: z.array(z.custom<KubernetesObject>()) });
  const informer = makeInformer(
    kubeConfig,
    `/apis/${apiGroup}/${apiVersion}/namespaces/${namespace}/${tenantUserUpsells.plural}`,
    async () => list.parse(await api.listNamespacedCustomObject(kind)),
  );
  informer.on('add', note);
  informer.on('update', note);
  await informer.start();
  try {
    await api.createNamespacedCustomObject({ ...kind, body: world.own(upsell('by-a-program', { userID: johnDoe })) });
    const ready = await until(
      'the informer has brought a Ready object',
      async () =>
        seen.findLast(({ status }) => status.conditions.some((one) => one.type === 'Ready' && one.status === 'True')),
      (found) => found !== undefined,
    );
    expect(ready?.metadata.name).toBe('by-a-program');
    expect(ready?.status.observedVersion).toBe(world.user(johnDoe).version);
    expect(world.user(johnDoe).businessTypes).toEqual(['buyer']);
  } finally {
    await informer.stop();
  }
});
