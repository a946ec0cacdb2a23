/** What every reconcile of a policy is given. Made once, with the operator. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { AccountObjects } from '../../fleet/accounts/account-objects.ts';
import type { Accounts } from '../../fleet/accounts/accounts.ts';
import type { NamespaceStore } from '../../fleet/cache/namespaces.ts';
import type { Fleet } from '../../fleet/cache/objects.ts';
import type { PolicyStore } from '../../fleet/cache/policies.ts';
import type { CredentialSources } from '../../fleet/credentials/sources.ts';
import type { PrunedFields } from '../../fleet/status/pruned-fields.ts';
import type { KubernetesClient } from '../../kubernetes/calls/client.ts';
import type { EventRecorder } from '../../kubernetes/events/recorder.ts';
import type { PolicyMetrics } from './metrics.ts';

export interface PolicyContext {
  readonly policies: PolicyStore;
  readonly fleet: Fleet;
  readonly client: KubernetesClient;
  readonly pruned: PrunedFields;
  readonly sources: CredentialSources;
  readonly accounts: Accounts;
  readonly accountObjects: AccountObjects;
  readonly namespaces: NamespaceStore;
  /** `--require-tenant-label` */
  readonly requireTenantLabel: boolean;
  /** Keys of the labels by which this operator selects what it serves (`--watch-selector`): a child without them would not be seen. */
  readonly selectorKeys: readonly string[];
  /** Within this time all users are listed once. */
  readonly resyncIntervalMs: number;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: PolicyMetrics;
}
