/** `status`: the fleet in one screen, once or as it changes. What it does is loaded when it runs. */
import { type Command, Option } from 'commander';
import { addSomeSettings } from '../../config/config.ts';
import { type ContextFlag, contextOption } from '../connect/context.ts';
import type { CommandLine } from '../program.ts';

export interface StatusFlags extends ContextFlag {
  readonly namespace: string | undefined;
  readonly selector: string | undefined;
  readonly watch: boolean;
  readonly output: 'table' | 'json' | 'yaml';
  readonly kubeconfig: string | undefined;
}

export function addStatus(program: Command, { terminal, run }: CommandLine): Command {
  const status = program
    .command('status')
    .description('show the fleet in one screen: who is Ready, what is offered, who is no buyer and why')
    .allowExcessArguments(false)
    .option('-n, --namespace <name>', 'only the objects of this namespace (default: all)')
    .option('-l, --selector <labels>', 'only objects with these labels')
    .option('-w, --watch', 'show it again at every change, until Ctrl-C', false)
    .addOption(new Option('-o, --output <format>', 'the format').choices(['table', 'json', 'yaml']).default('table'))
    .action((flags: StatusFlags) =>
      run(async () => {
        const { showStatus } = await import('./show.ts');
        return await showStatus(flags, terminal);
      }),
    )
    .addHelpText(
      'after',
      `
It exits with 0, whatever the fleet is like, and with 1 where the cluster cannot be read.

Examples:
  kubectl upsell status
  kubectl upsell status --watch --namespace customers
  kubectl upsell status --output json | jq '.noBuyers[] | .namespace + "/" + .name + ": " + .reason'`,
    );
  return addSomeSettings(status, ['--kubeconfig']).addOption(contextOption());
}
