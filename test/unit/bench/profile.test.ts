import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ProfileFolder } from '../../../bench/profile.ts';

const dir = await mkdtemp(join(tmpdir(), 'profiles-'));
afterAll(() => rm(dir, { recursive: true }));

test('a profile of an earlier run in the same folder is not taken for this one', async () => {
  await writeFile(join(dir, 'CPU.1.cpuprofile'), '');
  const folder = await ProfileFolder.open(dir);
  expect(await folder.first()).toBeUndefined();
  await writeFile(join(dir, 'CPU.3.cpuprofile'), '');
  await writeFile(join(dir, 'CPU.2.cpuprofile'), '');
  await writeFile(join(dir, 'notes.txt'), '');
  expect(await folder.first()).toBe(join(dir, 'CPU.2.cpuprofile'));
});
