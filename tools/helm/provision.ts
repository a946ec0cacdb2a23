/**
 * Finds helm 4, helm 3 and kubeconform on any machine, the nearest first: on PATH where the version fits, in the project's cache, built with Go. They are needed for the chart's tests and
 * for `deploy/`, and not for running the operator.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { buildPrograms, hasGo, type Run, run } from '../build.ts';
import { cacheOf, cacheRoot } from '../cache.ts';
import { withLock } from '../lock.ts';
import { onPath } from '../on-path.ts';
import { platformName } from '../platform.ts';
import { createProgress, type Progress } from '../progress.ts';
import { messageOf, ProvisionError } from '../provision-error.ts';
import { TOOLS, type Tool } from './versions.ts';

export interface FoundTool {
  readonly path: string;
  readonly source: 'PATH' | 'cache' | 'build';
}

/** All that the search touches; each with the real thing as its default. */
export interface ToolSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly run: Run;
  readonly progress: Progress;
  readonly clock: Clock;
}

/** Where go.mod is. */
const MODULE = fileURLToPath(new URL('.', import.meta.url));

/** @throws ProvisionError, the aborted signal's reason when `signal` ends it. */
export async function findTool(tool: Tool, given: Partial<ToolSurroundings>, signal: AbortSignal): Promise<FoundTool> {
  const progress = given.progress ?? createProgress();
  const here = { env: process.env, platform: platformName(), run, clock: systemClock, ...given, progress };
  const { version, ask, fits } = TOOLS[tool];
  const installed = await onPath(tool, here.env);
  if (installed !== undefined) {
    const { output } = await here.run(installed, ask, MODULE, signal);
    if (fits.test(output)) return { path: installed, source: 'PATH' };
    progress.note(`${installed} is not the ${tool} that is needed (${version} or alike); looking further.`);
  }

  const root = cacheRoot('helm', here.env);
  const entry = join(root, `${tool}-${version}-${here.platform}`);
  const cache = cacheOf([tool], (dir) => join(dir, tool));
  const fromCache = async (): Promise<FoundTool | undefined> => {
    const path = await cache.findEntry(entry);
    return path === undefined ? undefined : { path, source: 'cache' };
  };
  const found = await fromCache();
  if (found !== undefined) return found;

  const build = async (): Promise<FoundTool> => {
    if (!(await hasGo(here.run, signal)))
      throw new ProvisionError(
        `There is no ${tool} on PATH, and no Go to build it with: install ${tool}, or Go 1.26 or newer (https://go.dev/dl).`,
      );
    const { from, versionFlag } = TOOLS[tool];
    const what = { module: MODULE, packages: { [tool]: from }, version: versionFlag };
    try {
      const path = await cache.addEntry(entry, { version, source: 'build' }, (dir) =>
        buildPrograms(what, here.run, dir, progress, signal),
      );
      return { path, source: 'build' };
    } catch (error) {
      signal.throwIfAborted();
      throw new ProvisionError(`The build failed: ${messageOf(error)}. To go on, install ${tool}.`, { cause: error });
    }
  };
  return await withLock(
    join(root, `${tool}-${here.platform}.lock`),
    { clock: here.clock, onWait: () => progress.note(`waiting for another process that is building ${tool}`) },
    // The process that held the lock before may have built it.
    async () => (await fromCache()) ?? (await build()),
    signal,
  );
}
