/**
 * The one place where everything is made and joined: the cluster, Acronis, controllers, probes. Nothing runs yet, and nothing about users or objects
 * is decided here. What is disposed of is closed in the reverse order.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { proxyFrom } from '../acronis/http/proxy-settings.ts';
import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import type { OwnCredentials } from '../fleet/credentials/read.ts';
import { openConnection } from '../kubernetes/connection/connection.ts';
import { createEventRecorder } from '../kubernetes/events/recorder.ts';
import { createPrometheus } from '../observability/metrics/prometheus.ts';
import { openTracing } from '../observability/tracing/tracing.ts';
import { createFence } from '../runtime/leaderelection/fence.ts';
import { accountController, maxAccountReconciles } from './account-controller.ts';
import { createAcronis } from './parts/acronis.ts';
import { createCluster } from './parts/cluster.ts';
import { createControllers } from './parts/controllers.ts';
import { maxPolicyReconciles, policyController } from './policy-controller.ts';
import { upsellController } from './upsell-controller.ts';

export interface OperatorOptions {
  readonly config: Config;
  readonly own: OwnCredentials;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly log: Log;
}

export type Parts = Exclude<Awaited<ReturnType<typeof build>>, { readonly kind: 'failed' }>;

const product = 'acronis-upsell-operator';
const clock = systemClock;
const random = Math.random;

/** @throws KubeconfigError, ProxySettingsError: their messages are for people. */
export async function build(options: OperatorOptions) {
  const { config, own, env, version, log } = options;
  await using end = new AsyncDisposableStack();
  const userAgent = `${product}/${version}`;
  const identity = `${hostname()}_${randomUUID().slice(0, 8)}`;

  const proxy = proxyFrom(env);
  if (proxy !== undefined)
    log.info('requests to Acronis go through a proxy', { proxy: proxy.name, from: proxy.variable });
  const connection = openConnection({ kubeconfig: config.kubeconfig, env, clock, log });
  end.defer(() => connection.close());
  const prometheus = createPrometheus({
    clock,
    version,
    upsell: { controller: upsellController, maxConcurrentReconciles: config.concurrency },
    account: { controller: accountController, maxConcurrentReconciles: maxAccountReconciles },
    policy: { controller: policyController, maxConcurrentReconciles: maxPolicyReconciles },
    kubernetesHost: new URL(connection.server).host,
    leaderElectionId: config.leaderElectionId,
  });
  const { metrics } = prometheus;

  /** Reconciles in flight give up when it is aborted: a process that lost the lease must not write any more. */
  const hardStop = new AbortController();
  const fence = createFence((why) => hardStop.abort(why));
  const around = { config, userAgent, fence, clock, random, log, metrics };
  const cluster = createCluster({ ...around, connection });
  const acronis = createAcronis({ ...around, cluster, own, proxy });
  end.defer(() => acronis.close());

  const tracing = await openTracing({ service: { name: product, version, instance: identity }, log });
  if (tracing.kind === 'wrong') return { kind: 'failed' as const, message: tracing.problem };
  const tracer = tracing.kind === 'on' ? tracing.tracer : undefined;
  end.defer(async () => tracer?.end(AbortSignal.timeout(2_000)));
  const events = createEventRecorder({
    client: cluster.working,
    clock,
    random,
    log,
    metrics: metrics.upsell,
    component: product,
    instance: identity,
  });
  end.defer(() => events.flush(AbortSignal.timeout(2_000)));
  const { controllers, loops, pruned } = createControllers({
    ...around,
    cluster,
    acronis,
    events,
    tracer,
    hardStop: hardStop.signal,
  });

  /** What keeps this process from the lease for good, for readiness. */
  const lease: { problem: string | undefined } = { problem: undefined };
  const parts = end.move();
  return {
    kind: 'built' as const,
    clock,
    random,
    identity,
    connection,
    client: cluster.client,
    rights: cluster.rights,
    pruned,
    lease,
    prometheus,
    watch: cluster.watch,
    sources: acronis.sources,
    fence,
    hardStop,
    controllers,
    loops,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
