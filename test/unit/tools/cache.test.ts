import { mkdir, readdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addEntry, findEntry } from '../../../tools/controlplane/programs.ts';
import { putPrograms, temporaryDirectory } from './controlplane/fresh-machine.ts';

const marker = { version: 'v1.0.0', source: 'build' } as const;

test('an entry is there only when all of it is', async () => {
  const entry = join(await temporaryDirectory(), 'v1');
  const seen: unknown[] = [await findEntry(entry)];
  const programs = await addEntry(entry, marker, async (dir) => {
    await putPrograms(dir, ['etcd']);
    seen.push(await findEntry(entry));
    await putPrograms(dir);
    seen.push(await findEntry(entry));
  });

  expect(seen).toEqual([undefined, undefined, undefined]);
  expect(await findEntry(entry)).toEqual(programs);
});

test('filling that ends without all programs adds nothing', async () => {
  const root = await temporaryDirectory();

  await expect(addEntry(join(root, 'v1'), marker, (dir) => putPrograms(dir, ['etcd', 'kubectl']))).rejects.toThrow(
    'there was no kube-apiserver in it',
  );
  expect(await readdir(root)).toEqual([]);
});

test('of two that fill the same entry the first wins, and both have it', async () => {
  const root = await temporaryDirectory();
  const entry = join(root, 'v1');
  const slow = addEntry(entry, marker, async (dir) => {
    await addEntry(entry, marker, (other) => putPrograms(other, undefined, 'first'));
    await putPrograms(dir, undefined, 'second');
  });

  expect(await readFile((await slow).etcd, 'utf8')).toBe('first');
  expect(await readdir(root)).toEqual(['v1']);
});

test('what a killed build left is removed by a later one, and a build in progress is left alone', async () => {
  const root = await temporaryDirectory();
  const entry = join(root, 'v1');
  await mkdir(`${entry}.partial-old`);
  await mkdir(`${entry}.partial-new`);
  const yesterday = new Date(Date.now() - 24 * 60 * 60 * 1000);
  await utimes(`${entry}.partial-old`, yesterday, yesterday);

  await addEntry(entry, marker, (dir) => putPrograms(dir));
  expect((await readdir(root)).sort()).toEqual(['v1', 'v1.partial-new']);
});
