/**
 * The way to the API server through the proxy that a kubeconfig names. With the operator as it is shipped: its bundle has only the parts of undici that were
 * known to use, and once lacked the one that makes the tunnel.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ConnectProxy } from '../support/connect-proxy.ts';
import { inOrder, OwnWay } from './own-way.ts';

it('the operator reaches the API server through the proxy-url of its kubeconfig, and by no other way', async () => {
  await using proxy = await ConnectProxy.start();
  await using way = await OwnWay.make();
  const { server, caFile } = way.controlPlane;
  const dir = await mkdtemp(join(tmpdir(), 'upsell-proxy-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const kubeconfig = join(dir, 'config');
  const cluster = { server, 'certificate-authority': caFile, 'proxy-url': proxy.url };
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: way.token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(kubeconfig, JSON.stringify(content));
  const operator = await way.start({ kubeconfig });
  await operator.ready(AbortSignal.timeout(30_000));
  await way.becomesReady('one');
  expect(await way.stop()).toEqual(inOrder);
  // One for the calls and one for each watch at the least.
  expect(proxy.tunnels.length).toBeGreaterThan(2);
  expect(new Set(proxy.tunnels)).toEqual(new Set([new URL(server).host]));
});
