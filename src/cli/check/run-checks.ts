/** Makes the checklist's parts of this process's settings, and prints its lines: one after the other on a terminal, whole as JSON. */
import type { Command } from 'commander';
import { ProxySettingsError, proxyFrom } from '../../acronis/http/proxy-settings.ts';
import { transformAccount } from '../../api/account/object.ts';
import { acronisAccounts, tenantUserUpsells } from '../../api/names.ts';
import { type TenantUserUpsell, transformTenantUserUpsell } from '../../api/object.ts';
import { ownCredentials } from '../../config/config.ts';
import { accountSource, ownSource } from '../../fleet/cache/objects.ts';
import { readOwn, readSecret } from '../../fleet/credentials/read.ts';
import { isForbidden, isNotFound, KubernetesError } from '../../kubernetes/calls/errors.ts';
import { KubeconfigError } from '../../kubernetes/connection/kubeconfig/file.ts';
import { connectReadOnly } from '../connect/accounts.ts';
import { type Cluster, openCluster } from '../connect/cluster.ts';
import { listObjects } from '../connect/list.ts';
import { asJson } from '../output/formats.ts';
import { silentLog } from '../silent.ts';
import { createProgress } from '../terminal/progress.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type CheckedAccount, checklist } from './checklist.ts';
import type { Seen } from './cluster.ts';
import type { CheckFlags } from './command.ts';
import { type CheckLine, type Checklist, type CheckResult, exitCodeOf } from './line.ts';
import { applyPodFlags, podFlags } from './pod-settings.ts';

/** Where chart and manifests put it if nothing else is said. */
const usualNamespace = 'acronis-system';

/** @throws CommanderError, ClosedPipe. */
export async function runChecks(command: Command, terminal: Terminal): Promise<number> {
  const { env, clock, signal, version } = terminal;
  const ofPod = await podFlags(env);
  if (ofPod !== undefined) applyPodFlags(command, ofPod);
  const flags = command.opts<CheckFlags>();
  const userAgent = `kubectl-upsell/${version}`;
  const opened = openOrSay({ ...flags, env, userAgent, clock, log: silentLog });
  await using end = new AsyncDisposableStack();
  if ('reader' in opened) end.use(opened);
  const proxy = proxyOrSay(env);
  const inPod = ofPod !== undefined;
  const own = 'reader' in opened && inPod ? opened.connection.namespace : usualNamespace;
  const operatorNamespace = flags.operatorNamespace ?? flags.leaderElectionNamespace ?? own;

  const lines: CheckLine[] = [];
  const list = checklist(
    {
      version,
      clock,
      cluster: opened,
      operatorNamespace,
      inPod,
      leaseName: flags.leaderElectionId,
      leaderElect: flags.leaderElect,
      watchNamespaces: flags.watchNamespaces,
      intervals: { drift: flags.driftInterval, resync: flags.resyncInterval, brand: flags.brandInterval },
      proxy: typeof proxy === 'string' ? undefined : proxy,
      ...(typeof proxy === 'string' ? { proxyProblem: proxy } : {}),
      connect: () =>
        connectReadOnly({ config: flags, userAgent, clock }, typeof proxy === 'string' ? undefined : proxy),
      accounts: (namespace, cluster, until) => accountsOf(flags, env, namespace, cluster, until),
      objects: (cluster, until) => objectsOf(flags, cluster, until),
    },
    signal,
  );
  using progress = createProgress(terminal);
  progress.show('Checking');
  for await (const line of list) {
    progress.end();
    lines.push(line);
    if (flags.output === 'table') await terminal.out.write(textOf(line, terminal));
    progress.show('Checking', lines.length);
  }
  progress.end();
  const checked: Checklist = { version, result: worstOf(lines), lines };
  if (flags.output === 'json') await terminal.out.write(asJson(checked));
  else await terminal.out.write(`\n${summaryOf(lines)}\n`);
  return exitCodeOf(lines);
}

function openOrSay(options: Parameters<typeof openCluster>[0]): Cluster | { readonly problem: string } {
  try {
    return openCluster(options);
  } catch (error) {
    if (error instanceof KubeconfigError) return { problem: error.message };
    throw error;
  }
}

function proxyOrSay(env: Terminal['env']): ReturnType<typeof proxyFrom> | string {
  try {
    return proxyFrom(env);
  } catch (error) {
    if (error instanceof ProxySettingsError) return error.message;
    throw error;
  }
}

