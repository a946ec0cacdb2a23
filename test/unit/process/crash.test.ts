import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { expect, it, onTestFinished } from 'vitest';
import { mapStack } from '../../../src/process/crash.ts';

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'upsell-crash-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

it('names the line of the source for a frame of a bundle with its map beside it', async () => {
  const dir = await scratch();
  const source = "// one\n// two\nexport function fail() {\n  throw new Error('here');\n}\n";
  await writeFile(join(dir, 'source.ts'), source);
  const outfile = join(dir, 'bundle.mjs');
  await build({ entryPoints: [join(dir, 'source.ts')], outfile, format: 'esm', minify: true, sourcemap: 'linked' });
  const { fail } = await import(pathToFileURL(outfile).href);
  let stack = '';
  try {
    fail();
  } catch (error) {
    stack = error instanceof Error ? (error.stack ?? '') : '';
  }
  expect(mapStack(stack).split('\n')[0]).toMatch(/source\.ts:4:\d+/);
});

it('leaves frames as they are where there is no map', () => {
  const stack = 'Error: x\n    at run (file:///nowhere/main.js:1:10)\n    at node:internal/timers:605:17';
  expect(mapStack(stack)).toBe('at run (file:///nowhere/main.js:1:10)\nat node:internal/timers:605:17');
});

it('leaves the message of the error out, which the log line has already', () => {
  expect(mapStack('Error: the message\n    at run (file:///nowhere/main.js:1:10)')).not.toContain('the message');
});
