/** `run`, the default: the operator itself. Its parts are loaded when it starts, so that `--help` waits for none of them. */
import type { Command } from 'commander';
import { addSettings, type Config, settingsHelp } from '../../config/config.ts';
import type { CommandLine } from '../program.ts';

export function addRun(program: Command, { terminal, isDefault }: CommandLine): Command {
  const run = program
    .command('run', { isDefault })
    .description('serve the objects of a cluster')
    .allowExcessArguments(false)
    .action(async (config: Config) => {
      const { runUntilStopped } = await import('./operator.ts');
      // Whatever is still in flight holds no process that has ended: a write after a lost lease above all, or a trace to a collector that hangs.
      process.exit(await runUntilStopped(config, terminal.version));
    });
  return addSettings(run).addHelpText('after', `\n${settingsHelp}`);
}
