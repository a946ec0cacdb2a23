/**
 * How a command ends: 0 is its success, 1 an error that one sentence explains, 2 a wrong flag or (for `plan`) changes, 141 a reader that went away, as a shell has
 * it for SIGPIPE. Nothing but a mistake of ours prints a stack.
 */
import { CommanderError } from 'commander';
import { ClosedPipe, type Terminal } from './terminal/terminal.ts';

/** It cannot be done. The message is one sentence that says why, and one that says what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const closedPipeCode = 141;

/** Errors whose messages are for people, by name: their classes are not loaded for `--help`. */
const forPeople: ReadonlySet<string> = new Set(['KubeconfigError', 'KubernetesError', 'AcronisError']);
const wrongSetting: ReadonlySet<string> = new Set(['ProxySettingsError']);

/** @returns the exit code. @throws what is a mistake of ours. */
export async function endOf(body: () => Promise<number>, { err }: Pick<Terminal, 'err'>): Promise<number> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof ClosedPipe) return closedPipeCode;
    const code = codeOf(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    await err.write(`${err.style('red', 'error:')} ${error.message}\n`).catch(() => {});
    return code;
  }
}

function codeOf(error: unknown): number | undefined {
  if (error instanceof CommandError) return error.exitCode;
  if (error instanceof CommanderError) return 2;
  if (!(error instanceof Error)) return undefined;
  if (wrongSetting.has(error.name)) return 2;
  return forPeople.has(error.name) ? 1 : undefined;
}
