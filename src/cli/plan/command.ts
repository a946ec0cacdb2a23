/** `plan`: its flags and its help. */
import { type Command, Option } from 'commander';
import { addSomeSettings, type Config, type ReadingConfig, readingFlags } from '../../config/config.ts';
import { type ContextFlag, contextOption } from '../connect/context.ts';
import { type OutputFormat, outputs } from '../output/choices.ts';
import type { CommandLine } from '../program.ts';

export interface PlanOptions
  extends ReadingConfig,
    ContextFlag,
    Pick<Config, 'requireTenantLabel' | 'watchNamespaces' | 'watchSelector'> {
  readonly filename: readonly string[];
  readonly cluster: boolean;
  readonly namespace: string | undefined;
  readonly output: OutputFormat;
}

const flags = [...readingFlags, '--require-tenant-label', '--watch-namespaces', '--watch-selector'];

export function addPlan(program: Command, { terminal, run }: CommandLine): Command {
  const plan = program
    .command('plan')
    .description('say what the operator would do to each object and for each policy, and why; nothing is written')
    .addOption(
      new Option('-f, --filename <path>', 'a file, a directory, or - for standard input; may be given again')
        .default([], 'none')
        .argParser((path: string, before: readonly string[]) => [...before, path]),
    )
    .option('--cluster', 'the objects of the cluster; with -f, the files laid over what is there', false)
    .option('-n, --namespace <name>', "of objects that name none (default: the kubeconfig context's, else default)")
    .addOption(new Option('-o, --output <format>', 'how it is printed').choices(outputs).default('table'));
  return addSomeSettings(plan, flags)
    .addOption(contextOption())
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      `
Exit code: 0 nothing would be written, 2 something would, 1 an object or a policy has an error, or the plan could not be made.

Examples:
  kubectl upsell plan -f upsell.yaml
  kustomize build . | kubectl upsell plan -f - --output markdown
  kubectl upsell plan --cluster
  kubectl upsell plan -f upsell/ --cluster

The API client is read as the operator reads its own: ACRONIS_URL, ACRONIS_CLIENT_ID and ACRONIS_CLIENT_SECRET.`,
    )
    .action((options: PlanOptions) =>
      run(async () => {
        const { runPlan } = await import('./plan.ts');
        return await runPlan(options, terminal);
      }),
    );
}
