/** The image that a release stands on, fetched for each platform by the digest that its name had at that moment: what was used is what the provenance names. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Platform, PulledBase } from './image.ts';
import type { Subject } from './provenance.ts';

export interface Bases {
  readonly pulled: readonly PulledBase[];
  /** The base's name and the digest of its index. */
  readonly pinned: Subject;
}

/** @throws Error with crane's message, and where the base's name has a digest that its registry does not have. */
export async function pullBases(
  crane: string,
  base: string,
  platforms: readonly Platform[],
  dir: string,
): Promise<Bases> {
  const [named = base, given] = base.split('@');
  const name = named.replace(/:[^/:]*$/, '');
  const digest = given ?? (await execa(crane, ['digest', base])).stdout.trim();
  await mkdir(dir, { recursive: true });
  const pulled: PulledBase[] = [];
  for (const platform of platforms) {
    const layout = join(dir, platform.architecture);
    const wanted = `${platform.os}/${platform.architecture}`;
    await execa(crane, ['pull', '--format=oci', `--platform=${wanted}`, `${name}@${digest}`, layout]);
    pulled.push({ platform, layout });
  }
  return { pulled, pinned: { name: named, digest } };
}
