/** What every reconcile of an AcronisAccount is given. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { AccountObjects } from '../../fleet/accounts/account-objects.ts';
import type { Accounts } from '../../fleet/accounts/accounts.ts';
import type { CredentialSources } from '../../fleet/credentials/sources.ts';
import type { PrunedFields } from '../../fleet/status/pruned-fields.ts';
import type { KubernetesClient } from '../../kubernetes/calls/client.ts';
import type { EventRecorder } from '../../kubernetes/events/recorder.ts';

export interface AccountContext {
  readonly accountObjects: Pick<AccountObjects, 'store'>;
  readonly sources: Pick<CredentialSources, 'read' | 'expire'>;
  readonly accounts: Pick<Accounts, 'of'>;
  readonly client: KubernetesClient;
  readonly pruned: PrunedFields;
  readonly events: EventRecorder;
  readonly driftIntervalMs: number;
  readonly clock: Clock;
  readonly log: Log;
}