/** The operator's own API client, and that of each AcronisAccount that may be seen. */
async function accountsOf(
  flags: CheckFlags,
  env: Terminal['env'],
  operatorNamespace: string,
  cluster: Cluster | undefined,
  signal: AbortSignal,
): Promise<readonly CheckedAccount[]> {
  const policy = { hosts: flags.acronisHosts, insecure: flags.allowInsecureAcronis };
  const credentials = ownCredentials(flags, env);
  const own: CheckedAccount = {
    name: "the operator's own",
    source: ownSource,
    read: () => readOwn(credentials, policy),
    rate: flags.acronisRate,
  };
  if (cluster === undefined) return [own];
  const namespace = flags.accountNamespace ?? operatorNamespace;
  const listed: CheckedAccount[] = [];
  try {
    for await (const raw of listObjects(cluster.reader, acronisAccounts, { namespace }, signal)) {
      const account = transformAccount(raw);
      if (account === undefined) continue;
      const { name, spec } = account;
      listed.push({
        name: `AcronisAccount ${name}`,
        source: accountSource(name),
        rate: (spec.ok ? spec.value.ratePerSecond : undefined) ?? flags.acronisRate,
        async read() {
          if (!spec.ok) return { kind: 'missing', problem: `${spec.problem}. Correct the object.` };
          const secret = `${namespace}/${spec.value.credentialsSecretRef.name}`;
          const of = "The operator's namespace" as const;
          return await readSecret(secret, { client: cluster.reader, policy, of }, signal).catch((error: unknown) => {
            if (!(error instanceof KubernetesError)) throw error;
            return { kind: 'missing' as const, problem: `Its Secret cannot be read: ${error.message}. Run it again.` };
          });
        },
      });
    }
  } catch (error) {
    // What keeps them from being seen is said by the lines of the cluster.
    if (!(error instanceof KubernetesError)) throw error;
  }
  return [own, ...listed];
}

async function objectsOf(
  { watchNamespaces, watchSelector }: CheckFlags,
  { reader }: Cluster,
  signal: AbortSignal,
): Promise<Seen<Iterable<TenantUserUpsell>>> {
  const scopes = watchNamespaces.length === 0 ? [{}] : watchNamespaces.map((namespace) => ({ namespace }));
  const selector = watchSelector === undefined ? {} : { labelSelector: watchSelector };
  const found: TenantUserUpsell[] = [];
  try {
    for (const scope of scopes)
      for await (const raw of listObjects(reader, tenantUserUpsells, { ...scope, ...selector }, signal)) {
        const object = transformTenantUserUpsell(raw);
        if (object !== undefined) found.push(object);
      }
    return { kind: 'seen', value: found };
  } catch (error) {
    if (isNotFound(error)) return { kind: 'seen', value: [] };
    if (isForbidden(error)) return { kind: 'forbidden', what: 'list TenantUserUpsells' };
    if (error instanceof KubernetesError) return { kind: 'failed', why: `${error.message}.` };
    throw error;
  }
}

const styles = { pass: 'green', warn: 'yellow', fail: 'red' } as const satisfies Record<CheckResult, string>;
const titleWidth = 22;

/** A line, with the remedy below it. */
function textOf({ result, title, account, says, remedy }: CheckLine, { out }: Terminal): string {
  const of = account === undefined ? '' : `${account}: `;
  const indent = ' '.repeat(result.length + 2 + titleWidth + 2);
  const text = `${out.style(styles[result], result)}  ${out.style('bold', title.padEnd(titleWidth))}  ${of}${says}\n`;
  return remedy === undefined ? text : `${text}${indent}${remedy}\n`;
}

function summaryOf(lines: readonly CheckLine[]): string {
  const count = (result: CheckResult) => lines.filter((line) => line.result === result).length;
  const [warned, failed] = [count('warn'), count('fail')];
  return `${lines.length} checked: ${count('pass')} pass, ${warned} warn, ${failed} ${failed === 1 ? 'fails' : 'fail'}`;
}

const worstOf = (lines: readonly CheckLine[]): CheckResult =>
  lines.some(({ result }) => result === 'fail')
    ? 'fail'
    : lines.some(({ result }) => result === 'warn')
      ? 'warn'
      : 'pass';
