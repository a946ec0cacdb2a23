/**
 * The commands of this program. What each of them does is loaded when it runs: `--help` and completion wait for flags alone. Each ends with the exit code that its
 * own help names, and Ctrl-C ends all but `run` immediately.
 */
import { Command, CommanderError } from 'commander';
import { settingsHelp } from '../config/config.ts';
import { addCheck } from './check/command.ts';
import { addCompletion } from './completion/command.ts';
import { endOf } from './end.ts';
import { addImport } from './import/command.ts';
import { addPlan } from './plan/command.ts';
import { addRun } from './run/command.ts';
import { addStatus } from './status/command.ts';
import { clearLine } from './terminal/progress.ts';
import type { Terminal } from './terminal/terminal.ts';

export interface CommandLine {
  readonly terminal: Terminal;
  /** Whether `run` is what is meant where no command is given. */
  readonly isDefault: boolean;
  /** Runs the body of a command that only reads. What it returns, or the error for people that it throws, is the exit code. */
  run(body: () => Promise<number>): Promise<void>;
}

/** Adds one command to the program: its flags and its help. */
export type AddCommand = (program: Command, line: CommandLine) => Command;

/** In the order of `--help`. */
const commands: readonly AddCommand[] = [addRun, addPlan, addImport, addCheck, addStatus, addCompletion];

/** As a plugin of kubectl it is a program for people, and starts no operator by itself. */
export const pluginName = 'kubectl-upsell';

/** @returns the exit code. */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const line: CommandLine = {
    terminal,
    isDefault: terminal.program !== pluginName,
    async run(body) {
      endAtOnce(terminal);
      exitCode = await endOf(body, terminal);
    },
  };
  const program = createProgram(line);
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    // commander has printed its one sentence, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

export function createProgram(line: CommandLine): Command {
  const { version, program: name } = line.terminal;
  const program = new Command(name === pluginName ? 'kubectl upsell' : name)
    .description('Keeps users of Acronis Cyber Protect Cloud marked as buyers, as TenantUserUpsell objects say.')
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: false });
  for (const add of commands) add(program, line).exitOverride();
  if (line.isDefault) {
    const run = program.commands.find((each) => each.name() === 'run');
    program.addHelpText('after', () => `\n${run?.helpInformation() ?? ''}\n${settingsHelp}`);
  }
  return program;
}

/** Also where this is process 1 of a container, for which the default of a signal is to be ignored. */
function endAtOnce(terminal: Terminal): void {
  const end = (exitCode: number) => () => {
    const { err } = terminal;
    // The line of a progress, and the ^C on it. A terminal has taken it when this returns.
    if (err.isTerminal) void err.write(clearLine).catch(() => {});
    process.exit(exitCode);
  };
  process.once('SIGINT', end(130));
  process.once('SIGTERM', end(143));
}
