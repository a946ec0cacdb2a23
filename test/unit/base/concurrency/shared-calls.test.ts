import { expect, test } from 'vitest';
import { SharedCalls } from '../../../../src/base/concurrency/shared-calls.ts';
import { always } from '../../../support/signal.ts';

/** Calls that last until the test ends them. */
function held() {
  const calls: { readonly signal: AbortSignal; readonly end: (text: string) => void }[] = [];
  const shared = new SharedCalls<string>();
  const run = (key: string, signal = always()) =>
    shared.run(
      key,
      (until) =>
        new Promise((resolve, reject) => {
          calls.push({ signal: until, end: resolve });
          until.addEventListener('abort', () => reject(until.reason));
        }),
      signal,
    );
  return { calls, run };
}

test('callers that wait for the same share one call, and the next one after it is new', async () => {
  const { calls, run } = held();
  const both = [run('a'), run('a')];
  const other = run('b');
  expect(calls).toHaveLength(2);
  calls[0]?.end('one');
  calls[1]?.end('two');
  expect(await Promise.all([...both, other])).toEqual(['one', 'one', 'two']);
  const next = run('a');
  expect(calls).toHaveLength(3);
  calls[2]?.end('three');
  expect(await next).toBe('three');
});

test('a caller that leaves does not end it for the others; the last one that leaves ends it', async () => {
  const { calls, run } = held();
  const first = new AbortController();
  const second = new AbortController();
  const ends = Promise.allSettled([run('a', first.signal), run('a', second.signal)]);
  first.abort(new Error('first left'));
  await Promise.resolve();
  expect(calls[0]?.signal.aborted).toBe(false);
  second.abort(new Error('second left'));
  expect((await ends).map((end) => (end.status === 'rejected' ? String(end.reason) : end.value))).toEqual([
    'Error: first left',
    'Error: second left',
  ]);
  expect(calls[0]?.signal.aborted).toBe(true);
  const next = run('a');
  calls[1]?.end('new');
  expect(await next).toBe('new');
});

test('a call that fails fails for all who wait', async () => {
  const shared = new SharedCalls<string>();
  const fails = () => Promise.reject(new Error('no'));
  const ends = await Promise.allSettled([shared.run('a', fails, always()), shared.run('a', fails, always())]);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
