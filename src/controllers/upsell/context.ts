/**
 * What every reconcile is given: the cache, both remote sides, time, and where things are reported. Made once, with the operator.
 */

import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { AccountObjects } from '../../fleet/accounts/account-objects.ts';
import type { Accounts } from '../../fleet/accounts/accounts.ts';
import type { Brands } from '../../fleet/brands/brands.ts';
import type { NamespaceStore } from '../../fleet/cache/namespaces.ts';
import type { Fleet } from '../../fleet/cache/objects.ts';
import type { CredentialSources } from '../../fleet/credentials/sources.ts';
import type { FleetMetrics } from '../../fleet/metrics.ts';
import type { FailureReports } from '../../fleet/status/failure-reports.ts';
import type { PrunedFields } from '../../fleet/status/pruned-fields.ts';
import type { WritesInFlight } from '../../fleet/status/writes-in-flight.ts';
import type { KubernetesClient } from '../../kubernetes/calls/client.ts';
import type { EventRecorder } from '../../kubernetes/events/recorder.ts';
import type { UpsellMetrics } from './metrics.ts';
import type { MissingLinks } from './report/missing-links.ts';

export interface ReconcileContext {
  readonly fleet: Fleet;
  readonly client: KubernetesClient;
  readonly sources: CredentialSources;
  readonly accounts: Accounts;
  readonly accountObjects: AccountObjects;
  readonly brands: Pick<Brands, 'peek' | 'read'>;
  readonly namespaces: NamespaceStore;
  /** `--require-tenant-label` */
  readonly requireTenantLabel: boolean;
  /** `--revoke-give-up-after`; 0 = never. */
  readonly revokeGiveUpAfterMs: number;
  readonly events: EventRecorder;
  readonly failureReports: FailureReports;
  readonly writesInFlight: Pick<WritesInFlight, 'begin'>;
  /** Shared by all reconciles. */
  readonly pruned: PrunedFields;
  /** Likewise. */
  readonly missingLinks: MissingLinks;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: UpsellMetrics & FleetMetrics;
}
