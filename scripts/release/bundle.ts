/** The scripts of a bundle: main.js and its chunks, wherever they lie. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from './archive.ts';

/** Each by its path in the directory, with its SHA-256 in hexadecimal; sorted. */
export async function scriptsIn(dir: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.js')).sort();
  const digest = async (name: string) => sha256(await readFile(join(dir, name))).replace('sha256:', '');
  return new Map(await Promise.all(names.map(async (name) => [name, await digest(name)] as const)));
}
