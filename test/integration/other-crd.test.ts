/** A CRD in the cluster that is not this version's: an older one without `status.assigned`, and one under which the status holds anything. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import type { ControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import type { OperatorProcess } from '../../sandbox/operator/process.ts';
import { until } from '../../sandbox/until.ts';
import { countIn } from '../support/log-count.ts';
import { OwnWay, ownControlPlane } from './own-way.ts';

const crd = 'tenantuserupsells.upsell.acronis.com';
const statusSchema = '/spec/versions/0/schema/openAPIV3Schema/properties/status';

let controlPlane: ControlPlane;
beforeAll(async () => {
  controlPlane = await ownControlPlane();
});
afterAll(() => controlPlane.stop());

const changeCrd = (...patch: readonly object[]) =>
  kubectlOk(controlPlane, ['patch', 'crd', crd, '--type=json', '-p', JSON.stringify(patch)]);

async function started(way: OwnWay): Promise<OperatorProcess> {
  const kubeconfig = await kubeconfigFor(controlPlane, { name: way.namespace, token: way.token });
  const operator = await way.start({ kubeconfig });
  await operator.ready(AbortSignal.timeout(30_000));
  return operator;
}

/** Users that are no buyers yet. */
const usersOf = ({ world }: OwnWay) =>
  [...world.acronis.directory.all()].filter(({ businessTypes }) => businessTypes.length === 0).map(({ id }) => id);

const pathOf = ({ namespace }: OwnWay, name: string) =>
  `/apis/upsell.acronis.com/v1alpha1/namespaces/${namespace}/tenantuserupsells/${name}`;
const metadataSchema = z.object({ metadata: z.object({ resourceVersion: z.string() }) });

it('under a CRD without status.assigned objects become Ready and are written no more; log and readiness name the field once', async () => {
  await changeCrd({ op: 'remove', path: `${statusSchema}/properties/assigned` });
  await using way = await OwnWay.make({ own: controlPlane });
  const { world } = way;
  const operator = await started(way);
  const names = ['one', 'two', 'three'];
  for (const name of names) await way.becomesReady(name);
  const versions = () =>
    Promise.all(
      names.map(async (name) => metadataSchema.parse(await way.cluster.call('GET', pathOf(way, name))).metadata),
    );
  const patches = async () => {
    const page = await (await fetch(operator.metrics)).text();
    return page.split('\n').filter((line) => line.startsWith('rest_client_requests_total') && line.includes('PATCH'));
  };
  const before = [await versions(), await patches()];
  expect(before[1]).not.toEqual([]);
  const reads = () => world.acronis.ledger.count('getUsers') + world.acronis.ledger.count('getUser');
  for (let pass = 0; pass < 3; pass++) {
    const sofar = reads();
    await until('the next resync', reads, (count) => count > sofar);
  }
  expect([await versions(), await patches()]).toEqual(before);
  expect(await way.cluster.call('GET', pathOf(way, 'one'))).not.toHaveProperty('status.assigned');
  const readiness = await (await fetch(`${operator.probes}/readyz?verbose`)).text();
  expect(readiness).toContain('the CRD of TenantUserUpsell in the cluster lacks status.assigned;');
  await way.stop();
  expect(countIn(way.log, 'the CRD in the cluster lacks a status field')).toBe(1);
}, 120_000);

const hostile: Readonly<Record<string, unknown>> = {
  text: 'gone',
  number: 42,
  list: ['Ready'],
  'conditions-text': { conditions: 'Ready' },
  'conditions-odd': { conditions: [17, null, { type: 5, status: true }, { type: 'Ready' }] },
  'fields-odd': {
    observedGeneration: '1',
    observedVersion: 'x',
    userID: 7,
    tenantID: {},
    businessTypes: 'buyer',
    assigned: 'all',
    lastHandledReconcileAt: [],
  },
  large: { conditions: [], note: 'ö'.repeat(200_000) },
};
const readySchema = z.object({
  status: z.object({
    conditions: z.array(z.unknown()),
    userID: z.string(),
    assigned: z.object({ userID: z.string() }),
  }),
});
const isReady = (object: unknown): boolean =>
  readySchema
    .safeParse(object)
    .data?.status.conditions.some(
      (each) => z.object({ type: z.literal('Ready'), status: z.literal('True') }).safeParse(each).success,
    ) ?? false;

it('a status of another type, or with fields of other types, is replaced by a right one and stops no other object, in a list as in a watch', async () => {
  await changeCrd(
    // No field may be selectable that the schema does not have.
    { op: 'remove', path: '/spec/versions/0/selectableFields' },
    { op: 'replace', path: statusSchema, value: { 'x-kubernetes-preserve-unknown-fields': true } },
  );
  await using way = await OwnWay.make({ own: controlPlane });
  const { cluster, namespace } = way;
  const users = usersOf(way);
  const names = Object.keys(hostile);
  for (const name of names) await cluster.create(namespace, name, { userID: users.pop() });
  const spoil = async () => {
    for (const [name, status] of Object.entries(hostile))
      await cluster.call('PATCH', `${pathOf(way, name)}/status`, { status });
  };
  const untilReady = (...all: readonly string[]) =>
    until(
      `${all.join(', ')} are Ready`,
      async () => {
        const objects = await Promise.all(all.map((name) => cluster.call('GET', pathOf(way, name))));
        return objects.filter((object) => !isReady(object));
      },
      (left) => left.length === 0,
      { withinMs: 40_000 },
    );

  await spoil();
  const operator = await started(way);
  await cluster.create(namespace, 'plain', { userID: users.pop() });
  await untilReady('plain');
  await untilReady(...names);
  await spoil();
  await cluster.create(namespace, 'plain-too', { userID: users.pop() });
  await untilReady('plain-too');
  await untilReady(...names);
  expect((await fetch(`${operator.probes}/readyz`)).status).toBe(200);
  expect(way.log).not.toContain('failed unexpectedly');
}, 120_000);
