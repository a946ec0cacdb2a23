/**
 * How much an account may send. An AcronisAccount's own limits count in place of the flags; where several of them are one API client, the lowest of each does.
 */
import type { AccountLimits } from '../../acronis/limits/rate-limiter.ts';
import type { AccountSpec } from '../../api/account/spec.ts';
import type { Clock } from '../../base/clock.ts';
import { accountSource } from '../cache/objects.ts';
import type { CredentialSources } from '../credentials/sources.ts';
import type { AccountObjects } from './account-objects.ts';
import { accountIdOf } from './accounts.ts';

/** The highest concurrency that a flag or an AcronisAccount can give. */
export const maxConcurrency = 256;

export interface LimitsOptions {
  readonly accountObjects: AccountObjects;
  readonly sources: Pick<CredentialSources, 'lastGood'>;
  /** The flags. */
  readonly byDefault: AccountLimits;
  readonly clock: Clock;
}

/** How soon a change counts. They are asked for at every request. */
const keptMs = 1_000;

export function createLimits({
  accountObjects,
  sources,
  byDefault,
  clock,
}: LimitsOptions): (id: string) => AccountLimits {
  let limits = new Map<string, AccountLimits>();
  let until = Number.NEGATIVE_INFINITY;
  return (id) => {
    if (clock.now() >= until) {
      limits = read();
      until = clock.now() + keptMs;
    }
    return limits.get(id) ?? byDefault;
  };

  function read(): Map<string, AccountLimits> {
    const specs = new Map<string, AccountSpec[]>();
    for (const { name, spec } of accountObjects.store.values()) {
      const credentials = sources.lastGood(accountSource(name));
      if (!spec.ok || credentials === undefined) continue;
      const id = accountIdOf(credentials);
      specs.set(id, [...(specs.get(id) ?? []), spec.value]);
    }
    return new Map([...specs].map(([id, each]) => [id, lowestOf(each, byDefault)]));
  }
}

/** @param byDefault where no account says otherwise. */
export function lowestOf(
  specs: readonly Pick<AccountSpec, 'concurrency' | 'ratePerSecond'>[],
  byDefault: AccountLimits,
): AccountLimits {
  const concurrencies = specs.flatMap(({ concurrency }) => concurrency ?? []);
  const rates = specs.flatMap(({ ratePerSecond }) => ratePerSecond ?? []);
  const limited = rates.filter((rate) => rate > 0);
  return {
    concurrency: concurrencies.length === 0 ? byDefault.concurrency : Math.min(...concurrencies),
    rate: rates.length === 0 ? byDefault.rate : limited.length === 0 ? 0 : Math.min(...limited),
  };
}
