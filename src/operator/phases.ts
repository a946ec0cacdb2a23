/**
 * The life of the operator: servers → caches → lease → controllers, and the same backwards when it is to stop. A process that is stopped drains the reconciles
 * in flight for as long as its grace period; one that lost its lease gives them up immediately.
 */
import type { Timer } from '../base/clock.ts';
import type { Unserved } from '../fleet/cache/cache.ts';
import type { PrunedFields } from '../fleet/status/pruned-fields.ts';
import { untilReachable } from '../kubernetes/calls/check-server.ts';
import { startObservabilityServer } from '../observability/server/server.ts';
import { defaultLeaseDurations, elect, type Hold, LeaseLost } from '../runtime/leaderelection/elector.ts';
import { needsPerson } from '../runtime/leaderelection/problem.ts';
import { build, type OperatorOptions, type Parts } from './build.ts';
import { runAll } from './loops.ts';

export type OperatorEnd =
  | { readonly kind: 'stopped' }
  /** Fatal; the sentence says why and what to do. */
  | { readonly kind: 'failed'; readonly message: string };

const stopped: OperatorEnd = { kind: 'stopped' };

/**
 * Runs until the signal is aborted, or until something is fatal.
 * @throws KubeconfigError, ProxySettingsError, ListenError: their messages are for people.
 */
export async function runOperator(options: OperatorOptions, signal: AbortSignal): Promise<OperatorEnd> {
  const { config, version, log } = options;
  await using servers = new AsyncDisposableStack();
  const built = await build(options);
  if (built.kind === 'failed') return built;
  await using parts = built;
  await using caches = new AsyncDisposableStack();

  const server = await startServers(options, parts);
  servers.defer(() => server.close());
  const { connection } = parts;
  if (config.dryRun) log.info('dry run: nothing is written but the lease');
  log.info('started', { version, server: connection.server, configuration: connection.describe });
  const unreachable = await untilReachable({ ...parts, log }, signal);
  if (unreachable !== undefined) return { kind: 'failed', message: unreachable };
  if (signal.aborted) return stopped;

  const watchEnd = new AbortController();
  const watching = parts.watch.run(watchEnd.signal);
  // After the controllers were drained, so that they see the cluster to their end.
  caches.defer(async () => {
    watchEnd.abort(new Error('The operator stops.'));
    await watching;
  });
  if (!(await cachesSynced(options, parts, signal))) return stopped;

  return await runLease(options, parts, signal);
}

const startServers = ({ config }: OperatorOptions, { prometheus, watch, rights, pruned, lease }: Parts) =>
  startObservabilityServer({
    metricsAddress: config.metricsBindAddress,
    probeAddress: config.healthProbeBindAddress,
    metrics: () => prometheus.page(),
    livez: [{ name: 'ping', problem: () => undefined }],
    readyz: [
      { name: 'watch', problem: () => watch.problem(), note: () => describeUnserved(watch.unserved()) },
      { name: 'accounts', problem: () => undefined, note: () => watch.accountsProblem() },
      { name: 'policies', problem: () => undefined, note: () => watch.policiesProblem() },
      { name: 'rights', problem: () => rights.problem() },
      { name: 'crd', problem: () => undefined, note: () => describePruned(pruned) },
      { name: 'lease', problem: () => lease.problem },
    ],
  });

const describeUnserved = (unserved: readonly Unserved[]): string | undefined =>
  unserved.length === 0
    ? undefined
    : unserved.map(({ namespace, why }) => `namespace ${namespace} is not served: ${why}`).join(' ');

const describePruned = (kinds: readonly PrunedFields[]): string | undefined => {
  const notes = kinds.flatMap(({ note }) => note ?? []);
  return notes.length === 0 ? undefined : notes.join('; ');
};

/** @returns false where the operator is to stop before they are. */
async function cachesSynced({ log }: OperatorOptions, parts: Parts, signal: AbortSignal): Promise<boolean> {
  const own = await parts.sources.read('', signal);
  if (own.kind !== 'found')
    log.warn('objects without a Secret of their own wait for credentials', { why: own.problem });
  await Promise.race([parts.watch.synced, aborted(signal)]);
  if (signal.aborted) return false;
  for (const { namespace, why } of parts.watch.unserved())
    log.warn('a listed namespace is not served; the others are', { namespace, why });
  log.info('caches synced', { objects: parts.watch.fleet.size });
  return true;
}

async function runLease({ config, log }: OperatorOptions, parts: Parts, signal: AbortSignal): Promise<OperatorEnd> {
  const { metrics } = parts.prometheus;
  if (!config.leaderElect) {
    metrics.leading(true);
    await runControllers(config.shutdownGrace, parts, signal, signal);
    return stopped;
  }
  const election = await elect(
    {
      ...parts,
      namespace: config.leaderElectionNamespace ?? parts.connection.namespace,
      name: config.leaderElectionId,
      durations: defaultLeaseDurations,
      log,
      metrics,
      onProblem: (problem) => {
        parts.lease.problem = problem !== undefined && needsPerson(problem) ? problem.message : undefined;
      },
    },
    (leading, holds) => runControllers(config.shutdownGrace, parts, leading, signal, holds),
    signal,
  );
  if (election.kind === 'stopped') return stopped;
  // It may have been lost while what was in flight when the process was stopped was still being drained.
  parts.hardStop.abort(new LeaseLost(election.why));
  return {
    kind: 'failed',
    message: `The lease was lost: ${election.why} Another replica takes over; this one restarts.`,
  };
}

/** @param signal aborted when the process is to stop: then what is in flight may end within the grace period. */
async function runControllers(
  graceMs: number,
  { controllers, loops, fence, hardStop, clock }: Parts,
  leading: AbortSignal,
  signal: AbortSignal,
  holds?: Hold,
): Promise<void> {
  if (holds !== undefined) fence.guard(holds);
  let grace: Timer | undefined;
  const drain = () => {
    for (const controller of controllers) controller.shutDown();
    if (!signal.aborted) hardStop.abort(leading.reason);
    else grace = clock.after(graceMs, () => hardStop.abort(new Error('The grace period is over.')));
  };
  leading.addEventListener('abort', drain, { once: true });
  await runAll([...controllers, ...loops], leading);
  grace?.cancel();
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
