/**
 * The checklist, line by line as it is known: first the cluster, then each API client. A line that cannot be checked, since one before it failed, says so. Nothing
 * is written on either side.
 */
import type { Credentials, CredentialsResult } from '../../acronis/credentials.ts';
import type { Send } from '../../acronis/http/http.ts';
import type { ProxySettings } from '../../acronis/http/proxy-settings.ts';
import { conditionReason } from '../../api/conditions.ts';
import type { TenantUserUpsell } from '../../api/object.ts';
import type { Clock } from '../../base/clock.ts';
import { createFleet, type Source, sourceOf } from '../../fleet/cache/objects.ts';
import { forecast } from '../../fleet/forecast.ts';
import type { Cluster } from '../connect/cluster.ts';
import { silentLog } from '../silent.ts';
import {
  type Budget,
  judgeBudget,
  judgeClock,
  judgeCredentials,
  judgeProxy,
  judgeReach,
  judgeReading,
  judgeWriting,
  type ProxyUse,
} from './acronis.ts';
import { judgeCrds, judgeImage, judgeLeader, judgeRights, judgeServer, type Seen } from './cluster.ts';
import { type CheckLine, type Judged, notChecked } from './line.ts';
import { rightsOf } from './rights.ts';
import { seeAcronis } from './see-acronis.ts';
import { type Installed, seeCrds, seeInstalled, seeLease, seeRights, seeServer } from './see-cluster.ts';

/** An API client that is to be checked. */
export interface CheckedAccount {
  /** As people call it: `own`, or the name of the AcronisAccount. */
  readonly name: string;
  readonly source: Source;
  readonly read: () => Promise<CredentialsResult>;
  /** Requests per second; 0 = no limit. */
  readonly rate: number;
}

export interface ChecklistOptions {
  readonly version: string;
  readonly clock: Clock;
  /** What is wrong with the kubeconfig, where it is. */
  readonly cluster: Cluster | { readonly problem: string };
  /** Where to look for the operator first. */
  readonly operatorNamespace: string;
  /** This process runs in the operator's pod. */
  readonly inPod: boolean;
  readonly leaseName: string;
  readonly leaderElect: boolean;
  readonly watchNamespaces: readonly string[];
  readonly intervals: { readonly drift: number; readonly resync: number; readonly brand: number };
  readonly proxy: ProxySettings | undefined;
  /** What is wrong with HTTPS_PROXY, where it is. */
  readonly proxyProblem?: string;
  /** Opens connections of its own for one API client. */
  readonly connect: () => { readonly send: Send; close(): Promise<void> };
  /** @param namespace the operator's. @param cluster undefined where it does not respond. */
  readonly accounts: (
    namespace: string,
    cluster: Cluster | undefined,
    signal: AbortSignal,
  ) => Promise<readonly CheckedAccount[]>;
  readonly objects: (cluster: Cluster, signal: AbortSignal) => Promise<Seen<Iterable<TenantUserUpsell>>>;
}

const unreachable: Seen<never> = { kind: 'failed', why: 'the API server cannot be asked.' };

