import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Run } from '../../../../tools/build.ts';
import { findTool } from '../../../../tools/helm/provision.ts';
import { ProvisionError } from '../../../../tools/provision-error.ts';
import { freshMachine, putPrograms, workingGo } from '../controlplane/fresh-machine.ts';

const never = new AbortController().signal;

/** A machine with nothing on it but a Go that builds. */
async function machine() {
  const { run, built } = workingGo();
  const { home, shown, surroundings } = await freshMachine();
  const here = { ...surroundings, run, env: { HOME: home, PATH: join(home, 'bin') } };
  return { here, home, builds: built, said: shown };
}

const saying =
  (version: string, otherwise: Run): Run =>
  (file, args, cwd, signal) =>
    args[0] === 'version' && file.endsWith('helm')
      ? Promise.resolve({ exitCode: 0, output: version })
      : otherwise(file, args, cwd, signal);

test('what is on PATH is taken, and nothing is built', async () => {
  const { here, home, builds } = await machine();
  await putPrograms(join(home, 'bin'), ['helm']);
  const run = saying('v4.0.1+g12345', here.run);
  expect(await findTool('helm', { ...here, run }, never)).toEqual({ path: join(home, 'bin', 'helm'), source: 'PATH' });
  expect(builds).toEqual([]);
});

test('one on PATH that is too old is passed over, which is said', async () => {
  const { here, home, said } = await machine();
  await putPrograms(join(home, 'bin'), ['helm']);
  const run = saying('v3.18.0+g12345', here.run);
  expect(await findTool('helm', { ...here, run }, never)).toMatchObject({ source: 'build' });
  expect(said.join('\n')).toContain('is not the helm that is needed');
});

test('what is not there is built once, with a word on what takes so long, and is in the cache from then on', async () => {
  const { here, builds, said } = await machine();
  const built = await findTool('helm', here, never);
  expect(built.source).toBe('build');
  expect(said.join('')).toContain('building helm');
  expect(await findTool('helm', here, never)).toEqual({ path: built.path, source: 'cache' });
  expect(builds).toEqual(['helm.sh/helm/v4/cmd/helm']);
});

test('two processes that need it at the same time build it once', async () => {
  const { here, builds } = await machine();
  const found = await Promise.all([findTool('kubeconform', here, never), findTool('kubeconform', here, never)]);
  expect(found.map(({ source }) => source).sort()).toEqual(['build', 'cache']);
  expect(builds).toEqual(['github.com/yannh/kubeconform/cmd/kubeconform']);
});

test('a build that fails says why and what to do, and leaves nothing', async () => {
  const { here, home } = await machine();
  const run: Run = async (_file, args) => ({ exitCode: args[0] === 'build' ? 1 : 0, output: 'no space left' });
  await expect(findTool('helm', { ...here, run }, never)).rejects.toThrow(
    'The build failed: go build ended with 1 for helm: no space left. To go on, install helm.',
  );
  expect(await readdir(join(home, '.cache', 'acronis-upsell-operator', 'helm'))).toEqual([]);
});

test('without Go it says so', async () => {
  const { here } = await machine();
  const run: Run = async () => ({ exitCode: 'missing', output: '' });
  await expect(findTool('helm', { ...here, run }, never)).rejects.toThrow(ProvisionError);
  await expect(findTool('helm', { ...here, run }, never)).rejects.toThrow('There is no helm on PATH, and no Go');
});
