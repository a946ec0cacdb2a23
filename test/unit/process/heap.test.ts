import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import * as z from 'zod';

const heap = fileURLToPath(new URL('../../../src/process/heap.ts', import.meta.url));

/** What a process of its own prints: the flags hold for a whole process, and this one is not to be slowed down. */
async function printed(script: string, ...flags: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--input-type=module', '--eval', script], {
    timeout: 50_000,
  });
  return stdout;
}

/** What one half of the young generation holds, in MiB: after much work, once V8 has taken from it because nothing was to be done, and after much work again. */
async function youngWhileBusyIdleAndBusyAgain(prepare: string): Promise<readonly [number, number, number]> {
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { keepHeapSmall } from ${JSON.stringify(heap)};
    ${prepare}
    const young = () => {
      const { space_used_size: used, space_available_size: free } = getHeapSpaceStatistics().find((each) => each.space_name === 'new_space');
      return Math.round((used + free) / 1_048_576);
    };
    const kept = [];
    async function work() {
      // What lives long enough to become old, and then is of no use.
      for (let round = 0; round < 1_500; round++) {
        kept[round % 20] = Array.from({ length: 1_000 }, (_, at) => ({ round, at, text: 'text ' + at }));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return young();
    }
    const busy = await work();
    kept.length = 0;
    for (const end = performance.now() + 20_000; young() >= busy && performance.now() < end; gc({ type: 'minor' })) await sleep(25);
    console.log(JSON.stringify([busy, young(), await work()]));`;
  return z.tuple([z.number(), z.number(), z.number()]).parse(JSON.parse(await printed(script, '--expose-gc')));
}

it('the young generation stays a fraction of what V8 would make of it, and comes back after an idle time', async () => {
  const [left, kept] = await Promise.all([
    youngWhileBusyIdleAndBusyAgain(''),
    youngWhileBusyIdleAndBusyAgain('keepHeapSmall();'),
  ]);
  expect(left[0]).toBeGreaterThanOrEqual(16);
  for (const busy of [kept[0], kept[2]]) {
    expect(busy).toBeGreaterThanOrEqual(4);
    expect(busy).toBeLessThan(8);
  }
  expect(kept[1]).toBeLessThan(4);
}, 60_000);

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
}, 60_000);
