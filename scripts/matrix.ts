/**
 * `npm run test:matrix`: the tests that depend on the API server, on each version of tools/controlplane/matrix.ts, built where it is not there. When all of them
 * passed, the table of the README says so; only this script writes it.
 * `--built` runs a part of them on the newest and the oldest version that are built already, and writes nothing.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { assetsOf, built, matrix } from '../tools/controlplane/matrix.ts';
import { provision } from '../tools/controlplane/provision.ts';
import { createProgress } from '../tools/progress.ts';
import { withMatrixTable } from './matrix-table.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { built: { type: 'boolean', default: false } } });
const { signal } = new AbortController();
const progress = createProgress();

/** CRDs and their rules, lists by stream and by page, the main job. */
const quick = ['crd', 'lists', 'assign'];
/** Besides: the other kinds, the admission policy, server-side apply, policies, revoking, the upgrade, a second version of the API. */
const files = [
  ...quick,
  'account-crd',
  'policy-crd',
  'admission-policy',
  'server-side-apply',
  'policy',
  'revoke',
  'upgrade',
  'second-version',
];

/** @param assets the directory that holds the programs. */
async function passes(version: string, assets: string, names: readonly string[]): Promise<boolean> {
  const { stdout } = await execa(join(assets, 'kube-apiserver'), ['--version']);
  if (stdout.trim() !== `Kubernetes ${version}`) throw new Error(`${assets} has ${stdout.trim()}, and not ${version}.`);
  progress.note(`Kubernetes ${version}: ${names.join(', ')}`);
  const started = performance.now();
  const { exitCode } = await execa(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--project=integration',
      ...names.map((name) => `test/integration/${name}.test.ts`),
    ],
    { cwd: root, env: { KUBEBUILDER_ASSETS: assets }, stdio: 'inherit', reject: false },
  );
  const seconds = Math.round((performance.now() - started) / 1000);
  progress.note(`Kubernetes ${version}: ${exitCode === 0 ? 'passed' : 'FAILED'} in ${seconds} s`);
  return exitCode === 0;
}

async function whole(): Promise<readonly string[]> {
  const { source: _, ...common } = await provision({ progress }, signal);
  const failed: string[] = [];
  for (const { version } of matrix) {
    const assets = await assetsOf(version, common, progress, signal);
    if (!(await passes(version, assets, files))) failed.push(version);
  }
  const readme = join(root, 'README.md');
  if (failed.length === 0) await writeFile(readme, withMatrixTable(await readFile(readme, 'utf8')));
  return failed;
}

async function newestAndOldestBuilt(): Promise<readonly string[]> {
  const there: { version: string; assets: string }[] = [];
  for (const { version } of matrix) {
    const assets = await built(version);
    if (assets !== undefined) there.push({ version, assets });
  }
  if (there.length === 0) progress.note('No kube-apiserver of the matrix is built: `npm run test:matrix` builds them.');
  const failed: string[] = [];
  const ends = there.filter((_, at) => at === 0 || at === there.length - 1);
  for (const { version, assets } of ends) if (!(await passes(version, assets, quick))) failed.push(version);
  return failed;
}

const failed = await (values.built ? newestAndOldestBuilt() : whole());
if (failed.length > 0) {
  console.error(`Tests failed on ${failed.join(', ')}.`);
  process.exitCode = 1;
}
