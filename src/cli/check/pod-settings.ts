/**
 * In the operator's own pod the settings that count are those of the process that runs there (`kubectl exec … check` starts beside it): what was not
 * given here is as its arguments say.
 */
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { addSettings } from '../../config/config.ts';

/** @param commandLine of process 1, as /proc has it: arguments that end with NUL. @returns the flags of `run`; undefined where it is another program. */
export function flagsOfOperator(commandLine: string): readonly string[] | undefined {
  const [, ...args] = commandLine.split('\0').filter((arg) => arg !== '');
  const script = args.findIndex((arg) => /(^|\/)main\.js$/.test(arg));
  if (script === -1) return undefined;
  const given = args.slice(script + 1);
  if (given[0] === 'run') return given.slice(1);
  return given[0]?.startsWith('--') === false ? undefined : given;
}

/** @returns undefined where this is not the operator's pod. */
export async function podFlags(
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[] | undefined> {
  if (!env['KUBERNETES_SERVICE_HOST'] || process.pid === 1) return undefined;
  const commandLine = await readFile('/proc/1/cmdline', 'utf8').catch(() => '');
  return flagsOfOperator(commandLine);
}

/** Sets what no flag or variable of this command has set. */
export function applyPodFlags(command: Command, flags: readonly string[]): void {
  const operator = addSettings(
    new Command('run')
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .action(() => {}),
  );
  operator.parse(flags, { from: 'user' });
  for (const option of operator.options) {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) === 'cli' || operator.getOptionValueSource(name) !== 'cli') continue;
    command.setOptionValueWithSource(name, operator.getOptionValue(name), 'config');
  }
}
