import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, inject, it, onTestFinished } from 'vitest';
import { startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { bundle, logLines, startOperator } from '../../sandbox/operator/process.ts';
import { grantClusterWide } from '../../sandbox/operator/rights.ts';
import { freePort } from '../../sandbox/port.ts';
import { until } from '../../sandbox/until.ts';

/** Starts `run` with the flags alone and waits for its end. */
const runWith = (flags: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  execa(process.execPath, [bundle, 'run', ...flags], { env, reject: false, all: true, timeout: 20_000 });

const scratch = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'upsell-startup-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
};

it.each([
  [['--drift-interval=soon'], {}, "option '--drift-interval <duration>' argument 'soon' is invalid. Write a duration"],
  [['--concurrency=0'], {}, "option '--concurrency <n>' argument '0' is invalid. Write a whole number"],
  [[], { LOG_LEVEL: 'loud' }, "value 'loud' from env 'LOG_LEVEL' is invalid. Write one of debug, info, warn, error."],
  [['--drift-intervall=1m'], {}, "unknown option '--drift-intervall=1m'"],
  [['start'], {}, 'too many arguments'],
] as const)('%j %j stops the start with a sentence that names the setting', async (flags, env, sentence) => {
  const { exitCode, all } = await runWith(flags, env);
  expect(exitCode).toBe(2);
  expect(all).toContain(sentence);
  expect(all).not.toMatch(/^\s+at /m);
});

it('a kubeconfig that is not there is named, with what to do', async () => {
  const { exitCode, all } = await runWith(['--kubeconfig=/nowhere/config']);
  expect(exitCode).toBe(1);
  expect(all).toContain('/nowhere/config');
  expect(all).toContain('Correct the path');
  expect(all).not.toMatch(/^\s+at /m);
});

it.each([
  ['empty', '', 'is empty'],
  ['DER', Buffer.from('30820122', 'hex'), 'is DER'],
])('a NODE_EXTRA_CA_CERTS file that is %s is warned of at the start, with what to do', async (_, content, what) => {
  const file = join(await scratch(), 'ca.crt');
  await writeFile(file, content);
  const { all } = await runWith(['--kubeconfig=/nowhere/config'], { NODE_EXTRA_CA_CERTS: file });
  expect(all).toContain('NODE_EXTRA_CA_CERTS cannot be used');
  expect(all).toContain(`NODE_EXTRA_CA_CERTS names ${file}, which ${what}, so it adds no certificate.`);
});

it('credentials that the API server refuses end the start with a sentence', async () => {
  const { server, caFile } = inject('controlPlane');
  const kubeconfig = await kubeconfigFor(
    { dir: await scratch(), server, caFile },
    { name: 'stranger', token: 'not-a-token' },
  );
  const { exitCode, all } = await runWith([
    `--kubeconfig=${kubeconfig}`,
    '--metrics-bind-address=0',
    '--health-probe-bind-address=0',
  ]);
  expect(exitCode).toBe(1);
  expect(all).toContain('refused the credentials');
  expect(all).not.toContain('not-a-token');
  expect(all).not.toMatch(/^\s+at /m);
});

it('a port that is taken stops the start and names the flag', async () => {
  const taken = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void taken.close());
  const { exitCode, all } = await runWith([
    `--kubeconfig=${inject('controlPlane').kubeconfig}`,
    '--metrics-bind-address=0',
    `--health-probe-bind-address=127.0.0.1:${port}`,
  ]);
  expect(exitCode).toBe(1);
  expect(all).toContain('--health-probe-bind-address');
});

it('an API server that does not respond is tried again and again, and each try says so', async () => {
  const dir = await scratch();
  const port = await freePort();
  const { caFile } = inject('controlPlane');
  const kubeconfig = await kubeconfigFor(
    { dir, server: `https://127.0.0.1:${port}`, caFile },
    { name: 'admin', token: 'x' },
  );
  const operator = await startOperator({ kubeconfig });
  onTestFinished(async () => void (await operator.stop('SIGKILL')));
  const tries = () =>
    logLines(operator).filter((line) => line.msg === 'the API server does not respond; it is tried again');
  const [first] = await until('two tries', tries, (lines) => lines.length >= 2);
  expect(first?.['why']).toContain(`https://127.0.0.1:${port}`);
  const ready = await fetch(`${operator.probes}/readyz`);
  expect(ready.status).toBe(500);
  const live = await fetch(`${operator.probes}/livez`);
  expect(live.status).toBe(200);
  expect(await operator.stop()).toMatchObject({ exitCode: 0 });
});

it('without the CRD it says what to apply, in its log and its probe, and goes on by itself once that is done', async () => {
  const controlPlane = await startControlPlane({ programs: inject('programs') }, AbortSignal.timeout(60_000));
  onTestFinished(() => controlPlane.stop());
  const token = await grantClusterWide(controlPlane, 'default');
  const operator = await startOperator({ kubeconfig: await kubeconfigFor(controlPlane, { name: 'operator', token }) });
  onTestFinished(async () => void (await operator.stop('SIGKILL')));
  const said = await until(
    'it says so',
    () => operator.lines.join('\n'),
    (text) => text.includes('kubectl apply -f crds/'),
  );
  expect(said).not.toMatch(/^\s+at /m);
  const probe = await until(
    'the probe says so',
    async () => await (await fetch(`${operator.probes}/readyz`)).text(),
    (text) => text.includes('kubectl apply -f crds/'),
  );
  expect(probe).toContain('[-]watch failed');
  await kubectlOk(controlPlane, ['apply', '-f', fileURLToPath(new URL('../../crds', import.meta.url))]);
  await operator.ready(AbortSignal.timeout(45_000));
  expect(await operator.stop()).toMatchObject({ exitCode: 0 });
});

it('--help names every setting with its variable and default, and --version the version', async () => {
  const { all: help, exitCode } = await execa(process.execPath, [bundle, '--help'], { all: true });
  expect(exitCode).toBe(0);
  expect(help).toContain('--drift-interval <duration>');
  expect(help).toContain('DRIFT_INTERVAL');
  expect(help).toContain('ACRONIS_CLIENT_SECRET');
  const { stdout } = await execa(process.execPath, [bundle, '--version']);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+$/);
});
