/**
 * The one place where everything is made and joined: connections, caches, the controller, probes; started in order, stopped in reverse.
 * It decides nothing about users or objects.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createAccounts } from './acronis/account.ts';
import { createDispatcher, createSend } from './acronis/http.ts';
import { conditionReason } from './api/conditions.ts';
import { tenantUserUpsells } from './api/names.ts';
import { projectTenantUserUpsell } from './api/object.ts';
import { systemClock, type Timer } from './clock.ts';
import type { Config } from './config.ts';
import { checkServer } from './kubernetes/check-server.ts';
import type { KubernetesClient } from './kubernetes/client.ts';
import { type Connection, openConnection } from './kubernetes/connection.ts';
import { createEventRecorder } from './kubernetes/events.ts';
import { createKubernetesClient } from './kubernetes/http-client.ts';
import type { Log } from './observability/log.ts';
import type { Check } from './observability/probes.ts';
import { createPrometheus } from './observability/prometheus.ts';
import { startObservabilityServer } from './observability/server.ts';
import { defaultLeaseDurations, elect } from './runtime/leader.ts';
import { WorkQueue } from './runtime/queue.ts';
import { Reflector } from './runtime/reflector.ts';
import { Semaphore } from './runtime/semaphore.ts';
import { createFleet } from './upsell/fleet.ts';
import { createNamespaceStore, namespaces, pollNamespaces, projectNamespace } from './upsell/namespaces.ts';
import { serve } from './upsell/serve.ts';
import { createCredentialSources, type OwnCredentials } from './upsell/sources.ts';
import { connectTriggers } from './upsell/triggers.ts';

export interface OperatorOptions {
  readonly config: Config;
  readonly own: OwnCredentials;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly log: Log;
}

export type OperatorEnd =
  | { readonly kind: 'stopped' }
  /** It could not go on; the sentence says why and what to do. */
  | { readonly kind: 'failed'; readonly message: string };

const product = 'acronis-upsell-operator';
const clock = systemClock;
const random = Math.random;

/**
 * Runs until the signal is aborted, or until it cannot go on.
 * @throws KubeconfigError, ListenError: their messages are for people.
 */
