import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import * as z from 'zod';

/** In a process of its own: the flags hold for a whole process, and this one is not to be slowed down. */
async function youngAfterChurn(prepare: string): Promise<number> {
  const heap = fileURLToPath(new URL('../../src/heap.ts', import.meta.url));
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
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  return z.coerce.number().positive().parse(stdout);
}

it('the young generation stays a fraction of what V8 would make of it', async () => {
  const [left, kept] = await Promise.all([youngAfterChurn(''), youngAfterChurn('keepHeapSmall();')]);
  const MiB = 1_048_576;
  expect(kept).toBeLessThanOrEqual(8 * MiB);
  expect(left).toBeGreaterThan(4 * kept);
});
