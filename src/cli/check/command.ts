/** `check`: a checklist with remedies, before anything is installed and when something does not work. What it does is loaded when it runs. */
import { type Command, Option } from 'commander';
import { addSettings, type Config } from '../../config/config.ts';
import { type ContextFlag, contextOption } from '../connect/context.ts';
import type { CommandLine } from '../program.ts';

export interface CheckFlags extends Config, ContextFlag {
  readonly operatorNamespace: string | undefined;
  readonly output: 'table' | 'json';
}

/** Settings of the operator that the checklist asks for. Others are taken, so that a line of arguments can be copied, and are not shown. */
const shown: ReadonlySet<string> = new Set([
  '--operator-namespace',
  '--output',
  '--acronis-credentials-dir',
  '--account-namespace',
  '--acronis-hosts',
  '--acronis-allow-private-hosts',
  '--allow-insecure-acronis',
  '--acronis-rate',
  '--drift-interval',
  '--resync-interval',
  '--watch-namespaces',
  '--watch-selector',
  '--leader-election-id',
  '--kubeconfig',
  '--context',
]);

export function addCheck(program: Command, { terminal, run }: CommandLine): Command {
  const check = program
    .command('check')
    .description('check credentials, ways, rights, clock and versions, and say what to do; it changes nothing')
    .allowExcessArguments(false)
    .option('-n, --operator-namespace <name>', 'where the operator is or will be (default: where it is found)')
    .addOption(new Option('-o, --output <format>', 'the format').choices(['table', 'json']).default('table'))
    .action((_: CheckFlags, command: Command) =>
      run(async () => {
        const { runChecks } = await import('./run-checks.ts');
        return await runChecks(command, terminal);
      }),
    )
    .addHelpText(
      'after',
      `
Settings are those of run, with the same variables; in the operator's own pod they are those that it runs with.
It exits with 0 where no line fails, and with 1 where one does.

Examples:
  kubectl upsell check
  kubectl upsell check --output json | jq '.lines[] | select(.result == "fail")'
  kubectl exec -n acronis-system deploy/acronis-upsell-operator -- node dist/main.js check`,
    );
  addSettings(check).addOption(contextOption());
  for (const option of check.options) if (!shown.has(option.long ?? '')) option.hideHelp();
  return check;
}
