/** Objects that a newer version's CRD stored, on a real API server: what this operator does not know stops nothing, and gives nothing up (D6). */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { until } from '../../sandbox/until.ts';
import { readyOf, type SeenObject } from '../faults/cluster.ts';
import { inOrder, OwnWay, ownControlPlane } from './own-way.ts';

const specSchema = z.looseObject({
  properties: z.looseObject({ managementPolicy: z.looseObject({ enum: z.array(z.string()) }) }),
});
const crdSchema = z.looseObject({
  spec: z.looseObject({
    versions: z.tuple([
      z.looseObject({
        schema: z.looseObject({ openAPIV3Schema: z.looseObject({ properties: z.looseObject({ spec: specSchema }) }) }),
      }),
    ]),
  }),
});

/** With one field more, which every object gets by its default, and one more policy. */
async function newerCrd(): Promise<string> {
  const file = new URL('../../crds/tenantuserupsells.upsell.acronis.com.yaml', import.meta.url);
  const crd = crdSchema.parse(parse(await readFile(file, 'utf8')));
  const { properties } = crd.spec.versions[0].schema.openAPIV3Schema.properties.spec;
  properties['cadence'] = { type: 'string', default: 'Weekly' };
  properties.managementPolicy.enum.push('Later');
  return JSON.stringify(crd);
}

it('a field of a newer CRD is ignored, and a policy of it holds a deletion, which revokes in the end', async () => {
  const controlPlane = await ownControlPlane();
  await using _ = { [Symbol.asyncDispose]: () => controlPlane.stop() };
  await kubectlOk(controlPlane, ['replace', '-f', '-'], { stdin: await newerCrd() });
  await using way = await OwnWay.make({ own: controlPlane });
  const { namespace, cluster, world } = way;
  const { johnDoe, companyAdmin } = world.acronis.cast;
  const kubectl = (...args: string[]) => kubectlOk(controlPlane, ['-n', namespace, ...args]);
  const untilObject = (name: string, what: string, holds: (object: SeenObject | undefined) => boolean) => {
    const get = async () => (await cluster.list(namespace)).find(({ metadata }) => metadata.name === name);
    return until(`${name} ${what}`, get, holds, { withinMs: 60_000 });
  };
  const untilReason = (name: string, reason: string) =>
    untilObject(name, `is ${reason}`, (object) => object !== undefined && readyOf(object)?.reason === reason);
  const isBuyer = (id: string) => world.acronis.directory.get(id)?.businessTypes.includes('buyer');

  await cluster.create(namespace, 'known', { userID: johnDoe, deletionPolicy: 'Revoke' });
  await cluster.create(namespace, 'newer', { userID: companyAdmin, deletionPolicy: 'Revoke' });
  const stored = await kubectl('get', 'tuu', 'known', '-o', 'jsonpath={.spec.cadence}');
  expect(stored).toBe('Weekly');
  const kubeconfig = await kubeconfigFor(controlPlane, { name: namespace, token: way.token });
  const operator = await way.start({ kubeconfig }, ['--revoke-give-up-after=1h']);
  await operator.ready(AbortSignal.timeout(60_000));
  await untilReason('known', 'BuyerAssigned');
  await untilReason('newer', 'BuyerAssigned');

  await kubectl('delete', 'tuu', 'known', '--timeout=30s');
  expect(isBuyer(johnDoe)).toBe(false);

  await cluster.edit(namespace, 'newer', { managementPolicy: 'Later' });
  await untilReason('newer', 'InvalidSpec');
  await cluster.remove(namespace, 'newer');
  const says = (object: SeenObject | undefined) =>
    object !== undefined && (readyOf(object)?.message.startsWith('Deletion waits') ?? false);
  const held = await untilObject('newer', 'waits', says);
  expect(held?.metadata.finalizers).toEqual(['upsell.acronis.com/revoke']);
  expect(isBuyer(companyAdmin)).toBe(true);
  await cluster.edit(namespace, 'newer', { managementPolicy: 'Enforce' });
  await untilObject('newer', 'is gone', (object) => object === undefined);
  expect(isBuyer(companyAdmin)).toBe(false);
  expect(await way.stop()).toEqual(inOrder);
  expect(way.log).not.toContain('a revocation was given up');
});