export async function* checklist(options: ChecklistOptions, signal: AbortSignal): AsyncGenerator<CheckLine, void> {
  const { cluster, version, inPod, clock } = options;
  const line = (id: string, title: string, judged: Judged, account?: string): CheckLine => ({
    id,
    ...(account === undefined ? {} : { account }),
    title,
    ...judged,
  });

  const server = 'problem' in cluster ? cluster : await seeServer(cluster, signal);
  const judgedServer = judgeServer(server);
  yield line('server', 'API server', judgedServer);
  const reached = judgedServer.result === 'pass' && 'reader' in cluster ? cluster : undefined;
  const see = async <T>(read: (from: Cluster) => Promise<Seen<T>>): Promise<Seen<T>> =>
    reached === undefined ? unreachable : await read(reached);

  yield line('crds', 'CRDs', judgeCrds(await see(({ reader }) => seeCrds(reader, signal))));
  const installed: Seen<readonly Installed[]> = inPod
    ? unreachable
    : await see(({ reader }) => seeInstalled(reader, options.operatorNamespace, signal));
  const found = installed.kind === 'seen' ? installed.value[0] : undefined;
  const namespace = found?.namespace ?? options.operatorNamespace;
  const ofOperator = found === undefined ? {} : { serviceAccount: { namespace, name: found.serviceAccount } };
  const { watchNamespaces, leaseName, leaderElect } = options;
  const rights = rightsOf({ watchNamespaces, leaseName, leaderElect });
  const access = { rights, watchNamespaces, operatorNamespace: namespace, inPod };
  yield line(
    'rights',
    'Rights in the cluster',
    judgeRights(
      await see(async (from) => {
        const asked = await seeRights(from, { ...access, ...ofOperator }, signal);
        return asked.kind === 'forbidden' ? await seeRights(from, access, signal) : asked;
      }),
    ),
  );
  if (leaderElect)
    yield line(
      'leader',
      'Leader',
      judgeLeader(
        await see(({ reader }) => seeLease(reader, { namespace, name: leaseName, wall: clock.wall }, signal)),
      ),
    );
  yield line('image', 'Image', judgeImage(installed, version, inPod));

  const accounts = await options.accounts(namespace, reached, signal);
  const fleet = await see((from) => options.objects(from, signal));
  for (const account of accounts) {
    const add = (id: string, title: string, judged: Judged) => line(id, title, judged, account.name);
    const read = await account.read();
    yield add('credentials', 'Credentials', judgeCredentials(read, accounts.length - 1));
    if (read.kind !== 'found') continue;
    if (options.proxyProblem !== undefined) {
      yield add('proxy', 'Way to Acronis', { result: 'fail', says: options.proxyProblem });
      continue;
    }
    yield add('proxy', 'Way to Acronis', judgeProxy(proxyUse(read.credentials, options.proxy)));
    const objects =
      fleet.kind === 'seen' ? [...fleet.value].filter((object) => sourceOf(object) === account.source) : undefined;
    yield* ofClient(read.credentials, account, objects, options, add, signal);
  }
}

async function* ofClient(
  credentials: Credentials,
  { rate }: CheckedAccount,
  objects: readonly TenantUserUpsell[] | undefined,
  options: ChecklistOptions,
  add: (id: string, title: string, judged: Judged) => CheckLine,
  signal: AbortSignal,
): AsyncGenerator<CheckLine, void> {
  const connection = options.connect();
  try {
    const evidence = await seeAcronis(credentials, { send: connection.send, clock: options.clock }, signal);
    yield add('reach', 'Acronis responds', judgeReach(evidence.root));
    yield add('read', 'Right to read users', judgeReading(evidence.feed));
    const count = (is: (object: TenantUserUpsell) => boolean): number => (objects ?? []).filter(is).length;
    const writing = {
      roles: evidence.roles,
      assigned: count(({ status }) => status.assigned !== undefined),
      denied: count(({ status }) => conditionReason(status.conditions) === 'AccessDenied'),
    };
    yield add('write', 'Right to change users', judgeWriting(writing));
    yield add(
      'clock',
      'Clock',
      evidence.feed.kind === 'served'
        ? judgeClock(evidence.skew)
        : notChecked('Acronis did not say its time.', 'Correct that first.'),
    );
    yield add('budget', 'Requests an hour', judgeBudget(await budgetOf(objects, rate, options)));
  } finally {
    await connection.close();
  }
}

async function budgetOf(
  objects: readonly TenantUserUpsell[] | undefined,
  rate: number,
  { intervals }: ChecklistOptions,
): Promise<Budget | undefined> {
  if (objects === undefined) return undefined;
  const fleet = createFleet(silentLog);
  fleet.replace(objects);
  const tenants = new Set(objects.flatMap(({ status }) => status.tenantID ?? [])).size;
  const perHour = await forecast({
    fleet,
    accounts: 1,
    driftIntervalMs: intervals.drift,
    resyncIntervalMs: intervals.resync,
    brandIntervalMs: intervals.brand,
    // At most: a hundred tenants are read together, one more for each that has a branding of its own, and two a minute.
    requestsPerInterval: Math.min(Math.ceil(tenants / 100) + tenants, (2 * intervals.brand) / 60_000),
  });
  return { perHour, objects: objects.length, rate };
}

function proxyUse({ url }: Credentials, proxy: ProxySettings | undefined): ProxyUse {
  const { hostname, port, protocol } = new URL(url);
  if (proxy === undefined) return { host: hostname, direct: true };
  const direct = protocol !== 'https:' || proxy.direct(hostname.replace(/^\[(.*)\]$/, '$1'), Number(port || 443));
  return { host: hostname, proxy: { name: proxy.name, variable: proxy.variable }, direct };
}
