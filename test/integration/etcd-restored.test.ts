/** etcd is restored from a backup while the operator runs: the resource version goes backwards, and nothing of what was seen since the backup counts any more. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { until } from '../../sandbox/until.ts';
import { readyOf } from '../faults/cluster.ts';
import { inOrder, OwnWay, ownControlPlane } from './own-way.ts';

let controlPlane: ControlPlane;
beforeAll(async () => {
  controlPlane = await ownControlPlane();
});
afterAll(() => controlPlane.stop());

it('after a restore new objects become Ready, what the restore took away is forgotten, deletions are seen and readiness is well again', async () => {
  await using way = await OwnWay.make({ own: controlPlane });
  const { namespace, token, cluster, world } = way;
  const users = [...world.acronis.directory.all()].filter(({ businessTypes }) => businessTypes.length === 0);
  const create = (name: string) =>
    cluster.create(namespace, name, { userID: users.pop()?.id, deletionPolicy: 'Revoke' });
  const untilReady = (...names: string[]) =>
    until(
      `${names} are all there is, and Ready`,
      () => cluster.list(namespace),
      (objects) =>
        String(objects.map(({ metadata }) => metadata.name)) === String(names) &&
        objects.every((object) => readyOf(object)?.status === 'True'),
      { withinMs: 60_000 },
    );
  await create('backed-up');
  await create('backed-up-too');
  await controlPlane.backUp();

  const kubeconfig = await kubeconfigFor(controlPlane, { name: namespace, token });
  // A lease may well be lost while there is no API server, which is as it should be.
  const operator = await way.start({ kubeconfig }, ['--leader-elect=false']);
  await operator.ready(AbortSignal.timeout(30_000));
  await create('lost');
  await untilReady('backed-up', 'backed-up-too', 'lost');
  await cluster.remove(namespace, 'backed-up-too');
  await untilReady('backed-up', 'lost');
  // Far ahead of what the restored server will reach while the test runs.
  for (let n = 0; n < 500; n++) await cluster.call('PATCH', `/api/v1/namespaces/${namespace}`, annotation(n));

  await controlPlane.restore();
  const restored = async () => (await fetch(`${operator.probes}/readyz`)).status;
  await create('new');
  await untilReady('backed-up', 'backed-up-too', 'new');
  await until('readiness is well', restored, (status) => status === 200, { withinMs: 60_000 });
  await until(
    'the cache holds what there is',
    () => counted(operator.metrics),
    (count) => count === 3,
  );
  await cluster.remove(namespace, 'backed-up');
  await untilReady('backed-up-too', 'new');
  await until(
    'the deletion was seen',
    () => counted(operator.metrics),
    (count) => count === 2,
  );
  expect(await way.stop()).toEqual(inOrder);
}, 240_000);

const annotation = (n: number): object => ({ metadata: { annotations: { turn: String(n) } } });

async function counted(metrics: string): Promise<number> {
  const page = await (await fetch(metrics)).text();
  const counts = [...page.matchAll(/^acronis_upsell_objects\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  return counts.reduce((sum, count) => sum + count, 0);
}
