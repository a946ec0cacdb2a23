/** `import`: ready-to-apply objects for the users of a tree. What it does is loaded when it runs. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addSomeSettings, type ReadingConfig, readingFlags } from '../../config/config.ts';
import { type ContextFlag, contextOption } from '../connect/context.ts';
import type { CommandLine } from '../program.ts';

export interface ImportFlags extends ReadingConfig, ContextFlag {
  readonly tenant: string;
  /** Empty: whatever the roles are. */
  readonly role: readonly string[];
  readonly namespace: string | undefined;
  readonly by: 'id' | 'login';
  readonly withAccount: string | undefined;
  readonly withSecret: string | undefined;
  readonly policy: boolean;
  readonly pruneReport: boolean;
  readonly output: 'table' | 'json';
  readonly cluster: boolean;
}

export function addImport(program: Command, { terminal, run }: CommandLine): Command {
  const command = program
    .command('import')
    .description('print ready-to-apply objects for the users of a tenant and below')
    .allowExcessArguments(false)
    .requiredOption('--tenant <id>', 'the tenant where the selection begins')
    .option('--role <names>', 'users with one of these roles, or any', rolesOf, ['company_admin'])
    .option('-n, --namespace <name>', "where the objects will be (default: the kubeconfig context's)")
    .addOption(
      new Option('--by <field>', 'how users are named; logins are personal data')
        .choices(['id', 'login'])
        .default('id'),
    )
    .option('--with-account <name>', 'use this AcronisAccount, and have the objects name it')
    .addOption(
      new Option('--with-secret <name>', 'use this Secret of the namespace, and have the objects name it').conflicts(
        'account',
      ),
    )
    .option('--policy', 'print one TenantUpsellPolicy that keeps these objects, in place of them', false)
    .addOption(
      new Option('--prune-report', 'name objects whose user is gone or matches no more; delete nothing')
        .default(false)
        .conflicts('policy'),
    )
    .addOption(
      new Option('-o, --output <format>', 'the format of the report').choices(['table', 'json']).default('table'),
    )
    .option('--no-cluster', 'read no cluster: print objects for users that have one, too')
    .action((flags: ImportFlags) =>
      run(async () => {
        const { importUsers } = await import('./import.ts');
        return await importUsers(flags, terminal);
      }),
    )
    .addHelpText(
      'after',
      `
Users that have an object are left out, so that a second run prints what is new. Nothing is printed unless the list of users was read to its end.

Examples:
  kubectl upsell import --tenant ede9f834-70b3-476c-83d9-736f9f8c7dae -n customers > buyers.yaml
  kubectl upsell import --tenant ede9f834-70b3-476c-83d9-736f9f8c7dae -n customers | kubectl apply --server-side -f -
  kubectl upsell import --tenant ede9f834-70b3-476c-83d9-736f9f8c7dae -n customers --policy
  kubectl upsell import --tenant ede9f834-70b3-476c-83d9-736f9f8c7dae -n customers --prune-report`,
    );
  return addSomeSettings(command, readingFlags).addOption(contextOption());
}

function rolesOf(text: string): readonly string[] {
  if (text === 'any') return [];
  const roles = text.split(',').map((role) => role.trim());
  if (roles.every((role) => /^[a-z][a-z0-9_]*$/.test(role))) return [...new Set(roles)];
  throw new InvalidArgumentError('Write roles as the API has them, such as company_admin,unit_admin, or any.');
}
