import { expect, test } from 'vitest';
import { type Loop, runAll } from '../../../src/operator/loops.ts';

const running = () => {
  const stopped = Promise.withResolvers<void>();
  const drained = Promise.withResolvers<void>();
  const loop: Loop = {
    name: 'works',
    async run(signal) {
      signal.addEventListener('abort', () => stopped.resolve());
      await drained.promise;
    },
  };
  return { loop, stopped: stopped.promise, drain: drained.resolve };
};

test('when a loop fails the others are stopped, and it is passed on only once none of them is at work', async () => {
  const other = running();
  const failing: Loop = { name: 'fails', run: () => Promise.reject(new Error('no one expected this')) };
  let over = false;
  const all = runAll([other.loop, failing], new AbortController().signal).finally(() => {
    over = true;
  });
  const failure = expect(all).rejects.toThrow('no one expected this');
  await other.stopped;
  expect(over).toBe(false);
  other.drain();
  await failure;
});

test('all loops stop when the process does, and are waited for', async () => {
  const stop = new AbortController();
  const loops = [running(), running()];
  const all = runAll(
    loops.map(({ loop }) => loop),
    stop.signal,
  );
  stop.abort();
  await Promise.all(loops.map(({ stopped }) => stopped));
  for (const { drain } of loops) drain();
  await all;
});
