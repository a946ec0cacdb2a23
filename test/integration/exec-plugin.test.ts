/** A kubeconfig whose credentials come from a program: how often it is started for a real API server, and that one which hangs blocks no other call. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it, onTestFinished } from 'vitest';
import { startOperator } from '../../sandbox/operator/process.ts';
import { until } from '../../sandbox/until.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { createKubernetesClient } from '../../src/kubernetes/calls/http-client.ts';
import { openConnection } from '../../src/kubernetes/connection/connection.ts';
import { quietLog, quietMetrics } from '../support/quiet.ts';
import { inOrder, OwnWay } from './own-way.ts';

interface Plugin {
  readonly kubeconfig: string;
  /** The process ids of its runs so far. */
  readonly runs: () => Promise<readonly number[]>;
}

/** A kubeconfig with a plugin: it counts its runs, and then does what `script` says. */
async function withPlugin(script: string): Promise<Plugin> {
  const dir = await mkdtemp(join(tmpdir(), 'upsell-plugin-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const [runs, plugin, kubeconfig] = [join(dir, 'runs'), join(dir, 'plugin.mjs'), join(dir, 'config')];
  await writeFile(runs, '');
  const count = `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(runs)}, process.pid + '\\n');`;
  await writeFile(plugin, `${count}\n${script}\n`);
  const { server, caFile } = inject('controlPlane');
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: [plugin] };
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name: 'u', user: { exec: { ...exec, interactiveMode: 'Never' } } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(kubeconfig, JSON.stringify(content));
  const seen = async () => (await readFile(runs, 'utf8')).split('\n').filter(Boolean).map(Number);
  return { kubeconfig, runs: seen };
}

const giving = (token: string, expirationTimestamp?: string): string =>
  `console.log(${JSON.stringify(JSON.stringify({ kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status: { token, expirationTimestamp } }))});`;

const always = new AbortController().signal;

it('64 concurrent callers are one process, one more in the last minute of its credentials, and one when they have expired', async () => {
  await using way = await OwnWay.make();
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const { kubeconfig, runs } = await withPlugin(giving(way.token, inAnHour));
  let later = 0;
  const clock: Clock = {
    now: () => systemClock.now() + later,
    wall: () => systemClock.wall() + later,
    after: (ms, fn) => systemClock.after(ms, fn),
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
  };
  const connection = openConnection({ kubeconfig, env: {}, clock, log: quietLog });
  onTestFinished(() => connection.close());
  const client = createKubernetesClient({
    connection,
    clock,
    metrics: quietMetrics.kubernetes,
    userAgent: 'test/1',
  });
  const path = '/version';
  const all = () => Promise.all(Array.from({ length: 64 }, () => client.request({ method: 'GET', path }, always)));

  expect(await all()).toHaveLength(64);
  expect(await runs()).toHaveLength(1);
  later = 3_530_000;
  await all();
  expect(await runs()).toHaveLength(1);
  // In the last minute it is run ahead, while the calls go on with what is at hand.
  later = 3_590_000;
  await all();
  await expect.poll(async () => (await runs()).length).toBe(2);
  await all();
  expect(await runs()).toHaveLength(2);
  later = 3_600_001;
  await all();
  expect(await runs()).toHaveLength(3);
});

it('the operator works with a plugin, started once', async () => {
  await using way = await OwnWay.make();
  const { kubeconfig, runs } = await withPlugin(giving(way.token));
  const operator = await way.start({ kubeconfig });
  await operator.ready(AbortSignal.timeout(30_000));
  await way.becomesReady('one');
  expect(await way.stop()).toEqual(inOrder);
  expect(await runs()).toHaveLength(1);
  expect(way.log).not.toContain(way.token);
});

it('stopped while a plugin hangs, the operator ends immediately and leaves no process behind', async () => {
  const { kubeconfig, runs } = await withPlugin('setInterval(() => {}, 1_000);');
  const operator = await startOperator({ kubeconfig });
  onTestFinished(async () => void (await operator.stop('SIGKILL')));
  const [pid = 0] = await until('the plugin was started', runs, (pids) => pids.length > 0);
  const began = performance.now();
  expect(await operator.stop()).toEqual(inOrder);
  expect(performance.now() - began).toBeLessThan(10_000);
  await until(
    'the plugin is gone',
    () => runsStill(pid),
    (still) => !still,
  );
});

function runsStill(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
