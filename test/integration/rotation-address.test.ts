/** The API server moves: behind its address, or to another address that the kubeconfig names from then on. The operator follows without a restart. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { until } from '../../sandbox/until.ts';
import { countIn } from '../support/log-count.ts';
import { startObservingRelay } from '../support/observing-relay.ts';
import { inOrder, OwnWay } from './own-way.ts';
import { TcpForward } from './tcp-forward.ts';

it('another backend behind the same address is taken as soon as the connections are cut', async () => {
  await using way = await OwnWay.make();
  const { controlPlane, namespace, token } = way;
  await using second = await startObservingRelay(controlPlane);
  await using address = await TcpForward.to(controlPlane.server);
  const kubeconfig = await kubeconfigFor(controlPlane, { name: namespace, token, server: address.url });
  const operator = await way.start({ kubeconfig });
  await operator.ready(AbortSignal.timeout(30_000));
  await way.becomesReady('before');
  expect(second.seen).toEqual([]);

  address.leadTo(second.url);
  await way.becomesReady('after');
  expect(second.seen.some(({ url }) => url.includes('watch=true'))).toBe(true);
  expect(await way.stop()).toEqual(inOrder);
});

it('a kubeconfig that names another server is followed while the operator runs, and the old server may go', async () => {
  await using way = await OwnWay.make();
  const { controlPlane, namespace, token } = way;
  await using second = await startObservingRelay(controlPlane);
  const first = await TcpForward.to(controlPlane.server);
  const kubeconfig = await kubeconfigFor(controlPlane, { name: namespace, token, server: first.url });
  try {
    const operator = await way.start({ kubeconfig });
    await operator.ready(AbortSignal.timeout(30_000));
    await way.becomesReady('before');

    const edited = (await readFile(kubeconfig, 'utf8')).replace(first.url, second.url);
    await writeFile(`${kubeconfig}.new`, edited);
    await rename(`${kubeconfig}.new`, kubeconfig);
    // The lease is renewed every two seconds.
    await until(
      'calls go to the new server',
      () => second.seen.length,
      (count) => count > 0,
    );
    await way.becomesReady('with-the-watch-of-the-old-server');
  } finally {
    await first[Symbol.asyncDispose]();
  }
  await way.becomesReady('with-the-new-server-alone');
  expect(second.seen.some(({ url }) => url.includes('watch=true'))).toBe(true);
  expect(await way.stop()).toEqual(inOrder);
});

it('a kubeconfig that is broken while the operator runs is reported once, and what was read before stays in use', async () => {
  await using way = await OwnWay.make();
  const { controlPlane, namespace, token } = way;
  const kubeconfig = await kubeconfigFor(controlPlane, { name: namespace, token });
  const good = await readFile(kubeconfig, 'utf8');
  const operator = await way.start({ kubeconfig });
  await operator.ready(AbortSignal.timeout(30_000));

  await writeFile(kubeconfig, `${good}\nhalf wri: [`);
  const reports = () => countIn(way.log, '"msg":"credentials could not be renewed"');
  await until('it is reported', reports, (count) => count > 0);
  expect(way.log).toMatch(/The kubeconfig [^ ]+ \(--kubeconfig\) cannot be used: it is not valid YAML/);
  expect(way.log).not.toContain(token);
  await way.becomesReady('meanwhile');
  expect(reports()).toBe(1);
  expect(await way.stop()).toEqual(inOrder);
});
