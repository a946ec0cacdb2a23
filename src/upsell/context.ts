/**
 * What every look at an object is given: the cache, both remote sides, time, and where things are told. Made once, in `operator.ts`.
 */
import type { Accounts } from '../acronis/account.ts';
import type { TenantUserUpsell } from '../api/object.ts';
import type { Clock } from '../clock.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { EventRecorder } from '../kubernetes/events.ts';
import type { Log } from '../observability/log.ts';
import type { UpsellMetrics } from '../observability/metrics.ts';
import { type Fleet, ownSource, sourceOf } from './fleet.ts';
import { guardOf, type NamespaceStore } from './namespaces.ts';
import type { NamespaceGuard } from './plan.ts';
import type { CredentialSources } from './sources.ts';

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
  readonly metrics: UpsellMetrics;
}

/** The namespace's label binds the operator's own credentials only: whoever brings credentials has shown what they may do. */
export function namespaceGuard(
  object: TenantUserUpsell,
  context: Pick<ReconcileContext, 'namespaces' | 'client' | 'requireTenantLabel' | 'log'>,
  signal: AbortSignal,
): NamespaceGuard | Promise<NamespaceGuard> {
  if (sourceOf(object) !== ownSource) return { kind: 'any' };
  const { namespaces: store, client, requireTenantLabel: requireLabel } = context;
  return guardOf(object.namespace, { store, client, requireLabel }, signal);
}

/** The audit trail: one line for each PUT, whatever came of it. */
export function auditOf(action: 'assign' | 'revoke', object: TenantUserUpsell, { log, metrics }: ReconcileContext) {
  return (from: number, to: number | undefined, outcome: string) => {
    metrics.wrote(action, outcome);
    log.info('wrote to Acronis', { action, object: object.key, generation: object.generation, from, to, outcome });
  };
}
