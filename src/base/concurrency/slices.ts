/**
 * A pass over very many things in slices, between which everything else has its turn: a page of metrics over 50,000 objects must not hold up those that
 * are to become Ready meanwhile.
 */

/** What a slice costs stays below a few milliseconds, also on a slow machine. */
const sliceSize = 500;

/** All of them, some at a time. What comes or goes between two slices may be in it or not, and what goes and comes again may be in it twice. */
export async function* inSlices<T>(all: Iterable<T>): AsyncGenerator<readonly T[], void, undefined> {
  let slice: T[] = [];
  for (const one of all) {
    slice.push(one);
    if (slice.length < sliceSize) continue;
    yield slice;
    slice = [];
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (slice.length > 0) yield slice;
}
