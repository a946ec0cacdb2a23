import { access, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { withLock } from '../../../tools/lock.ts';
import { temporaryDirectory } from './controlplane/fresh-machine.ts';

const never = new AbortController().signal;

async function lockFile() {
  const waits: string[] = [];
  const options = {
    clock: { ...systemClock, sleep: () => new Promise<void>(setImmediate) },
    onWait: () => waits.push('wait'),
  };
  return { file: join(await temporaryDirectory(), 'sub', 'a.lock'), options, waits };
}

test('only one at a time is inside, and one that waits says so once', async () => {
  const { file, options, waits } = await lockFile();
  let inside = 0;
  const work = async (): Promise<number> => {
    inside += 1;
    const seen = inside;
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    inside -= 1;
    return seen;
  };

  expect(await Promise.all([1, 2, 3].map(() => withLock(file, options, work, never)))).toEqual([1, 1, 1]);
  expect(waits).toHaveLength(2);
});

test('the lock is free again after work that fails', async () => {
  const { file, options } = await lockFile();

  await expect(withLock(file, options, () => Promise.reject(new Error('no')), never)).rejects.toThrow('no');
  await expect(access(file)).rejects.toThrow('ENOENT');
});

test('a lock whose holder crashed is taken over', async () => {
  const { file, options, waits } = await lockFile();
  await withLock(file, options, async () => undefined, never);
  await writeFile(file, '1\n');
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(file, longAgo, longAgo);

  expect(await withLock(file, options, async () => 'mine', never)).toBe('mine');
  expect(waits).toEqual([]);
});

test('waiting ends when its signal does', async () => {
  const { file, options } = await lockFile();
  const leaving = new AbortController();
  const clock = { ...systemClock, sleep: systemClock.sleep };
  await withLock(
    file,
    options,
    async () => {
      const waiting = withLock(
        file,
        { clock, onWait: () => leaving.abort(new Error('Ctrl-C')) },
        async () => 'in',
        leaving.signal,
      );
      await expect(waiting).rejects.toThrow('Ctrl-C');
    },
    never,
  );
});
