import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from '../../sandbox/controlplane/controlplane.ts';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { kubectl, kubectlOk, serviceAccountToken } from '../../sandbox/controlplane/kubectl.ts';
import { freePort } from '../../sandbox/port.ts';

const shared = inject('controlPlane');
const programs = inject('programs');
const never = new AbortController().signal;
const mainScript = fileURLToPath(new URL('../../sandbox/controlplane/main.ts', import.meta.url));

async function ownControlPlane(options: Partial<ControlPlaneOptions> = {}): Promise<ControlPlane> {
  const controlPlane = await startControlPlane({ programs, ...options }, never);
  onTestFinished(() => controlPlane.stop());
  return controlPlane;
}

/** The supervisor, etcd and kube-apiserver of a control plane. */
async function processesOf(dir: string): Promise<readonly number[]> {
  const files = (await readdir(dir)).filter((name) => name.endsWith('.pid'));
  return await Promise.all(files.map(async (name) => Number(await readFile(join(dir, name), 'utf8'))));
}

/** One that has ended but has not been reaped yet (as in a container without an init) counts as ended. */
async function runs(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/\) Z /.test(stat);
}

function listens(server: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(server).port), '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function expectNothingLeft(dir: string, server: string, pids: readonly number[]): Promise<void> {
  for (const pid of pids) expect(await runs(pid)).toBe(false);
  expect(await listens(server)).toBe(false);
  expect(existsSync(dir)).toBe(false);
}

/** `node sandbox/controlplane/main.ts`, once it has printed where its control plane is. */
async function playground(): Promise<{ main: ChildProcess; dir: string; server: string; pids: readonly number[] }> {
  const main = spawn(process.execPath, [mainScript], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void main.kill('SIGKILL'));
  for await (const line of createInterface({ input: main.stdout })) {
    const kubeconfig = /^export KUBECONFIG=(.+)$/.exec(line)?.[1];
    if (kubeconfig === undefined) continue;
    const content = z
      .object({ clusters: z.tuple([z.object({ cluster: z.object({ server: z.string() }) })]) })
      .parse(parse(await readFile(kubeconfig, 'utf8')));
    const dir = dirname(kubeconfig);
    return { main, dir, server: content.clusters[0].cluster.server, pids: await processesOf(dir) };
  }
  throw new Error('main.ts ended without a kubeconfig');
}

test('the shared control plane responds to kubectl', async () => {
  expect(await kubectlOk(shared, ['get', 'namespace', 'default', '-o', 'name'])).toBe('namespace/default');
});

test('kubectl reads from stdin, and a refusal is a result with what the server said', async () => {
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'Not A Name', namespace: 'default' } };

  const result = await kubectl(shared, ['apply', '-f', '-'], { stdin: JSON.stringify(configMap) });
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain('Invalid value: "Not A Name"');
});

test('a ServiceAccount may do what its role says, and nothing else', async () => {
  const namespace = 'control-plane-rbac';
  await kubectlOk(shared, ['create', 'namespace', namespace]);
  await kubectlOk(shared, ['create', 'serviceaccount', 'reader', '-n', namespace]);
  await kubectlOk(shared, ['create', 'role', 'reader', '--verb=get,list', '--resource=configmaps', '-n', namespace]);
  await kubectlOk(shared, [
    'create',
    'rolebinding',
    'reader',
    '--role=reader',
    `--serviceaccount=${namespace}:reader`,
    '-n',
    namespace,
  ]);
  const token = await serviceAccountToken(shared, namespace, 'reader');
  const kubeconfig = await kubeconfigFor(shared, { name: namespace, token, namespace });

  expect(await kubectl(shared, ['get', 'configmaps'], { kubeconfig })).toMatchObject({ exitCode: 0 });
  const refused = await kubectl(shared, ['get', 'secrets'], { kubeconfig });
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain(`User "system:serviceaccount:${namespace}:reader" cannot list resource "secrets"`);
});

test('a token that was never issued is refused', async () => {
  const kubeconfig = await kubeconfigFor(shared, { name: 'stranger', token: 'made-up' });

  expect((await kubectl(shared, ['get', 'namespaces'], { kubeconfig })).stderr).toMatch(/Unauthorized|logged in/);
});

