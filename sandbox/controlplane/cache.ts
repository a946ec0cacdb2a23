/**
 * The project's own store of control plane programs, outside the checkout: `<root>/<version>-<os>-<arch>/`.
 *
 * An entry is filled in a directory beside it and renamed into place with its marker written last, so a killed build leaves no
 * half entry. Two processes that fill the same entry do not harm each other either: the second finds it there and takes it.
 */
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { PROGRAMS, type ProgramName, type Programs } from './versions.ts';

const MARKER = 'complete.json';
const markerSchema = z.object({ version: z.string(), source: z.enum(['download', 'build']) });
export type Marker = z.infer<typeof markerSchema>;

/** No fill takes this long; what is older was left by one that was killed. */
const ABANDONED_AFTER_MS = 2 * 60 * 60 * 1000;

/** Errors of node:fs carry a code. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}

/** The names of `wanted` that are not there as executable files. */
export async function missingFrom(dir: string, wanted: readonly ProgramName[]): Promise<readonly ProgramName[]> {
  const missing: ProgramName[] = [];
  for (const name of wanted) {
    const there = await access(join(dir, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!there) missing.push(name);
  }
  return missing;
}

export function programsIn(dir: string): Programs {
  return {
    etcd: join(dir, 'etcd'),
    'kube-apiserver': join(dir, 'kube-apiserver'),
    kubectl: join(dir, 'kubectl'),
  };
}

/** The programs of a complete entry, or nothing. */
export async function findEntry(entry: string): Promise<Programs | undefined> {
  const text = await readFile(join(entry, MARKER), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  let marker: unknown;
  try {
    marker = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!markerSchema.safeParse(marker).success) return undefined;
  return (await missingFrom(entry, PROGRAMS)).length === 0 ? programsIn(entry) : undefined;
}

/**
 * Fills an entry: `fill` puts the programs into the directory it is given. Nothing is left behind where it throws.
 * @throws what `fill` throws.
 */
export async function addEntry(entry: string, marker: Marker, fill: (dir: string) => Promise<void>): Promise<Programs> {
  await mkdir(dirname(entry), { recursive: true });
  await removeAbandoned(entry);
  const partial = await mkdtemp(`${entry}.partial-`);
  try {
    await fill(partial);
    const missing = await missingFrom(partial, PROGRAMS);
    if (missing.length > 0) throw new Error(`there was no ${missing.join(', ')} in it`);
    await writeFile(join(partial, MARKER), `${JSON.stringify(marker)}\n`);
    await publish(partial, entry);
    return programsIn(entry);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function publish(partial: string, entry: string): Promise<void> {
  try {
    await rename(partial, entry);
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    if ((await findEntry(entry)) !== undefined) return; // somebody else was faster
    await rm(entry, { recursive: true, force: true }); // not one of ours, or damaged since
    await rename(partial, entry);
  }
}

async function removeAbandoned(entry: string): Promise<void> {
  const parent = dirname(entry);
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${basename(entry)}.partial-`)) continue;
    const path = join(parent, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED_AFTER_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
