/**
 * The project's own store of programs, outside the checkout: `<root>/<version>-<os>-<arch>/`.
 *
 * An entry is filled in a directory beside it and renamed into place with its marker written last, so a killed build leaves no
 * half entry. Two processes that fill the same entry do not harm each other either: the second finds it there and takes it.
 */
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import * as z from 'zod';

const MARKER = 'complete.json';
const markerSchema = z.object({ version: z.string(), source: z.enum(['download', 'build']) });
export type Marker = z.infer<typeof markerSchema>;

/** No fill takes this long; what is older was left by one that was killed. */
const ABANDONED_AFTER_MS = 2 * 60 * 60 * 1000;

/** Errors of node:fs carry a code. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}

/** Where entries of this kind are, as `controlplane` or `helm`. */
export function cacheRoot(kind: string, env: Readonly<Record<string, string | undefined>>): string {
  const base = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
  return resolve(base, 'acronis-upsell-operator', kind);
}

/** The names of `wanted` that are not there as executable files. */
export async function missingFrom<Name extends string>(dir: string, wanted: readonly Name[]): Promise<readonly Name[]> {
  const missing: Name[] = [];
  for (const name of wanted) {
    const there = await access(join(dir, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!there) missing.push(name);
  }
  return missing;
}

/** Entries that each hold the same programs. */
export interface ProgramCache<Found> {
  /** The programs of a complete entry, or nothing. */
  findEntry(entry: string): Promise<Found | undefined>;
  /**
   * Fills an entry: `fill` puts the programs into the directory it is given. Nothing is left behind where it throws.
   * @throws what `fill` throws.
   */
  addEntry(entry: string, marker: Marker, fill: (dir: string) => Promise<void>): Promise<Found>;
}

/** @param found says where the programs of an entry are. */
export function cacheOf<Found>(names: readonly string[], found: (dir: string) => Found): ProgramCache<Found> {
  const findEntry = async (entry: string): Promise<Found | undefined> => {
    const text = await readFile(join(entry, MARKER), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    let marker: unknown;
    try {
      marker = JSON.parse(text);
    } catch {
      return undefined;
    }
    if (!markerSchema.safeParse(marker).success) return undefined;
    return (await missingFrom(entry, names)).length === 0 ? found(entry) : undefined;
  };

  const publish = async (partial: string, entry: string): Promise<void> => {
    try {
      await rename(partial, entry);
    } catch (error) {
      if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
      if ((await findEntry(entry)) !== undefined) return; // another process was faster
      await rm(entry, { recursive: true, force: true }); // not one of ours, or damaged since
      await rename(partial, entry);
    }
  };

  return {
    findEntry,
    async addEntry(entry, marker, fill) {
      await mkdir(dirname(entry), { recursive: true });
      await removeAbandoned(entry);
      const partial = await mkdtemp(`${entry}.partial-`);
      try {
        await fill(partial);
        const missing = await missingFrom(partial, names);
        if (missing.length > 0) throw new Error(`there was no ${missing.join(', ')} in it`);
        await writeFile(join(partial, MARKER), `${JSON.stringify(marker)}\n`);
        await publish(partial, entry);
        return found(entry);
      } finally {
        await rm(partial, { recursive: true, force: true });
      }
    },
  };
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