test('a restarted API server is back at the same address with what it knew, gently with a watch open or after a crash', async () => {
  const controlPlane = await ownControlPlane();
  await kubectlOk(controlPlane, ['create', 'configmap', 'kept', '--from-literal=a=b']);
  await kubectlOk(controlPlane, ['create', 'serviceaccount', 'kept']);
  const token = await serviceAccountToken(controlPlane, 'default', 'kept');
  const before = await processesOf(controlPlane.dir);
  const watch = spawn(controlPlane.kubectl, ['get', 'configmaps', '--watch'], {
    env: { KUBECONFIG: controlPlane.kubeconfig, KUBECACHEDIR: controlPlane.dir },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void watch.kill('SIGKILL'));
  await once(watch.stdout, 'data');

  await controlPlane.restartApiServer('SIGTERM');
  // Had the watch held it up, it would have been killed.
  const log = await readFile(join(controlPlane.dir, 'supervisor.log'), 'utf8');
  expect(log).toContain('kube-apiserver ended: exit code 0');
  expect(await kubectlOk(controlPlane, ['get', 'configmap', 'kept', '-o', 'name'])).toBe('configmap/kept');
  await controlPlane.restartApiServer('SIGKILL');
  expect(await kubectlOk(controlPlane, ['get', 'configmap', 'kept', '-o', 'name'])).toBe('configmap/kept');

  expect(await processesOf(controlPlane.dir)).not.toEqual(before);
  // The signing key stays, so tokens given out before are good.
  const kubeconfig = await kubeconfigFor(controlPlane, { name: 'kept', token });
  const allowed = await kubectl(controlPlane, ['auth', 'can-i', 'get', 'secrets'], { kubeconfig });
  expect(allowed.stdout).toBe('no');
});

test('the audit log, where it is asked for, says who did what and whether they might', async () => {
  const controlPlane = await ownControlPlane({ audit: true });
  await kubectlOk(controlPlane, ['create', 'serviceaccount', 'no-rights']);
  const token = await serviceAccountToken(controlPlane, 'default', 'no-rights');
  const kubeconfig = await kubeconfigFor(controlPlane, { name: 'no-rights', token });
  await kubectl(controlPlane, ['get', 'secrets'], { kubeconfig });

  const entry = z.object({
    verb: z.string(),
    user: z.object({ username: z.string() }),
    objectRef: z.object({ resource: z.string() }).optional(),
    responseStatus: z.object({ code: z.number() }).optional(),
  });
  const lines = (await readFile(controlPlane.auditLog ?? '', 'utf8')).trim().split('\n');
  expect(lines.map((line) => entry.parse(JSON.parse(line)))).toContainEqual({
    verb: 'list',
    user: { username: 'system:serviceaccount:default:no-rights' },
    objectRef: { resource: 'secrets' },
    responseStatus: { code: 403 },
  });
});

test('nothing is left after stop, and stopping twice is no harm', async () => {
  const controlPlane = await ownControlPlane();
  const pids = await processesOf(controlPlane.dir);
  expect(pids).toHaveLength(3);
  for (const pid of pids) expect(await runs(pid)).toBe(true);

  await controlPlane.stop();
  await expectNothingLeft(controlPlane.dir, controlPlane.server, pids);
  await controlPlane.stop();
});

test('nothing is left after Ctrl-C, and it counts as a good end', async () => {
  const { main, dir, server, pids } = await playground();
  main.kill('SIGINT');

  expect(await once(main, 'exit')).toEqual([0, null]);
  await expectNothingLeft(dir, server, pids);
});

test('Ctrl-C during the build ends it, and leaves neither half an entry in the cache nor a lock', async () => {
  const home = await mkdtemp(join(tmpdir(), 'interrupted-build-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  await writeFile(join(home, 'go'), '#!/bin/sh\n[ "$1" = version ] || exec sleep 100\n', { mode: 0o755 });
  const main = spawn(process.execPath, [mainScript], {
    env: {
      PATH: `${home}:${process.env['PATH']}`,
      XDG_CACHE_HOME: home,
      ENVTEST_RELEASES: 'http://127.0.0.1:1', // refuses, so that there is a build
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void main.kill('SIGKILL'));
  for await (const line of createInterface({ input: main.stderr })) {
    if (line.startsWith('building etcd')) break;
  }
  main.kill('SIGINT');

  expect(await once(main, 'exit')).toEqual([130, null]);
  expect(await readdir(join(home, 'acronis-upsell-operator', 'controlplane'))).toEqual([]);
});

test('nothing is left a moment after the process that started it was killed with SIGKILL', async () => {
  const { main, dir, server, pids } = await playground();
  expect(pids).toHaveLength(3);
  main.kill('SIGKILL');
  await once(main, 'exit');

  await vi.waitFor(() => expectNothingLeft(dir, server, pids), { timeout: 10_000 });
});

test('nothing is left when the supervisor itself is killed and the control plane is stopped then', async () => {
  const controlPlane = await ownControlPlane();
  const pids = await processesOf(controlPlane.dir);
  process.kill(Number(await readFile(join(controlPlane.dir, 'supervisor.pid'), 'utf8')), 'SIGKILL');
  await controlPlane.stop();

  await vi.waitFor(() => expectNothingLeft(controlPlane.dir, controlPlane.server, pids), { timeout: 10_000 });
});

test('a port that another process took meanwhile is given up for another one', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const address = other.address();
  const taken = typeof address === 'object' && address !== null ? address.port : 0;
  const ports = [taken];

  const controlPlane = await ownControlPlane({ choosePort: async () => ports.pop() ?? (await freePort()) });
  expect(controlPlane.server).not.toBe(`https://127.0.0.1:${taken}`);
  expect(await kubectlOk(controlPlane, ['get', 'namespace', 'default', '-o', 'name'])).toBe('namespace/default');
});

test('a server that cannot start says so with the end of its log, soon', async () => {
  const starting = startControlPlane({ programs, apiServerFlags: ['--no-such-flag'] }, never);

  await expect(starting).rejects.toThrow(
    /^The control plane did not start: kube-apiserver ended .*\(exit code 1\)[\s\S]*unknown flag: --no-such-flag/,
  );
});

test('a program that is not there is named', async () => {
  const starting = startControlPlane({ programs: { ...programs, etcd: '/no/such/etcd' } }, never);

  await expect(starting).rejects.toThrow(/^The control plane did not start: etcd ended before it was ready \(.*ENOENT/);
});
