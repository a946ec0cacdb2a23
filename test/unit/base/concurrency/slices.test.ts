/** A pass over very many things: all of them come, and it holds up nothing else. */
import { expect, test } from 'vitest';
import { inSlices } from '../../../../src/base/concurrency/slices.ts';

const collected = async <T>(all: Iterable<T>): Promise<T[][]> => {
  const slices: T[][] = [];
  for await (const slice of inSlices(all)) slices.push([...slice]);
  return slices;
};
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

test.each([0, 1, 499, 500, 501, 1_000, 1_234])('all of %i come, in their order', async (count) => {
  const slices = await collected(numbers(count));
  expect(slices.flat()).toEqual(numbers(count));
  for (const slice of slices.slice(0, -1)) expect(slice).toHaveLength(500);
  expect(slices.every(({ length }) => length > 0)).toBe(true);
});

test('timers and the network have their turn between two slices', async () => {
  const seen: string[] = [];
  for await (const slice of inSlices(numbers(1_500))) {
    seen.push(`slice of ${slice.length}`);
    setImmediate(() => seen.push('another'));
  }
  expect(seen.slice(0, 4)).toEqual(['slice of 500', 'another', 'slice of 500', 'another']);
});

test('what goes or comes meanwhile ends nothing', async () => {
  const all = new Map(numbers(1_000).map((at) => [at, at]));
  const seen = new Set<number>();
  for await (const slice of inSlices(all.values())) {
    for (const one of slice) seen.add(one);
    all.delete(700);
    all.set(5_000, 5_000);
  }
  expect(seen.has(700)).toBe(false);
  expect(seen.has(5_000)).toBe(true);
  expect(seen.size).toBe(1_000);
});
