/**
 * `npm run test:e2e`: the image, installed with the chart, on a real cluster with real nodes. Finds or makes the cluster, then runs the tests beside it.
 *
 *   KUBECONFIG=… IMAGE=registry.example.com/acronis-upsell-operator:0.1.0 npm run test:e2e      any cluster that does not have the operator yet
 *   npm run test:e2e                                                                           a one-node cluster, where there is a lab (NODE_LAB) to make one
 *
 * Exit code: that of the tests; 1 with one sentence where there is no cluster to run on.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { leaveOnSignals } from '../../sandbox/leaving.ts';
import { systemClock } from '../../src/base/clock.ts';
import { cacheRoot, missingFrom } from '../../tools/cache.ts';
import { provision } from '../../tools/controlplane/provision.ts';
import { findTool } from '../../tools/helm/provision.ts';
import { withLock } from '../../tools/lock.ts';
import { onPath } from '../../tools/on-path.ts';
import { createProgress } from '../../tools/progress.ts';
import { ProvisionError } from '../../tools/provision-error.ts';
import { bases } from '../image/base.ts';
import { build, installEngine } from '../image/engine.ts';
import { Cluster, type ClusterEnv, crdName } from './cluster.ts';
import { Lab } from './lab.ts';
import { choosePlace, type Place } from './place.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const progress = createProgress();
const tests = [
  process.execPath,
  join(root, 'node_modules/vitest/vitest.mjs'),
  'run',
  '--project=e2e',
  // Each test goes on where the one before it ended.
  '--bail=1',
  // What the tests measured stands between their names.
  '--reporter=verbose',
  '--disableConsoleIntercept',
  ...process.argv.slice(2),
];

const RUN = randomBytes(3).toString('hex');
const RUN_DIR = await mkdtemp(join(tmpdir(), 'upsell-e2e-'));

const stopped = leaveOnSignals();
try {
  process.exitCode = await main(stopped);
} catch (error) {
  if (stopped.aborted) process.exitCode = 130;
  else {
    console.error(error instanceof ProvisionError ? error.message : error);
    process.exitCode = 1;
  }
} finally {
  await rm(RUN_DIR, { recursive: true });
}

async function main(signal: AbortSignal): Promise<number> {
  const { env } = process;
  const scripts = env['NODE_LAB'] || fileURLToPath(new URL('../../../shared/lab/node', import.meta.url));
  const lab = (await missingFrom(scripts, ['up.sh', 'load.sh', 'in.sh', 'down.sh'])).length === 0 ? scripts : undefined;
  const rootOnDebian = process.getuid?.() === 0 && (await onPath('apt-get', env)) !== undefined;
  const place = choosePlace({ env, lab, rootOnDebian });
  switch (place.kind) {
    case 'nowhere':
      console.error(place.why);
      return 1;
    case 'given':
      return await onGiven(place, signal);
    case 'lab':
      // There is one such node on a machine.
      return await withLock(
        join(cacheRoot('e2e', env), 'lab.lock'),
        {
          clock: systemClock,
          onWait: () => progress.note('waiting for another process that uses the one-node cluster'),
        },
        () => onLab(place, signal),
        signal,
      );
  }
}

async function onGiven(place: Extract<Place, { kind: 'given' }>, signal: AbortSignal): Promise<number> {
  const helm = await findTool('helm', { progress }, signal);
  const kubectl = await onPath('kubectl', process.env);
  if (kubectl === undefined) throw new ProvisionError('There is no kubectl on PATH: install the one of your cluster.');
  const env: ClusterEnv = {
    RUN,
    RUN_DIR,
    HELM: helm.path,
    KUBECTL: kubectl,
    KUBECONFIG: place.kubeconfig,
    IMAGE: place.image,
  };
  const cluster = await Cluster.open(env);
  if (await cluster.hasCrd())
    throw new ProvisionError(
      `The cluster has ${crdName} already, so the operator may be in use there: take another cluster, or delete the CRD if it is left over.`,
    );
  const [node = '', ...args] = tests;
  try {
    const { exitCode } = await execa(node, args, {
      env: { ...env },
      stdio: 'inherit',
      reject: false,
      cancelSignal: signal,
      forceKillAfterDelay: 30_000,
    });
    return exitCode ?? 1;
  } finally {
    await progress.step('removing what the test made', () => cluster.removeTraces());
  }
}

async function onLab({ scripts, image }: Extract<Place, { kind: 'lab' }>, signal: AbortSignal): Promise<number> {
  const lab = new Lab(scripts, process.env);
  // Before anything is up, where the network can still be reached.
  const helm = await findTool('helm', { progress }, signal);
  await lab.adopt(await provision({ progress }, signal));
  const tag = image ?? (await buildImage(signal));
  try {
    await lab.up(progress, signal);
    await lab.load(tag, progress, signal);
    return await lab.run(
      tests,
      { RUN, RUN_DIR, HELM: helm.path, KUBECTL: join(lab.programs, 'kubectl'), IMAGE: tag },
      signal,
    );
  } finally {
    await lab.down(progress);
  }
}

async function buildImage(signal: AbortSignal): Promise<string> {
  const tag = 'localhost/acronis-upsell-operator:e2e';
  await progress.step('installing buildah and podman where they are missing', installEngine);
  signal.throwIfAborted();
  const base = await progress.step('finding or making the base image', () => bases());
  signal.throwIfAborted();
  await progress.step(`building the image (base ${base.source})`, () =>
    build({ tag, context: root, buildArgs: { NODE_IMAGE: base.runtime, BUILD_IMAGE: base.build } }),
  );
  signal.throwIfAborted();
  return tag;
}
