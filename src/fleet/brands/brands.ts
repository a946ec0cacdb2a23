/**
 * The Buy URLs of all accounts' tenants: asked for where an offer depends on one, and refreshed slowly for as long as one does: each once per interval, and
 * never more than a few requests a minute and account, however many tenants there are. Accounts wait for nothing of each other.
 */
import type { Credentials } from '../../acronis/credentials.ts';
import type { Clock } from '../../base/clock.ts';
import type { Account } from '../accounts/accounts.ts';
import { type Fleet, type Source, sourceOf } from '../cache/objects.ts';
import type { CredentialSources } from '../credentials/sources.ts';
import { AccountBrands } from './account-brands.ts';
import type { BuyUrl } from './buy-url.ts';

type BrandAccount = Pick<Account, 'id' | 'branding'>;

/** Tenants of which something else is known than before, by the id of the account that is shown it: another one may be shown something else. */
export type BrandChanges = ReadonlyMap<string, ReadonlyMap<string, BuyUrl>>;
export type BrandListener = (changed: BrandChanges) => void;

export interface Brands {
  /** What is known without asking. */
  peek(account: BrandAccount, tenantId: string): BuyUrl | undefined;
  /** Waits a few seconds at most. @throws the signal's reason once it is aborted. */
  read(account: BrandAccount, tenantId: string, signal: AbortSignal): Promise<BuyUrl>;
  /** Called about once per second while something changes, and once more after a minute or two: a status may be written meanwhile. It must not throw. */
  subscribe(listener: BrandListener): void;
  /** What refreshing took within the last interval, in requests. */
  readonly requestsPerInterval: number;
  /** Refreshes each tenant once per interval, or as often as the rate of requests allows, until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

export interface BrandsOptions {
  readonly fleet: Fleet;
  readonly sources: Pick<CredentialSources, 'read'>;
  readonly accounts: { of(credentials: Credentials): BrandAccount };
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly lifetime: AbortSignal;
}

type Changes = Map<string, Map<string, BuyUrl>>;

const notifyMs = 1_000;
/** How often a few tenants are refreshed; once per interval where that is shorter. */
const tickMs = 60_000;
/** Requests of an account each time. With the feed (4 a minute) and the resync of 50,000 objects (8.3 a minute) that stays below 15: decision 0018. */
const maxRequestsPerTick = 2;

export function createBrands({ fleet, sources, accounts, intervalMs, clock, lifetime }: BrandsOptions): Brands {
  const byAccount = new Map<string, { readonly api: BrandAccount['branding']; readonly brands: AccountBrands }>();
  const listeners = new Set<BrandListener>();
  let changed: Changes = new Map();
  /** What changed since the last tick: said again at the next one but one, for statuses that were on their way when it was said. */
  let recent: Changes = new Map();
  /** Accounts whose refresh is on: none is begun beside it, and no other account waits for it. */
  const refreshing = new Set<AccountBrands>();
  let taken: readonly { readonly at: number; readonly requests: number }[] = [];
  const withinInterval = () => taken.filter(({ at }) => clock.now() - at < intervalMs);

  const notify = (all: BrandChanges): void => {
    if (all.size > 0) for (const listener of listeners) listener(all);
  };
  const onChanged = (accountId: string, tenantId: string, now: BuyUrl): void => {
    if (changed.size === 0)
      clock.after(notifyMs, () => {
        const all = changed;
        changed = new Map();
        notify(all);
      });
    for (const all of [changed, recent]) {
      const ofAccount = all.get(accountId);
      if (ofAccount === undefined) all.set(accountId, new Map([[tenantId, now]]));
      else ofAccount.set(tenantId, now);
    }
  };

  const of = ({ id, branding: api }: BrandAccount): AccountBrands => {
    const known = byAccount.get(id);
    // One that was forgotten and is used again has another token, rate limit and connections.
    if (known?.api === api) return known.brands;
    const brands = new AccountBrands({
      api,
      clock,
      intervalMs,
      lifetime,
      onChanged: (tenantId, now) => onChanged(id, tenantId, now),
    });
    byAccount.set(id, { api, brands });
    return brands;
  };

  /** The tenants that offers depend on, by the source of their objects' credentials. */
  const tenantsBySource = (): Map<Source, Set<string>> => {
    const found = new Map<Source, Set<string>>();
    for (const object of fleet.values()) {
      const { tenantID } = object.status;
      if (tenantID === undefined || !dependsOnBrand(object.status.offer)) continue;
      if (object.spec.ok && object.spec.value.suspend) continue;
      const source = sourceOf(object);
      const tenants = found.get(source);
      if (tenants === undefined) found.set(source, new Set([tenantID]));
      else tenants.add(tenantID);
    }
    return found;
  };

  /** Never rejects. */
  const refreshAccount = async (brands: AccountBrands, tenants: ReadonlySet<string>): Promise<void> => {
    if (refreshing.has(brands)) return;
    refreshing.add(brands);
    const requests = await brands.refresh(tenants, maxRequestsPerTick);
    refreshing.delete(brands);
    taken = [...withinInterval(), ...(requests === 0 ? [] : [{ at: clock.now(), requests }])];
  };

  const refresh = async (signal: AbortSignal): Promise<void> => {
    const wanted = new Map<string, { readonly brands: AccountBrands; readonly tenants: Set<string> }>();
    const route = async ([source, tenants]: [Source, Set<string>]): Promise<void> => {
      const read = await sources.read(source, signal).catch(() => undefined);
      if (read?.kind !== 'found') return;
      const account = accounts.of(read.credentials);
      const known = wanted.get(account.id);
      if (known === undefined) wanted.set(account.id, { brands: of(account), tenants });
      else for (const id of tenants) known.tenants.add(id);
    };
    await Promise.all([...tenantsBySource()].map(route));
    if (signal.aborted) return;
    for (const id of byAccount.keys()) if (!wanted.has(id)) byAccount.delete(id);
    for (const { brands, tenants } of wanted.values()) void refreshAccount(brands, tenants);
  };

  return {
    peek: (account, tenantId) => of(account).peek(tenantId),
    read: (account, tenantId, signal) => of(account).read(tenantId, signal),
    subscribe: (listener) => void listeners.add(listener),
    get requestsPerInterval() {
      return withinInterval().reduce((sum, { requests }) => sum + requests, 0);
    },
    async run(signal) {
      let earlier: BrandChanges = new Map();
      while (!signal.aborted) {
        await refresh(signal);
        await clock.sleep(Math.min(tickMs, intervalMs), signal).catch(() => {});
        notify(earlier);
        [earlier, recent] = [recent, new Map()];
      }
    },
  };
}

/** Whether another Buy URL would make it another offer. */
export const dependsOnBrand = (offer: string | undefined): boolean =>
  offer === 'BuyNow' || offer === 'BuyNowWithoutLink' || offer === 'Unknown';
