/**
 * Archives whose bytes depend on nothing but what is in them: sorted names, one time, no owner. Two builds of one commit give the same digest.
 */
import { createHash } from 'node:crypto';
import { readdir, stat, utimes } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { create } from 'tar';

export interface Archive {
  /** Compressed. */
  readonly bytes: Buffer;
  /** Of the bytes, as `sha256:…`. */
  readonly digest: string;
  /** Of the tar inside, as an image's config names its layers. */
  readonly contentDigest: string;
}

export const sha256 = (content: string | Uint8Array): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** All that is in `dir`, with paths from there. */
export async function archive(dir: string, modified: Date): Promise<Archive> {
  const content = await create({ cwd: dir, portable: true, noDirRecurse: true, mtime: modified, sync: false }, [
    ...(await pathsIn(dir)),
  ]).concat();
  const bytes = gzipSync(content, { level: 9 });
  return { bytes, digest: sha256(bytes), contentDigest: sha256(content) };
}

/** Files and directories below `dir`, sorted, a directory before what is in it. */
export async function pathsIn(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.map((entry) => relative(dir, join(entry.parentPath, entry.name))).sort();
}

/** Gives a file, or all that is in a directory, one time: some programs write it into what they make. */
export async function setModified(path: string, modified: Date): Promise<void> {
  if ((await stat(path)).isDirectory())
    for (const each of await pathsIn(path)) await utimes(join(path, each), modified, modified);
  await utimes(path, modified, modified);
  await utimes(dirname(path), modified, modified);
}
