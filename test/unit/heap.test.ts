import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import * as z from 'zod';

const heap = fileURLToPath(new URL('../../src/heap.ts', import.meta.url));

/** What a process of its own prints: the flags hold for a whole process, and this one is not to be slowed down. */
async function printed(script: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  return stdout;
}

async function youngAfterChurn(prepare: string): Promise<number> {
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { keepHeapSmall } from ${JSON.stringify(heap)};
    ${prepare}
    // What lives long enough to become old, and then is of no use.
    const kept = [];
    for (let round = 0; round < 1_500; round++) {
      kept[round % 20] = Array.from({ length: 2_000 }, (_, at) => ({ round, at, text: 'text ' + at }));
      if (round % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    console.log(getHeapSpaceStatistics().find((each) => each.space_name === 'new_space').space_size);`;
  return z.coerce
    .number()
    .positive()
    .parse(await printed(script));
}

it('the young generation stays a fraction of what V8 would make of it', async () => {
  const [left, kept] = await Promise.all([youngAfterChurn(''), youngAfterChurn('keepHeapSmall();')]);
  const MiB = 1_048_576;
  expect(kept).toBeLessThanOrEqual(8 * MiB);
  expect(left).toBeGreaterThan(4 * kept);
});

/** Which compilers V8 asked for while one function was as hot as can be. */
async function compilersOfHotCode(prepare: string): Promise<readonly string[]> {
  const script = `
    import { setFlagsFromString } from 'node:v8';
    import { keepHeapSmall } from ${JSON.stringify(heap)};
    ${prepare}
    setFlagsFromString('--trace-opt');
    const numbers = [1, 2, 3];
    const sum = (times) => {
      let total = 0;
      for (let at = 0; at < times; at++) total += numbers[at % 3];
      return total;
    };
    let all = 0;
    for (let count = 0; count < 200_000; count++) all += sum(100);
    console.log(all);`;
  return [...(await printed(script)).matchAll(/\(target (\w+)\)/g)].map(([, compiler]) => compiler ?? '');
}

it('hot code is compiled by Maglev and no further', async () => {
  expect(await compilersOfHotCode('')).toContain('TURBOFAN_JS');
  const compilers = new Set(await compilersOfHotCode('keepHeapSmall();'));
  expect(compilers).toEqual(new Set(['MAGLEV']));
});
