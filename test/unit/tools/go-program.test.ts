import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Run } from '../../../tools/build.ts';
import { type GoProgram, goProgram } from '../../../tools/go-program.ts';
import { ProvisionError } from '../../../tools/provision-error.ts';
import { freshMachine, putPrograms, temporaryDirectory, workingGo } from './controlplane/fresh-machine.ts';

const never = new AbortController().signal;

/** A module with a command, and a machine with nothing on it but a Go that builds. */
async function machine() {
  const module = await temporaryDirectory();
  await writeFile(join(module, 'go.mod'), 'module m\n');
  await mkdir(join(module, 'cmd'));
  const change = (text: string) => writeFile(join(module, 'cmd/main.go'), text);
  await change('package main\n');
  const { run, built } = workingGo();
  const { home, surroundings } = await freshMachine();
  const here = { ...surroundings, run, env: { HOME: home, PATH: join(home, 'bin') } };
  const program: GoProgram = { name: 'tool', module, from: './cmd' };
  return { here, home, builds: built, program, change };
}

test('it is built once, and again when the module changes', async () => {
  const { here, builds, program, change } = await machine();
  const first = await goProgram(program, here, never);
  expect(await goProgram(program, here, never)).toBe(first);
  expect(builds).toEqual(['./cmd']);
  await change('package main // and more\n');
  expect(await goProgram(program, here, never)).not.toBe(first);
  expect(builds).toEqual(['./cmd', './cmd']);
});

test('two that need it at the same time build it once', async () => {
  const { here, builds, program } = await machine();
  await Promise.all([goProgram(program, here, never), goProgram(program, here, never)]);
  expect(builds).toHaveLength(1);
});

test('build tags reach Go', async () => {
  const { here, program } = await machine();
  const seen: string[] = [];
  const run: Run = async (file, args, cwd, signal) => {
    seen.push(args.join(' '));
    return await here.run(file, args, cwd, signal);
  };
  await goProgram({ ...program, tags: 'small,fast' }, { ...here, run }, never);
  expect(seen.filter((each) => each.startsWith('build -tags=small,fast '))).toHaveLength(1);
});

test('one on PATH, which may be of any age, is not taken', async () => {
  const { here, home, program } = await machine();
  await putPrograms(join(home, 'bin'), ['tool']);
  expect(await goProgram(program, here, never)).not.toBe(join(home, 'bin', 'tool'));
});

test('a build that fails says why and leaves nothing; without Go it says so', async () => {
  const { here, home, program } = await machine();
  const failing: Run = async (_file, args) => ({ exitCode: args[0] === 'build' ? 1 : 0, output: 'no space left' });
  await expect(goProgram(program, { ...here, run: failing }, never)).rejects.toThrow('no space left');
  expect(await readdir(join(home, '.cache', 'acronis-upsell-operator', 'programs'))).toEqual([]);
  const none: Run = async () => ({ exitCode: 'missing', output: '' });
  await expect(goProgram(program, { ...here, run: none }, never)).rejects.toThrow(ProvisionError);
});
