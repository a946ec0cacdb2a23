import { execFile } from 'node:child_process';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { missingV8Flags, v8Flags } from '../../../src/process/v8-flags.ts';

const root = join(import.meta.dirname, '../../..');

/** What a process of its own prints: the flags hold for a whole process. */
async function printed(script: string, ...flags: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--input-type=module', '--eval', script], {
    timeout: 50_000,
  });
  return stdout;
}

const young = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { setTimeout as sleep } from 'node:timers/promises';
  /** Of one half, in MiB. */
  const young = () => {
    const { space_used_size: used, space_available_size: free } = getHeapSpaceStatistics().find((each) => each.space_name === 'new_space');
    return (used + free) / 1_048_576;
  };
  const kept = [];
  /** What lives long enough to become old, and then is of no use. */
  const work = (round) => {
    kept[round % 20] = Array.from({ length: 1_000 }, (_, at) => ({ round, at, text: 'text ' + at }));
  };`;

describe('with the flags of the image', () => {
  it('the young generation keeps its bound in a long synchronous stretch', async () => {
    const script = `${young}
      let most = 0;
      for (let round = 0; round < 1_500; round++) {
        work(round);
        most = Math.max(most, young());
      }
      console.log(most);`;
    const [left, bounded] = (await Promise.all([printed(script), printed(script, ...v8Flags)])).map(Number);
    expect(left, 'V8 left alone').toBeGreaterThan(8);
    expect(bounded).toBeLessThanOrEqual(4);
  }, 60_000);

  it('the young generation shrinks while the process idles, and comes back with work', async () => {
    const script = `${young}
      async function busy() {
        for (let round = 0; round < 1_500; round++) {
          work(round);
          await new Promise((resolve) => setImmediate(resolve));
        }
        return young();
      }
      const first = await busy();
      kept.length = 0;
      for (const end = performance.now() + 20_000; young() >= first && performance.now() < end; gc({ type: 'minor' })) await sleep(25);
      console.log(JSON.stringify([first, young(), await busy()]));`;
    const [first, idle, again] = z
      .tuple([z.number(), z.number(), z.number()])
      .parse(JSON.parse(await printed(script, ...v8Flags, '--expose-gc')));
    expect(first).toBeGreaterThan(3);
    expect(idle).toBeLessThan(first);
    expect(again).toBeGreaterThan(3);
  }, 60_000);

  it('hot code is compiled by Maglev and no further', async () => {
    const script = `
      const numbers = [1, 2, 3];
      const sum = (times) => {
        let total = 0;
        for (let at = 0; at < times; at++) total += numbers[at % 3];
        return total;
      };
      let all = 0;
      for (let count = 0; count < 200_000; count++) all += sum(100);
      console.log(all);`;
    const compilers = async (...flags: readonly string[]) =>
      new Set(
        [...(await printed(script, '--trace-opt', ...flags)).matchAll(/\(target (\w+)\)/g)].map(([, name]) => name),
      );
    expect(await compilers()).toContain('TURBOFAN_JS');
    expect(await compilers(...v8Flags)).toEqual(new Set(['MAGLEV']));
  }, 60_000);
});

it("the image's ENTRYPOINT has each of them", async () => {
  const [, entrypoint] = /^ENTRYPOINT (.*)$/m.exec(await readFile(join(root, 'Dockerfile'), 'utf8')) ?? [];
  expect(JSON.parse(entrypoint ?? '')).toEqual(['node', ...v8Flags, '/app/main.js']);
});

it('no V8 flag is set while the process runs', async () => {
  for await (const file of glob('src/**/*.ts', { cwd: root }))
    expect(await readFile(join(root, file), 'utf8'), file).not.toMatch(/setFlagsFromString/);
});

it('a flag counts as given with any value, and however it is spelt', () => {
  expect(missingV8Flags([])).toEqual([...v8Flags]);
  expect(missingV8Flags([...v8Flags])).toEqual([]);
  expect(missingV8Flags(['--max_semi_space_size=16', '', ...v8Flags.slice(1)])).toEqual([]);
});

it.each([
  { how: 'without the flags', flags: [], lines: 1 },
  { how: 'with the flags', flags: v8Flags, lines: 0 },
])(
  'a process started $how says so $lines times, at debug',
  async ({ flags, lines }) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...flags, join(root, 'src/main.ts'), 'run', '--log-level=debug', '--kubeconfig=/nowhere'],
      { timeout: 50_000 },
    ).catch((error: { stdout: string }) => error);
    const levels = stdout
      .split('\n')
      .filter((line) => line.includes("without some of the image's flags"))
      .map((line) => z.object({ level: z.string() }).parse(JSON.parse(line)).level);
    expect(stdout).toContain('"fatal"');
    expect(levels).toEqual(Array.from({ length: lines }, () => 'debug'));
  },
  60_000,
);
