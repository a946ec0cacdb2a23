/**
 * The Metrics on prom-client, under the names controller-runtime and client-go use where they mean the same, so that people's dashboards work.
 * Series whose labels are known are there from the start, at 0: a rate over a counter that appears with its first increment misses that one.
 */
import { Registry } from 'prom-client';
import type { Clock } from '../../base/clock.ts';
import type { MetricsPage } from '../server/server.ts';
import { accountMetrics } from './account-metrics.ts';
import { type ControllerName, controllerMetrics, queueMetrics, reflectorMetrics } from './controller-metrics.ts';
import type { Metrics } from './interfaces.ts';
import { acronisMetrics, upsellMetrics, wouldWriteCounter } from './operator-metrics.ts';
import { policyMetrics } from './policy-metrics.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { counter, gauge, histogram } from './series.ts';

export interface PrometheusOptions {
  readonly clock: Clock;
  readonly version: string;
  /** Of TenantUserUpsells. */
  readonly upsell: ControllerName;
  /** Of AcronisAccounts. */
  readonly account: ControllerName;
  /** Of TenantUpsellPolicies. */
  readonly policy: ControllerName;
  /** Host and port of the API server: the label `host`, as client-go has it. */
  readonly kubernetesHost: string;
  /** The name of the Lease: the label `name` of the leader's gauge. */
  readonly leaderElectionId: string;
}

export interface Prometheus {
  readonly metrics: Metrics;
  page(): Promise<MetricsPage>;
}

export function createPrometheus(options: PrometheusOptions): Prometheus {
  const registry = new Registry();
  registerProcessMetrics(registry, { name: 'acronis_upsell_operator', version: options.version });
  const leader = gauge(
    registry,
    'leader_election_master_status',
    'Whether this process leads: 1 is master, 0 is backup.',
    ['name'],
  );
  const leads = leader.of(options.leaderElectionId);
  leads.set(0);
  const controllers = controllerMetrics(registry);
  const queues = queueMetrics(registry, options.clock);
  const wouldWrite = wouldWriteCounter(registry);
  return {
    metrics: {
      controller: controllers(options.upsell),
      queue: queues(options.upsell),
      account: {
        controller: controllers(options.account),
        queue: queues(options.account),
        ...accountMetrics(registry),
      },
      policy: {
        controller: controllers(options.policy),
        queue: queues(options.policy),
        ...policyMetrics(registry, options.clock, wouldWrite),
      },
      reflector: reflectorMetrics(registry, options.clock),
      kubernetes: kubernetesMetrics(registry, options.kubernetesHost),
      acronis: acronisMetrics(registry),
      upsell: upsellMetrics(registry, options, wouldWrite),
      leading: (now) => leads.set(now ? 1 : 0),
    },
    page: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

function kubernetesMetrics(registry: Registry, host: string): Metrics['kubernetes'] {
  const total = counter(
    registry,
    'rest_client_requests_total',
    'Number of HTTP requests, partitioned by status code, method, and host.',
    ['code', 'method', 'host'],
  );
  const duration = histogram(
    registry,
    'rest_client_request_duration_seconds',
    'Request latency in seconds, partitioned by verb and host.',
    ['verb', 'host'],
    [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
  );
  return {
    requested(method, code, seconds) {
      total.of(code, method, host).inc();
      duration.of(method, host).observe(seconds);
    },
  };
}