export async function runOperator(options: OperatorOptions, signal: AbortSignal): Promise<OperatorEnd> {
  const { config, env, version, log } = options;
  const connection = openConnection({ kubeconfig: config.kubeconfig, env, clock, log });
  await using end = new AsyncDisposableStack();
  end.defer(() => connection.close());

  const prometheus = createPrometheus({
    clock,
    version,
    controller: 'tenantuserupsell',
    maxConcurrentReconciles: config.concurrency,
    kubernetesHost: new URL(connection.server).host,
    leaderElectionId: config.leaderElectionId,
  });
  const { metrics } = prometheus;
  const client = createKubernetesClient({
    connection,
    clock,
    metrics: metrics.kubernetes,
    userAgent: `${product}/${version}`,
  });

  const fleet = createFleet(log);
  metrics.upsell.countObjects(() => {
    const counts = new Map<string, number>();
    for (const { status } of fleet.values()) {
      const reason = conditionReason(status.conditions);
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    return counts;
  });
  const namespaceStore = createNamespaceStore(log);
  const lists = new Semaphore(1);
  const reflect = { client, clock, random, log, metrics: metrics.controller, lists };
  const scopes =
    config.watchNamespaces.length === 0 ? [{}] : config.watchNamespaces.map((namespace) => ({ namespace }));
  const selector = config.watchSelector === undefined ? {} : { labelSelector: config.watchSelector };
  const objectReflectors = scopes.map(
    (scope) =>
      new Reflector({
        ...reflect,
        ...scope,
        ...selector,
        resource: tenantUserUpsells,
        store: fleet,
        project: projectTenantUserUpsell,
      }),
  );
  const namespaceReflectors =
    config.watchNamespaces.length === 0
      ? [new Reflector({ ...reflect, resource: namespaces, store: namespaceStore, project: projectNamespace })]
      : [];
  const reflectors = [...objectReflectors, ...namespaceReflectors];

  const watching: Check = {
    name: 'watch',
    problem: () => {
      const sick = reflectors.find((each) => !each.healthy);
      return sick === undefined ? undefined : (sick.problem?.message ?? 'the first list is not read to its end yet');
    },
  };
  const server = await startObservabilityServer({
    metricsAddress: config.metricsBindAddress,
    probeAddress: config.healthProbeBindAddress,
    metrics: () => prometheus.page(),
    livez: [{ name: 'ping', problem: () => undefined }],
    readyz: [watching],
  });
  end.defer(() => server.close());
  log.info('started', { version, server: connection.server, configuration: connection.describe });

  const unreachable = await untilReachable(client, connection, log, signal);
  if (unreachable !== undefined) return { kind: 'failed', message: unreachable };
  if (signal.aborted) return { kind: 'stopped' };

  const queue = new WorkQueue({ clock, random, metrics: metrics.queue });
  connectTriggers(fleet, namespaceStore, queue);
  const lifetime = new AbortController();
  const dispatcher = createDispatcher();
  end.defer(() => dispatcher.close());
  end.defer(async () => lifetime.abort(new Error('The operator stops.')));
  const sources = createCredentialSources({
    own: options.own,
    policy: { hosts: config.acronisHosts, insecure: config.allowInsecureAcronis },
    client,
    clock,
    log,
  });
  const accounts = createAccounts({
    send: createSend({ clock, dispatcher, userAgent: `${product}/${version}` }),
    concurrency: config.acronisConcurrency,
    rate: config.acronisRate,
    clock,
    random,
    metrics: metrics.acronis,
    lifetime: lifetime.signal,
  });
  const identity = `${hostname()}_${randomUUID().slice(0, 8)}`;
  const events = createEventRecorder({
    client,
    clock,
    random,
    log,
    metrics: metrics.upsell,
    component: product,
    instance: identity,
  });
  end.defer(() => events.flush(AbortSignal.timeout(2_000)));
  const context = {
    fleet,
    client,
    sources,
    accounts,
    namespaces: namespaceStore,
    requireTenantLabel: config.requireTenantLabel,
    revokeGiveUpAfterMs: config.revokeGiveUpAfter,
    events,
    clock,
    log,
    metrics: metrics.upsell,
  };

  /** Aborted after the workers drained, so that they see the cluster to their end. */
  const watchEnd = new AbortController();
  const watches = [...reflectors.map((each) => each.run(watchEnd.signal))];
  if (config.watchNamespaces.length > 0)
    watches.push(
      pollNamespaces(config.watchNamespaces, { store: namespaceStore, client, clock, log }, watchEnd.signal),
    );
  end.defer(async () => {
    watchEnd.abort(new Error('The operator stops.'));
    await Promise.all(watches);
  });

  const own = await sources.read('', signal);
  if (own.kind !== 'found')
    log.warn('objects without a Secret of their own wait for credentials', { why: own.problem });
  await Promise.race([Promise.all(reflectors.map((each) => each.synced)), aborted(signal)]);
  if (signal.aborted) return { kind: 'stopped' };
  log.info('the cache is filled', { objects: fleet.size });

  const lead = async (leading: AbortSignal): Promise<void> => {
    const hardStop = new AbortController();
    let grace: Timer | undefined;
    leading.addEventListener(
      'abort',
      () => {
        queue.shutDown();
        // Whoever lost the lease must not write any more; whoever is told to stop may finish what is under way.
        if (!signal.aborted) hardStop.abort(leading.reason);
        else grace = clock.after(config.shutdownGrace, () => hardStop.abort(new Error('The grace period is over.')));
      },
      { once: true },
    );
    await serve(
      {
        context,
        queue,
        workers: config.concurrency,
        driftIntervalMs: config.driftInterval,
        resyncIntervalMs: config.resyncInterval,
        controllerMetrics: metrics.controller,
        hardStop: hardStop.signal,
      },
      leading,
    );
    grace?.cancel();
  };

  if (!config.leaderElect) {
    metrics.leading(true);
    await lead(signal);
    return { kind: 'stopped' };
  }
  const election = await elect(
    {
      client,
      namespace: config.leaderElectionNamespace ?? connection.namespace,
      name: config.leaderElectionId,
      identity,
      durations: defaultLeaseDurations,
      clock,
      random,
      log,
      metrics,
    },
    lead,
    signal,
  );
  if (election.kind === 'stopped') return { kind: 'stopped' };
  return {
    kind: 'failed',
    message: `The lease was lost: ${election.why} Another replica takes over; this one starts anew.`,
  };
}

/** Waits until the API server answers. The sentence that says why it never will, where waiting alone does not help. */
async function untilReachable(
  client: KubernetesClient,
  connection: Connection,
  log: Log,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (let waitMs = 1_000; !signal.aborted; waitMs = Math.min(waitMs * 2, 30_000)) {
    try {
      const check = await checkServer(client, connection, signal);
      if (check.kind === 'ok') return undefined;
      if (check.lasting) return check.message;
      log.warn('the API server does not answer; it is tried again', {
        why: check.message,
        againInSeconds: waitMs / 1000,
      });
      await clock.sleep(waitMs * (0.5 + random() / 2), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
  return undefined;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
