/** Which API client `import` reads with: that of an AcronisAccount, of a Secret, or the operator's own as its variables say. */
import { transformAccount } from '../../api/account/object.ts';
import { acronisAccounts } from '../../api/names.ts';
import { ownCredentials } from '../../config/config.ts';
import { boundedTo } from '../../fleet/accounts/bounded.ts';
import { readOwn, readSecret } from '../../fleet/credentials/read.ts';
import { isNotFound } from '../../kubernetes/calls/errors.ts';
import { pathOf } from '../../kubernetes/calls/resource.ts';
import type { ReadOnlyAccount, ReadOnlyAccounts } from '../connect/accounts.ts';
import type { Cluster } from '../connect/cluster.ts';
import { CommandError } from '../end.ts';
import type { ImportFlags } from './command.ts';

/**
 * @param cluster absent with `--no-cluster`.
 * @throws CommandError, KubernetesError, or the signal's reason.
 */
export async function accountFor(
  flags: ImportFlags,
  namespace: string,
  { accounts, policy }: ReadOnlyAccounts,
  cluster: Cluster | undefined,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<ReadOnlyAccount> {
  if (cluster === undefined && (flags.withAccount !== undefined || flags.withSecret !== undefined))
    throw new CommandError('--with-account and --with-secret are read from the cluster: leave --no-cluster out.', 2);
  if (cluster !== undefined && flags.withAccount !== undefined) {
    const { secret, tenantIDs } = await accountObject(flags.withAccount, flags, cluster, signal);
    const read = await readSecret(secret, { client: cluster.reader, policy, of: "The operator's namespace" }, signal);
    if (read.kind !== 'found') throw new CommandError(read.problem);
    const account = accounts.of(read.credentials);
    return tenantIDs === undefined ? account : boundedTo(tenantIDs, account);
  }
  const read =
    cluster !== undefined && flags.withSecret !== undefined
      ? await readSecret(
          `${namespace}/${flags.withSecret}`,
          { client: cluster.reader, policy, of: 'This namespace' },
          signal,
        )
      : await readOwn(ownCredentials(flags, env), policy);
  if (read.kind === 'found') return accounts.of(read.credentials);
  throw new CommandError(
    read.kind === 'missing' && flags.withSecret === undefined
      ? `${read.problem} Here: set the variables, or name an API client with --with-account or --with-secret.`
      : read.problem,
  );
}

async function accountObject(name: string, flags: ImportFlags, { reader, connection }: Cluster, signal: AbortSignal) {
  const namespace = flags.accountNamespace ?? connection.namespace;
  try {
    const raw = await reader.request({ method: 'GET', path: pathOf(acronisAccounts, { namespace, name }) }, signal);
    const account = transformAccount(raw);
    if (account?.spec.ok !== true)
      throw new CommandError(`The AcronisAccount ${name} cannot be used: ${account?.spec.problem ?? 'it is none'}.`);
    const { credentialsSecretRef, tenantIDs } = account.spec.value;
    return { secret: `${namespace}/${credentialsSecretRef.name}`, tenantIDs };
  } catch (error) {
    if (isNotFound(error))
      throw new CommandError(
        `There is no AcronisAccount ${name} in ${namespace}: correct --with-account, or name the operator's namespace with --account-namespace.`,
      );
    throw error;
  }
}
