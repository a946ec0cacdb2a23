/**
 * Programs that only tests need, built once with the machine's own Go into the project's cache, from a module of this checkout whose go.sum pins everything.
 * An entry is named after the module's files, so a program is rebuilt when any of them changes. One of the same name on PATH may be of any age, and is not taken.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Clock, systemClock } from '../src/base/clock.ts';
import { buildPrograms, hasGo, type Run, run } from './build.ts';
import { cacheOf, cacheRoot } from './cache.ts';
import { withLock } from './lock.ts';
import { platformName } from './platform.ts';
import { createProgress, type Progress } from './progress.ts';
import { messageOf, ProvisionError } from './provision-error.ts';

export interface GoProgram {
  readonly name: string;
  /** Where go.mod is; the directory's name is that of the cache's folder. */
  readonly module: string;
  /** The Go package, as `.` or one that go.mod names as a tool. */
  readonly from: string;
  /** Build tags, with commas. */
  readonly tags?: string;
}

/** All that the search touches; each with the real thing as its default. */
export interface GoSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly run: Run;
  readonly progress: Progress;
  readonly clock: Clock;
}

/** Where the program is. @throws ProvisionError, the aborted signal's reason when `signal` ends it. */
export async function goProgram(
  { name, module, from, tags }: GoProgram,
  given: Partial<GoSurroundings>,
  signal: AbortSignal,
): Promise<string> {
  const progress = given.progress ?? createProgress();
  const here = { env: process.env, platform: platformName(), run, clock: systemClock, ...given };
  const version = await fingerprint(module);
  const entry = join(cacheRoot('programs', here.env), `${name}-${version}-${here.platform}`);
  const cache = cacheOf([name], (dir) => join(dir, name));
  const build = async (): Promise<string> => {
    if (!(await hasGo(here.run, signal)))
      throw new ProvisionError(
        `There is no ${name}, and no Go to build it with: install Go 1.26 or newer (https://go.dev/dl).`,
      );
    const tagged: Run = (file, [command = '', ...args], cwd, until) =>
      here.run(file, tags === undefined ? [command, ...args] : [command, `-tags=${tags}`, ...args], cwd, until);
    try {
      return await cache.addEntry(entry, { version, source: 'build' }, (dir) =>
        buildPrograms({ module, packages: { [name]: from }, version: '' }, tagged, dir, progress, signal),
      );
    } catch (error) {
      signal.throwIfAborted();
      throw new ProvisionError(`The build failed: ${messageOf(error)}.`, { cause: error });
    }
  };
  return (
    (await cache.findEntry(entry)) ??
    (await withLock(
      `${entry}.lock`,
      { clock: here.clock, onWait: () => progress.note(`waiting for another process that is building ${name}`) },
      // The process that held the lock before may have built it.
      async () => (await cache.findEntry(entry)) ?? (await build()),
      signal,
    ))
  );
}

async function fingerprint(module: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(module, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && /^go\.(mod|sum)$|\.go$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(relative(module, file)).update(await readFile(file));
  return hash.digest('hex').slice(0, 12);
}
