/** What controllers share of the accounts while this process leads: the change feed of each, and the credentials, read again and again. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { AccountObjects } from '../fleet/accounts/account-objects.ts';
import type { Account, Accounts } from '../fleet/accounts/accounts.ts';
import { accountSource, type Fleet, type Source, sourceOf } from '../fleet/cache/objects.ts';
import type { PolicyStore } from '../fleet/cache/policies.ts';
import { type ChangeBus, createChangeBus } from '../fleet/change-feed.ts';
import type { CredentialSources } from '../fleet/credentials/sources.ts';
import type { FleetMetrics } from '../fleet/metrics.ts';
import type { Loop } from './loops.ts';

export interface AccountLoopsOptions {
  readonly fleet: Fleet;
  readonly policies: Pick<PolicyStore, 'values'>;
  readonly accountObjects: Pick<AccountObjects, 'store'>;
  readonly sources: CredentialSources;
  readonly accounts: Accounts;
  readonly driftIntervalMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<FleetMetrics, 'feedAge'>;
}

export interface AccountLoops {
  readonly changes: ChangeBus;
  /** Calls the listener for each source that says something else than before. */
  onCredentialsChanged(listener: (source: Source) => void): void;
  readonly loops: readonly Loop[];
}

export function createAccountLoops(options: AccountLoopsOptions): AccountLoops {
  const { fleet, policies, accountObjects, sources, accounts, clock, log, metrics } = options;
  const listeners: ((source: Source) => void)[] = [];

  const sourcesInUse = (): ReadonlySet<Source> => {
    const used = new Set<Source>(fleet.indexedValues('source'));
    // A new one has no children yet.
    for (const policy of policies.values()) used.add(sourceOf(policy));
    // Each says whether Acronis can be asked with it, whether or not an object uses it.
    for (const { name } of accountObjects.store.values()) used.add(accountSource(name));
    return used;
  };
  /** Secrets that no object names any more leave no token behind. */
  const forgetUnused = () => accounts.keepOnly([...sources.remembered()]);
  const accountsInUse = async (): Promise<readonly Account[]> => {
    forgetUnused();
    const found = new Set<Account>();
    for (const source of sourcesInUse()) {
      // What was read last counts: no feed waits for a Secret that cannot be read.
      const result = sources.latest(source);
      if (result?.kind === 'found') found.add(accounts.of(result.credentials));
    }
    return [...found];
  };
  const onChange = (source: Source) => {
    forgetUnused();
    for (const listener of listeners) listener(source);
  };

  const changes = createChangeBus({
    accounts: accountsInUse,
    fleetSize: () => fleet.size,
    intervalMs: options.driftIntervalMs,
    clock,
    log,
    metrics,
  });
  return {
    changes,
    onCredentialsChanged: (listener) => void listeners.push(listener),
    loops: [
      { name: 'change feed', run: (signal) => changes.run(signal) },
      { name: 'credentials', run: (signal) => sources.run(sourcesInUse, onChange, signal) },
    ],
  };
}
