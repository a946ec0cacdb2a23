/** GitOps tools apply on the server, forcing, again and again: neither they nor the operator may ever take anything from the other. */
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import * as z from 'zod';
import { kubectl } from '../../sandbox/controlplane/kubectl.ts';
import { until } from '../../sandbox/until.ts';
import { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world[Symbol.asyncDispose]());

const upsell = (name: string, spec: object): object =>
  world.own({ apiVersion: 'upsell.acronis.com/v1alpha1', kind: 'TenantUserUpsell', metadata: { name }, spec });

const managedSchema = z.object({
  metadata: z.object({
    generation: z.number(),
    resourceVersion: z.string(),
    finalizers: z.array(z.string()).default([]),
    managedFields: z.array(
      z.object({
        manager: z.string(),
        operation: z.string(),
        subresource: z.string().optional(),
        fieldsV1: z.record(z.string(), z.unknown()),
      }),
    ),
  }),
});

const managed = async (name: string) =>
  managedSchema.parse(JSON.parse(await world.ok('get', 'tuu', name, '-o', 'json', '--show-managed-fields'))).metadata;

/** As Flux's kustomize-controller and Argo CD do it. */
const serverSide = (command: 'apply' | 'diff', manifest: object) =>
  kubectl(
    inject('controlPlane'),
    ['-n', world.namespace, command, '--server-side', '--force-conflicts', '--field-manager=gitops', '-f', '-'],
    { stdin: JSON.stringify(manifest) },
  );
const apply = async (manifest: object) => {
  const { exitCode, stderr } = await serverSide('apply', manifest);
  expect(exitCode, stderr).toBe(0);
};

it('applied over and over while the status is written: no conflict, no new generation, and each owns its own', async () => {
  world.logOnFailure();
  const id = world.acronis.cast.johnDoe;
  const manifest = upsell('shared', { userID: id, deletionPolicy: 'Revoke' });
  await apply(manifest);
  await world.untilReason('shared', 'BuyerAssigned');
  for (let round = 1; round <= 3; round++) {
    world.acronis.console.strip(id);
    while (!world.isBuyer(id)) await apply(manifest);
    await world.until(
      'shared',
      'shows the new revision',
      ({ status }) => status.observedVersion === world.user(id).version,
    );
    await apply(manifest);
  }
  expect(world.puts(id), 'one for the object and one for each time the type was removed').toBe(4);
  const { generation, managedFields, finalizers } = await managed('shared');
  expect(generation).toBe(1);
  expect(finalizers).toEqual(['upsell.acronis.com/revoke']);
  const owners = managedFields.map(({ manager, operation, subresource, fieldsV1 }) => ({
    manager,
    operation,
    subresource,
    owns: Object.keys(fieldsV1),
  }));
  const operators = { manager: 'acronis-upsell-operator', operation: 'Update' };
  expect(owners.find(({ manager }) => manager === 'gitops')).toEqual({
    manager: 'gitops',
    operation: 'Apply',
    subresource: undefined,
    owns: ['f:metadata', 'f:spec'],
  });
  expect(owners.filter(({ manager }) => manager === operators.manager)).toEqual(
    expect.arrayContaining([
      { ...operators, subresource: 'status', owns: ['f:status'] },
      { ...operators, subresource: undefined, owns: ['f:metadata'] },
    ]),
  );
  expect(owners).toHaveLength(3);
  expect(world.log).not.toContain('the object changed meanwhile');
});

it('an apply that changes nothing is no write at all, and shows no difference', async () => {
  const manifest = upsell('still', { userID: world.acronis.cast.samRivers });
  await apply(manifest);
  await world.untilReason('still', 'BuyerAssigned');
  const before = await managed('still');
  await apply(manifest);
  expect(await managed('still')).toEqual(before);
  const { exitCode, stdout, stderr } = await serverSide('diff', manifest);
  expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0, stdout: '' });
});

it('an edit by the other manager is followed, and a field it gives up falls back to its default', async () => {
  const id = world.acronis.cast.companyAdmin;
  await apply(upsell('edited', { userID: id, suspend: true }));
  await world.untilReason('edited', 'Suspended');
  expect(world.puts(id)).toBe(0);
  await apply(upsell('edited', { userID: id }));
  const object = await world.untilReason('edited', 'BuyerAssigned');
  expect(object.spec['suspend']).toBe(false);
  expect(object.metadata.generation).toBe(2);
});

it('pruned, it revokes the type and is released', async () => {
  const id = world.acronis.cast.johnDoe;
  await world.ok('delete', 'tuu', 'shared', '--wait=false');
  await world.untilGone('shared');
  await until(
    'the type is gone',
    () => world.isBuyer(id),
    (is) => !is,
  );
});
