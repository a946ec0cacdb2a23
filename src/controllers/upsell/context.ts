/**
 * What every look at an object is given: the cache, both remote sides, time, and where things are told. Made once, in `operator.ts`.
 */

import type { Revision } from '../../acronis/user.ts';
import type { TenantUserUpsell } from '../../api/object.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Accounts } from '../../fleet/accounts/accounts.ts';
import type { CredentialSources } from '../../fleet/credentials/sources.ts';
import type { FleetMetrics } from '../../fleet/metrics.ts';
import type { NamespaceStore } from '../../fleet/namespaces.ts';
import type { Fleet } from '../../fleet/objects.ts';
import type { KubernetesClient } from '../../kubernetes/calls/client.ts';
import type { EventRecorder } from '../../kubernetes/events/recorder.ts';
import type { UpsellMetrics } from './metrics.ts';

export interface ReconcileContext {
  readonly fleet: Fleet;
  readonly client: KubernetesClient;
  readonly sources: CredentialSources;
  readonly accounts: Accounts;
  readonly namespaces: NamespaceStore;
  /** `--require-tenant-label` */
  readonly requireTenantLabel: boolean;
  /** `--revoke-give-up-after`; 0 = never. */
  readonly revokeGiveUpAfterMs: number;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: UpsellMetrics & FleetMetrics;
}

/** The audit trail: one line for each PUT, whatever came of it. */
export function auditOf(action: 'assign' | 'revoke', object: TenantUserUpsell, { log, metrics }: ReconcileContext) {
  return (from: Revision, to: Revision | undefined, outcome: string) => {
    metrics.wrote(action, outcome);
    log.info('wrote to Acronis', { action, object: object.key, generation: object.generation, from, to, outcome });
  };
}
