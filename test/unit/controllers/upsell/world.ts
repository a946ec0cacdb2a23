/** All that a reconcile needs, with the real client of Acronis over a fake network, a fake API server, and time that the test moves. */

import { tenantUserUpsells } from '../../../../src/api/names.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import type { ReconcileContext } from '../../../../src/controllers/upsell/context.ts';
import { createReconcile } from '../../../../src/controllers/upsell/reconcile/reconcile.ts';
import { MissingLinks } from '../../../../src/controllers/upsell/report/missing-links.ts';
import { createAccountObjects } from '../../../../src/fleet/accounts/account-objects.ts';
import { createAccounts } from '../../../../src/fleet/accounts/accounts.ts';
import { type Brands, createBrands } from '../../../../src/fleet/brands/brands.ts';
import { createNamespaceStore } from '../../../../src/fleet/cache/namespaces.ts';
import { createFleet, type Fleet } from '../../../../src/fleet/cache/objects.ts';
import type { OwnCredentials } from '../../../../src/fleet/credentials/read.ts';
import { createCredentialSources } from '../../../../src/fleet/credentials/sources.ts';
import { createFailureReports } from '../../../../src/fleet/status/failure-reports.ts';
import { PrunedFields } from '../../../../src/fleet/status/pruned-fields.ts';
import { createWritesInFlight } from '../../../../src/fleet/status/writes-in-flight.ts';
import type { EventRecorder } from '../../../../src/kubernetes/events/recorder.ts';
import type { Metrics } from '../../../../src/observability/metrics/interfaces.ts';
import type { Result } from '../../../../src/runtime/controller/controller.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { quietLog, quietMetrics } from '../../../support/quiet.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';
import { FakeAcronis } from './fake-acronis.ts';
import { FakeCluster } from './fake-cluster.ts';

export interface ToldEvent {
  readonly type: 'Normal' | 'Warning';
  readonly about: string;
  readonly reason: string;
  readonly message: string;
}

export const ownValues = {
  url: 'https://eu2-cloud.acronis.com',
  clientID: 'canary-client-id',
  clientSecret: 'canary-client-secret',
};

/** Where AcronisAccounts are. */
export const accountNamespace = 'acronis-system';

export interface WorldOptions {
  readonly own?: OwnCredentials;
  readonly requireTenantLabel?: boolean;
  readonly revokeGiveUpAfterMs?: number;
  /** Requests a second, per account; 0: no limit. */
  readonly rate?: number;
}

export interface World {
  readonly clock: ManualClock;
  readonly acronis: FakeAcronis;
  readonly cluster: FakeCluster;
  readonly fleet: Fleet;
  readonly context: ReconcileContext;
  readonly brands: Brands;
  readonly log: RecordedLog;
  readonly events: ToldEvent[];
  /** `action outcome` of each PUT. */
  readonly wrote: string[];
  readonly count: { givenUp: number; driftCorrected: number };
  /** Seconds, as each correction of drift and each edit reported them. */
  readonly took: { readonly correction: (number | undefined)[]; readonly edit: number[] };
  /** One reconcile, with as much time as it takes. */
  reconcile(key: string, signal?: AbortSignal): Promise<Result>;
  /** Lets time pass until the promise is settled. */
  finish<T>(promise: Promise<T>): Promise<T>;
}

export function createWorld(options: WorldOptions = {}): World {
  const clock = new ManualClock();
  const log = new RecordedLog();
  const acronis = new FakeAcronis();
  const fleet = createFleet(quietLog);
  const cluster = new FakeCluster(fleet);
  const events: ToldEvent[] = [];
  const wrote: string[] = [];
  const count = { givenUp: 0, driftCorrected: 0 };
  const took: World['took'] = { correction: [], edit: [] };
  const tell =
    (type: ToldEvent['type']): EventRecorder['normal'] =>
    ({ namespace, name }, reason, message) => {
      events.push({ type, about: `${namespace}/${name}`, reason, message });
    };
  const metrics: Metrics['upsell'] = {
    ...quietMetrics.upsell,
    wrote: (action, outcome) => wrote.push(`${action} ${outcome}`),
    revocationGivenUp: () => {
      count.givenUp++;
    },
    driftCorrected: (seconds) => {
      count.driftCorrected++;
      took.correction.push(seconds);
    },
    becameReady: (seconds) => took.edit.push(seconds),
  };
  const accountObjects = createAccountObjects({ namespace: accountNamespace, log, isSynced: () => true });
  const sources = createCredentialSources({
    own: options.own ?? { kind: 'environment', values: ownValues },
    policy: { hosts: ['*.acronis.com'], insecure: false },
    client: cluster,
    secretOf: (source) => accountObjects.secretOf(source),
    clock,
    log,
  });
  const lifetime = new AbortController().signal;
  const accounts = createAccounts({
    writesOf: (port) => port,
    connect: () => ({ send: acronis.send, close: async () => {} }),
    limitsOf: () => ({ concurrency: 8, rate: options.rate ?? 0 }),
    clock,
    random: () => 0.5,
    metrics: quietMetrics.acronis,
    lifetime,
  });
  const brands = createBrands({ fleet, sources, accounts, intervalMs: 600_000, clock, lifetime });
  const context: ReconcileContext = {
    fleet,
    accountObjects,
    client: cluster,
    sources,
    accounts,
    brands,
    namespaces: createNamespaceStore(quietLog),
    requireTenantLabel: options.requireTenantLabel ?? false,
    revokeGiveUpAfterMs: options.revokeGiveUpAfterMs ?? 3_600_000,
    events: { normal: tell('Normal'), warning: tell('Warning'), flush: async () => {} },
    failureReports: createFailureReports({ flowOf: (key) => key, clock: systemClock }),
    writesInFlight: createWritesInFlight((key) => key),
    pruned: new PrunedFields({ resource: tenantUserUpsells, clock, log }),
    missingLinks: new MissingLinks({ warning: tell('Warning') }, fleet),
    clock,
    log,
    metrics,
  };
  const reconcile = createReconcile(context);
  const finish = async <T>(promise: Promise<T>): Promise<T> => {
    let settled = false;
    const end = () => {
      settled = true;
    };
    promise.then(end, end);
    await clock.until(() => settled);
    return await promise;
  };
  return {
    clock,
    acronis,
    cluster,
    fleet,
    context,
    brands,
    log,
    events,
    wrote,
    count,
    took,
    finish,
    reconcile: (key, signal = new AbortController().signal) => finish(reconcile(key, signal)),
  };
}
