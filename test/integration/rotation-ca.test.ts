/** The certificate authority of the API server changes while the operator runs; the operator reads the file of its authorities again, and goes on without a restart. */
import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { logLines } from '../../sandbox/operator/process.ts';
import { until } from '../../sandbox/until.ts';
import { countIn } from '../support/log-count.ts';
import { inOrder, OwnWay, ownControlPlane } from './own-way.ts';
import { PodFiles } from './pod-files.ts';

let controlPlane: ControlPlane;
let dir: string;
/** The certificate with its authority, and the key, of this API server and of another one at the same address. */
const kept = (name: 'first' | 'second', ending: 'crt' | 'key'): string => join(dir, `${name}.${ending}`);
const authority = (name: 'first' | 'second'): Promise<string> => readFile(kept(name, 'crt'), 'utf8');

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'upsell-authorities-'));
  const [first, second] = await Promise.all([ownControlPlane(), ownControlPlane()]);
  controlPlane = first;
  for (const [name, { caFile }] of [['first', first] as const, ['second', second] as const]) {
    await copyFile(caFile, kept(name, 'crt'));
    await copyFile(join(dirname(caFile), 'apiserver.key'), kept(name, 'key'));
  }
  await second.stop();
  await writeFile(join(dir, 'both.crt'), (await authority('first')) + (await authority('second')));
});
afterAll(async () => {
  await controlPlane.stop();
  await rm(dir, { recursive: true });
});

let served: 'first' | 'second' = 'first';
/** Restarts the API server with a certificate of this authority, if it has another one. */
async function serve(name: 'first' | 'second'): Promise<void> {
  if (served === name) return;
  served = name;
  const { caFile } = controlPlane;
  await copyFile(kept(name, 'crt'), caFile);
  await copyFile(kept(name, 'key'), join(dirname(caFile), 'apiserver.key'));
  await controlPlane.restartApiServer();
}

it('a pod that is given both authorities first, as it should be, misses nothing and keeps its lease', async () => {
  await serve('first');
  await using way = await OwnWay.make({ own: controlPlane, trusted: join(dir, 'both.crt') });
  const { namespace, token } = way;
  await using files = await PodFiles.mount({ token, 'ca.crt': await authority('first'), namespace });
  const operator = await way.start(files.wayTo(controlPlane.server));
  await operator.ready(AbortSignal.timeout(30_000));
  await way.becomesReady('before');

  await files.swap({ 'ca.crt': await readFile(join(dir, 'both.crt'), 'utf8') });
  const renewed = () => countIn(way.log, 'connections are renewed with changed TLS settings');
  await until('both are trusted', renewed, (times) => times === 1);
  await serve('second');
  await way.becomesReady('with-both');
  await files.swap({ 'ca.crt': await authority('second') });
  await until('only the new one is trusted', renewed, (times) => times === 2);
  await way.becomesReady('with-the-new-one');

  expect(way.log).not.toContain('CertificateNotTrusted');
  expect(await way.stop()).toEqual(inOrder);
});

it('an authority that comes too late is reported in a sentence, and trusted as soon as the file of the kubeconfig has it', async () => {
  await serve('second');
  await using way = await OwnWay.make({ own: controlPlane, trusted: join(dir, 'both.crt') });
  const { namespace, token } = way;
  const caFile = join(dir, 'of-the-operator.crt');
  await copyFile(kept('second', 'crt'), caFile);
  const kubeconfig = await kubeconfigFor({ ...controlPlane, caFile }, { name: namespace, token });
  // A lease would be lost while the API server is not trusted, which is as it should be.
  const operator = await way.start({ kubeconfig }, ['--leader-elect=false']);
  await operator.ready(AbortSignal.timeout(30_000));
  await way.becomesReady('before');

  await serve('first');
  const reports = () => logLines(operator).filter((line) => JSON.stringify(line).includes('CertificateNotTrusted'));
  const [first] = await until('it is reported', reports, (lines) => lines.length > 0);
  expect(JSON.stringify(first)).toContain('its certificate is not signed by the configured certificate authority');
  await copyFile(kept('first', 'crt'), `${caFile}.new`);
  await rename(`${caFile}.new`, caFile);
  await way.becomesReady('after');
  expect(await way.stop()).toEqual(inOrder);
});
