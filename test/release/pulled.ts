/** The files of the published image, for one platform. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { inject, onTestFinished } from 'vitest';
import type { Architecture } from './base.ts';

/** A directory that is removed when the test has ended. */
export async function temporary(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'upsell-release-test-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

/** Where they are. */
export async function pulled(architecture: Architecture): Promise<string> {
  const { programs, published } = inject('release');
  const dir = await temporary();
  const archive = join(dir, 'image.tar');
  await execa(programs.crane, ['export', `--platform=linux/${architecture}`, published.image, archive]);
  await mkdir(join(dir, 'files'));
  await execa('tar', ['-xf', archive, '-C', join(dir, 'files')]);
  return join(dir, 'files');
}
