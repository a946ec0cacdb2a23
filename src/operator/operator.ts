/**
 * The one place where everything is made and joined: connections, caches, the controller, probes; started in order, stopped in reverse.
 * It decides nothing about users or objects.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createConnections } from '../acronis/http/connections.ts';
import { createDispatcher, createSend } from '../acronis/http/http.ts';
import { systemClock, type Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import { judgeOf } from '../controllers/upsell/settled.ts';
import { connectTriggers } from '../controllers/upsell/triggers.ts';
import { createAccounts } from '../fleet/accounts/accounts.ts';
import { createWatch } from '../fleet/cache.ts';
import type { OwnCredentials } from '../fleet/credentials/read.ts';
import { createCredentialSources } from '../fleet/credentials/sources.ts';
import { createFlows } from '../fleet/flows.ts';
import { countByReason, notReadySince } from '../fleet/objects.ts';
import { createVerifier } from '../fleet/verifier.ts';
import { untilReachable } from '../kubernetes/calls/check-server.ts';
import { createKubernetesClient } from '../kubernetes/calls/http-client.ts';
import { openConnection } from '../kubernetes/connection/connection.ts';
import { createEventRecorder } from '../kubernetes/events/recorder.ts';
import { createPrometheus } from '../observability/metrics/prometheus.ts';
import { startObservabilityServer } from '../observability/server/server.ts';
import { openTracing } from '../observability/tracing/tracing.ts';
import { defaultLeaseDurations, elect, type Hold, LeaseLost } from '../runtime/leaderelection/elector.ts';
import { createFence } from '../runtime/leaderelection/fence.ts';
import { WorkQueue } from '../runtime/workqueue/queue.ts';
import { runLeader } from './run-leader.ts';

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
/** Of all objects of one account: a whole fleet that fails at the same moment comes back over minutes, and what people change meanwhile does not wait behind it. */
const retryRate = { perSecond: 100, burst: 1_000 };

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

  const watch = createWatch({
    namespaces: config.watchNamespaces,
    labelSelector: config.watchSelector,
    client,
    clock,
    random,
    log,
    metrics: metrics.controller,
  });
  const { fleet, namespaces } = watch;
  metrics.upsell.countObjects(() => countByReason(fleet));
  metrics.upsell.watchNotReady(() => notReadySince(fleet));
  const server = await startObservabilityServer({
    metricsAddress: config.metricsBindAddress,
    probeAddress: config.healthProbeBindAddress,
    metrics: () => prometheus.page(),
    livez: [{ name: 'ping', problem: () => undefined }],
    readyz: [{ name: 'watch', problem: () => watch.problem() }],
  });
  end.defer(() => server.close());
  log.info('started', { version, server: connection.server, configuration: connection.describe });

  const unreachable = await untilReachable({ client, connection, clock, random, log }, signal);
  if (unreachable !== undefined) return { kind: 'failed', message: unreachable };
  if (signal.aborted) return { kind: 'stopped' };

  const lifetime = new AbortController();
  end.defer(async () => lifetime.abort(new Error('The operator stops.')));
  const sources = createCredentialSources({
    own: options.own,
    policy: { hosts: config.acronisHosts, insecure: config.allowInsecureAcronis },
    client,
    clock,
    log,
  });
  /** Reconciles under way give up when it is aborted: whoever lost the lease must not write any more. */
  const hardStop = new AbortController();
  const fence = createFence((why) => hardStop.abort(why));
  const connectAcronis = () => {
    const open = () => createDispatcher({ anyAddress: config.allowInsecureAcronis }, config.acronisConcurrency);
    const connections = createConnections({ open, clock });
    const send = fence.before(createSend({ clock, connections, userAgent: `${product}/${version}` }));
    return { send, close: () => connections.close() };
  };
  const accounts = createAccounts({
    connect: connectAcronis,
    concurrency: config.acronisConcurrency,
    rate: config.acronisRate,
    clock,
    random,
    metrics: metrics.acronis,
    log,
    lifetime: lifetime.signal,
  });
  const flows = createFlows({ fleet, sources, accounts });
  const queue = new WorkQueue({
    clock,
    random,
    metrics: metrics.queue,
    maxInFlight: config.concurrency,
    flowOf: flows.flowOf,
    room: flows.roomOf,
    retryRate,
  });
  end.defer(() => accounts.close());
  metrics.acronis.countOpenCircuits(() => accounts.openCircuits);
  const identity = `${hostname()}_${randomUUID().slice(0, 8)}`;
  const tracing = await openTracing({ service: { name: product, version, instance: identity }, log });
  if (tracing.kind === 'wrong') return { kind: 'failed', message: tracing.problem };
  const tracer = tracing.kind === 'on' ? tracing.tracer : undefined;
  end.defer(async () => tracer?.end(AbortSignal.timeout(2_000)));
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
    client: {
      request: fence.before(client.request.bind(client)),
      watch: client.watch.bind(client),
    },
    sources,
    accounts,
    namespaces,
    requireTenantLabel: config.requireTenantLabel,
    revokeGiveUpAfterMs: config.revokeGiveUpAfter,
    events,
    clock,
    log,
    metrics: metrics.upsell,
  };

  const verifier = createVerifier({ ...context, judge: judgeOf(context), queue });

  /** Aborted after the workers drained, so that they see the cluster to their end. */
  const watchEnd = new AbortController();
  const watching = watch.run(watchEnd.signal);
  end.defer(async () => {
    watchEnd.abort(new Error('The operator stops.'));
    await watching;
  });

  const own = await sources.read('', signal);
  if (own.kind !== 'found')
    log.warn('objects without a Secret of their own wait for credentials', { why: own.problem });
  await Promise.race([watch.synced, aborted(signal)]);
  if (signal.aborted) return { kind: 'stopped' };
  log.info('the cache is filled', { objects: fleet.size });

  const lead = async (leading: AbortSignal, holds?: Hold): Promise<void> => {
    if (holds !== undefined) fence.guard(holds);
    connectTriggers(fleet, namespaces, verifier);
    let grace: Timer | undefined;
    leading.addEventListener(
      'abort',
      () => {
        queue.shutDown();
        // Whoever is told to stop may finish what is under way.
        if (!signal.aborted) hardStop.abort(leading.reason);
        else grace = clock.after(config.shutdownGrace, () => hardStop.abort(new Error('The grace period is over.')));
      },
      { once: true },
    );
    await runLeader(
      {
        context,
        queue,
        verifier,
        driftIntervalMs: config.driftInterval,
        resyncIntervalMs: config.resyncInterval,
        controllerMetrics: metrics.controller,
        tracer,
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
  // It may have been lost while what was under way when the process was told to stop was still being finished.
  hardStop.abort(new LeaseLost(election.why));
  return {
    kind: 'failed',
    message: `The lease was lost: ${election.why} Another replica takes over; this one starts anew.`,
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
