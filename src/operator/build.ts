/**
 * The one place where everything is made and joined: connections, caches, accounts, controllers, probes. Nothing runs yet, and nothing about users or objects
 * is decided here. What is disposed of is closed in the reverse order.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createConnections } from '../acronis/http/connections.ts';
import { createDispatcher, createSend } from '../acronis/http/http.ts';
import { proxyFrom } from '../acronis/http/proxy-settings.ts';
import { readOnly as readOnlySend } from '../acronis/http/read-only.ts';
import { acronisAccounts, tenantUpsellPolicies, tenantUserUpsells } from '../api/names.ts';
import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import { countAccounts } from '../controllers/account/metrics.ts';
import { countPolicies } from '../controllers/policy/metrics.ts';
import { MissingLinks } from '../controllers/upsell/report/missing-links.ts';
import { connectAccountTriggers } from '../controllers/upsell/triggers/account-triggers.ts';
import { connectTriggers } from '../controllers/upsell/triggers/triggers.ts';
import { createAccounts } from '../fleet/accounts/accounts.ts';
import { createLimits, maxConcurrency } from '../fleet/accounts/limits.ts';
import { createBrands } from '../fleet/brands/brands.ts';
import { createWatch } from '../fleet/cache/cache.ts';
import { countByReason, notReadySince } from '../fleet/cache/objects.ts';
import { countOffers } from '../fleet/cache/offers.ts';
import type { OwnCredentials } from '../fleet/credentials/read.ts';
import { createCredentialSources } from '../fleet/credentials/sources.ts';
import { createFlows } from '../fleet/flows.ts';
import { createFailureReports } from '../fleet/status/failure-reports.ts';
import { PrunedFields } from '../fleet/status/pruned-fields.ts';
import type { KubernetesClient } from '../kubernetes/calls/client.ts';
import { createKubernetesClient } from '../kubernetes/calls/http-client.ts';
import { selectorKeys } from '../kubernetes/calls/label-selector.ts';
import { readOnly as readOnlyClient } from '../kubernetes/calls/read-only.ts';
import { createRefusalMonitor } from '../kubernetes/calls/refusal-monitor.ts';
import { openConnection } from '../kubernetes/connection/connection.ts';
import { createEventRecorder } from '../kubernetes/events/recorder.ts';
import { createPrometheus } from '../observability/metrics/prometheus.ts';
import { openTracing } from '../observability/tracing/tracing.ts';
import { createFence } from '../runtime/leaderelection/fence.ts';
import { WorkQueue } from '../runtime/workqueue/queue.ts';
import { accountController, createAccountController, maxAccountReconciles } from './account-controller.ts';
import { createAccountLoops } from './account-loops.ts';
import { createPolicyController, maxPolicyReconciles, policyController } from './policy-controller.ts';
import { createUpsellController } from './upsell-controller.ts';

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
/** Of all objects of one account: a whole fleet that fails at the same moment comes back over minutes, and what people change meanwhile does not wait behind it. */
const retryRate = { perSecond: 100, burst: 1_000 };

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
    upsell: { controller: 'tenantuserupsell', maxConcurrentReconciles: config.concurrency },
    account: { controller: accountController, maxConcurrentReconciles: maxAccountReconciles },
    policy: { controller: policyController, maxConcurrentReconciles: maxPolicyReconciles },
    kubernetesHost: new URL(connection.server).host,
    leaderElectionId: config.leaderElectionId,
  });
  const { metrics } = prometheus;
  const rights = createRefusalMonitor(
    createKubernetesClient({ connection, clock, metrics: metrics.kubernetes, userAgent }),
    clock,
    log,
  );
  const { client } = rights;
  /** All but the lease goes over this one. */
  const working = config.dryRun ? readOnlyClient(client) : client;
  const lease: { problem: string | undefined } = { problem: undefined };
  const watch = createWatch({
    namespaces: config.watchNamespaces,
    labelSelector: config.watchSelector,
    accountNamespace: config.accountNamespace ?? connection.namespace,
    client,
    clock,
    random,
    log,
    metrics: metrics.reflector,
  });
  const { fleet, namespaces, policies, accounts: accountObjects } = watch;
  metrics.upsell.countObjects(() => countByReason(fleet));
  metrics.upsell.countOffers(() => countOffers(fleet));
  metrics.upsell.countUnserved(() => watch.unserved().length);
  metrics.upsell.watchNotReady(() => notReadySince(fleet));
  metrics.account.countAccounts(() => countAccounts(accountObjects.store));
  metrics.policy.countPolicies(() => countPolicies(policies));

  const lifetime = new AbortController();
  end.defer(async () => lifetime.abort(new Error('The operator stops.')));
  const policy = { hosts: config.acronisHosts, insecure: config.allowInsecureAcronis };
  const egress = { privateHosts: config.acronisAllowPrivateHosts, anyAddress: config.allowInsecureAcronis, proxy };
  const sources = createCredentialSources({
    own,
    policy,
    client,
    secretOf: (source) => accountObjects.secretOf(source),
    clock,
    log,
  });
  /** Reconciles in flight give up when it is aborted: a process that lost the lease must not write any more. */
  const hardStop = new AbortController();
  const fence = createFence((why) => hardStop.abort(why));
  const connectAcronis = () => {
    const open = () => createDispatcher(egress, maxConcurrency, clock);
    const connections = createConnections({ open, clock });
    const send = createSend({ clock, connections, userAgent, beforeSend: fence.check });
    return { send: config.dryRun ? readOnlySend(send) : send, close: () => connections.close() };
  };
  const accounts = createAccounts({
    writesOf: (port) => port,
    connect: connectAcronis,
    limitsOf: createLimits({
      accountObjects,
      sources,
      byDefault: { concurrency: config.acronisConcurrency, rate: config.acronisRate },
      clock,
    }),
    clock,
    random,
    metrics: metrics.acronis,
    log,
    lifetime: lifetime.signal,
  });
  end.defer(() => accounts.close());
  metrics.acronis.countOpenCircuits(() => accounts.openCircuits);

  const service = { name: product, version, instance: identity };
  const tracing = await openTracing({ service, log });
  if (tracing.kind === 'wrong') return { kind: 'failed' as const, message: tracing.problem };
  const tracer = tracing.kind === 'on' ? tracing.tracer : undefined;
  end.defer(async () => tracer?.end(AbortSignal.timeout(2_000)));
  const events = createEventRecorder({
    client: working,
    clock,
    random,
    log,
    metrics: metrics.upsell,
    component: product,
    instance: identity,
  });
  end.defer(() => events.flush(AbortSignal.timeout(2_000)));

  const accountLoops = createAccountLoops({
    fleet,
    policies,
    accountObjects,
    sources,
    accounts,
    driftIntervalMs: config.driftInterval,
    clock,
    log,
    metrics: metrics.upsell,
  });
  const brands = createBrands({
    fleet,
    sources,
    accounts,
    intervalMs: config.brandInterval,
    clock,
    lifetime: lifetime.signal,
  });
  const pruned = {
    upsell: new PrunedFields({ resource: tenantUserUpsells, clock, log }),
    account: new PrunedFields({ resource: acronisAccounts, clock, log }),
    policy: new PrunedFields({ resource: tenantUpsellPolicies, clock, log }),
  };
  const flows = createFlows({ objects: fleet, sources, accounts });
  const fenced: KubernetesClient = {
    request: (call, signal) => working.request({ ...call, beforeSend: fence.check }, signal),
    watch: working.watch.bind(working),
  };
  const upsell = createUpsellController({
    context: {
      fleet,
      client: fenced,
      sources,
      accounts,
      accountObjects,
      brands,
      namespaces,
      requireTenantLabel: config.requireTenantLabel,
      revokeGiveUpAfterMs: config.revokeGiveUpAfter,
      events,
      failureReports: createFailureReports({ flowOf: flows.flowOf, clock }),
      pruned: pruned.upsell,
      missingLinks: new MissingLinks(events),
      clock,
      log,
      metrics: metrics.upsell,
    },
    queue: new WorkQueue({
      clock,
      random,
      metrics: metrics.queue,
      maxInFlight: config.concurrency,
      flowOf: flows.flowOf,
      room: flows.roomOf,
      retryRate,
    }),
    triggers: (verifier) => {
      connectTriggers({ fleet, namespaces, accountObjects, queue: verifier });
      connectAccountTriggers({ fleet, namespaces, accountObjects, sources, verifier });
    },
    accountLoops,
    brands,
    brandIntervalMs: config.brandInterval,
    driftIntervalMs: config.driftInterval,
    resyncIntervalMs: config.resyncInterval,
    controllerMetrics: metrics.controller,
    dryRun: config.dryRun,
    tracer,
    hardStop: hardStop.signal,
  });

  const account = createAccountController({
    context: {
      accountObjects,
      sources,
      accounts,
      client: fenced,
      pruned: pruned.account,
      events,
      driftIntervalMs: config.driftInterval,
      clock,
      log,
    },
    namespace: accountObjects.namespace,
    queue: new WorkQueue({
      clock,
      random,
      metrics: metrics.account.queue,
      maxInFlight: maxAccountReconciles,
      flowOf: (key) => key,
    }),
    accountLoops,
    controllerMetrics: metrics.account.controller,
    hardStop: hardStop.signal,
  });

  const policyFlows = createFlows({ objects: policies, sources, accounts });
  const policyRunner = createPolicyController({
    context: {
      policies,
      fleet,
      client: fenced,
      pruned: pruned.policy,
      sources,
      accounts,
      accountObjects,
      namespaces,
      requireTenantLabel: config.requireTenantLabel,
      selectorKeys: config.watchSelector === undefined ? [] : selectorKeys(config.watchSelector),
      resyncIntervalMs: config.resyncInterval,
      events,
      clock,
      log,
      metrics: metrics.policy,
    },
    queue: new WorkQueue({
      clock,
      random,
      metrics: metrics.policy.queue,
      maxInFlight: maxPolicyReconciles,
      flowOf: policyFlows.flowOf,
    }),
    accountLoops,
    controllerMetrics: metrics.policy.controller,
    dryRun: config.dryRun,
    hardStop: hardStop.signal,
  });

  const parts = end.move();
  return {
    kind: 'built' as const,
    clock,
    random,
    identity,
    connection,
    client,
    rights,
    pruned: Object.values(pruned),
    /** What keeps this process from the lease for good, for readiness. */
    lease,
    prometheus,
    watch,
    sources,
    fence,
    hardStop,
    // The health of accounts is nothing but writes.
    controllers: config.dryRun ? [upsell, policyRunner] : [upsell, account, policyRunner],
    loops: accountLoops.loops,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
