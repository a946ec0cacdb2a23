/** A log and metrics for tests that check neither. */

import type { AcronisMetrics } from '../../src/acronis/metrics.ts';
import type { Log } from '../../src/base/log.ts';
import type { Metrics } from '../../src/observability/metrics/interfaces.ts';

const nothing = () => {};

export const quietLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, with: () => quietLog };

export const quietAcronisMetrics: AcronisMetrics = {
  requested: nothing,
  throttled: nothing,
  countOpenCircuits: nothing,
};

const quietController: Metrics['controller'] = { reconciled: nothing, panicked: nothing, activeWorkers: nothing };
const quietQueue: Metrics['queue'] = {
  added: nothing,
  depth: nothing,
  waited: nothing,
  worked: nothing,
  retried: nothing,
};

export const quietMetrics: Metrics = {
  controller: quietController,
  queue: quietQueue,
  account: { controller: quietController, queue: quietQueue, countAccounts: nothing },
  policy: {
    controller: quietController,
    queue: quietQueue,
    countPolicies: nothing,
    watchProgress: nothing,
    childChanged: nothing,
    wouldChangeChild: nothing,
    passEnded: nothing,
  },
  reflector: { watchEvent: nothing, listed: nothing, watchFailed: nothing },
  kubernetes: { requested: nothing },
  acronis: quietAcronisMetrics,
  upsell: {
    wrote: nothing,
    driftFound: nothing,
    driftCorrected: nothing,
    becameReady: nothing,
    feedAge: nothing,
    resyncDone: nothing,
    wouldWrite: nothing,
    revocationGivenUp: nothing,
    eventDropped: nothing,
    countObjects: nothing,
    countOffers: nothing,
    countUnserved: nothing,
    watchNotReady: nothing,
    forecast: nothing,
  },
  leading: nothing,
};
