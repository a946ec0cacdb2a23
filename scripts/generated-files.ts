/** Files that a script makes: written, or with `--check` only compared. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface GeneratedFiles {
  /** What the paths begin with. */
  readonly root: string;
  /** Text by path. */
  readonly files: ReadonlyMap<string, string>;
  /** Directories that hold nothing else: what is in them and not generated is removed. */
  readonly ownedDirectories?: readonly string[];
}

/** Writes what differs, and removes what is not made any more. Returns the paths of what it changed or, with `check`, would have changed. */
export async function writeOrCheck(
  { root, files, ownedDirectories = [] }: GeneratedFiles,
  check: boolean,
): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const [path, text] of files) {
    const file = join(root, path);
    if ((await readFile(file, 'utf8').catch(() => undefined)) === text) continue;
    changed.push(path);
    if (check) continue;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  for (const directory of ownedDirectories) {
    const found = await readdir(join(root, directory), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of found) {
      const path = join(entry.parentPath, entry.name).slice(join(root, '/').length);
      if (!entry.isFile() || files.has(path)) continue;
      changed.push(path);
      if (!check) await rm(join(root, path));
    }
  }
  return changed;
}

/** What a script prints at its end: with `--check` a difference is a failure that names the remedy. */
export function report(changed: readonly string[], check: boolean, remedy: string): void {
  if (changed.length === 0) return;
  if (!check) {
    console.log(`written: ${changed.join(', ')}`);
    return;
  }
  console.error(`Not current: ${changed.join(', ')}. Run \`${remedy}\` and commit the result.`);
  process.exitCode = 1;
}
