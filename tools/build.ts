/** Programs compiled from their own Go modules with the machine's Go: slow once, and the same source that go.sum pins everywhere. */

import { join } from 'node:path';
import { execa } from 'execa';
import type { Progress } from './progress.ts';

/** Runs a program to its end and returns its exit code and output; `missing` where there is no such program. */
export type Run = (
  file: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
) => Promise<{ readonly exitCode: number | 'missing'; readonly output: string }>;

export const run: Run = async (file, args, cwd, signal) => {
  const result = await execa(file, args, { cwd, all: true, stdin: 'ignore', reject: false, cancelSignal: signal });
  signal.throwIfAborted();
  if (result.exitCode === undefined && result.code === 'ENOENT') return { exitCode: 'missing', output: '' };
  return { exitCode: result.exitCode ?? 1, output: result.all };
};

export async function hasGo(run: Run, signal: AbortSignal): Promise<boolean> {
  return (await run('go', ['version'], import.meta.dirname, signal)).exitCode === 0;
}

/** What to build from one go.mod. */
export interface GoBuild {
  /** Where go.mod is. */
  readonly module: string;
  /** The Go package that each program is built from. */
  readonly packages: Readonly<Record<string, string>>;
  /** For the linker: `-X` and a variable that is to hold the version. */
  readonly version: string;
}

/**
 * Builds the programs into `dir`, one after the other: each alone keeps every core busy.
 * @throws Error whose message ends a sentence that begins "The build failed: ".
 */
export async function buildPrograms(
  what: GoBuild,
  run: Run,
  dir: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const flags = ['-trimpath', '-ldflags', `-s -w ${what.version}`];
  const packages = Object.entries(what.packages);
  for (const [index, [name, from]] of packages.entries()) {
    await progress.step(
      `building ${name} ${index + 1}/${packages.length} with Go (minutes, but only once)`,
      async () => {
        const result = await run('go', ['build', ...flags, '-o', join(dir, name), from], what.module, signal);
        if (result.exitCode !== 0) {
          const last = result.output.trim().split('\n').slice(-3).join(' | ');
          throw new Error(`go build ended with ${result.exitCode} for ${name}: ${last}`);
        }
      },
    );
  }
}
