/**
 * The Buy URLs of one account's tenants. Branding is inherited from above, so tenants of one parent that have no branding of their own have the same one in
 * force: a hundred tenants cost one read of where they stand, and one read for each such group. One request at a time; never one per object.
 * What failed is not known, and does not replace what was known. What is refused to one tenant, or is not there for it, may be about this tenant alone (one that
 * closed itself to those above): two of a group have to agree before it holds for the others.
 */
import { type AcronisApi, maxTenantsPerRead } from '../../acronis/api.ts';
import { AcronisError } from '../../acronis/errors.ts';
import { orAborted } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import type { BuyUrl } from './buy-url.ts';

export interface AccountBrandsOptions {
  readonly api: Pick<AcronisApi, 'getTenants' | 'hasBuyUrl'>;
  readonly clock: Clock;
  /** For how long what was read holds: of a group for tenants that are new, and of a tenant until a refresh reads it again. */
  readonly intervalMs: number;
  readonly lifetime: AbortSignal;
  /** Called where something else is known of a tenant than before. */
  readonly onChanged: (tenantId: string, now: BuyUrl) => void;
}

/** How long tenants that are asked for are batched before they are read. */
const batchMs = 20;
/** A reconcile waits no longer: the objects are reconciled again once it is known. */
const maxWaitMs = 5_000;
/** What could not be read, and was not known before, is asked for again after that. */
const againMs = 60_000;
/** After so many consecutive failures the rest is left for the next time. */
const maxFailures = 3;

interface GroupRead {
  readonly value: BuyUrl;
  /** For the whole group, and not for the tenant alone that was asked for. */
  readonly holdsForAll: boolean;
}
const unavailable: GroupRead = { value: 'unavailable', holdsForAll: true };

export class AccountBrands {
  readonly #options: AccountBrandsOptions;
  readonly #known = new Map<string, BuyUrl>();
  readonly #failedAt = new Map<string, number>();
  /** Those whose own read failed last. They come after all others, so that a few that always fail keep none from being read. */
  readonly #failing = new Set<string>();
  readonly #groups = new Map<string, { readonly value: BuyUrl; readonly at: number; readonly holdsForAll: boolean }>();
  /** When each was read, or tried, last. */
  readonly #readAt = new Map<string, number>();
  #waiting = new Map<string, PromiseWithResolvers<BuyUrl>>();
  #reading: Promise<void> = Promise.resolve();
  #requests = 0;

  constructor(options: AccountBrandsOptions) {
    this.#options = options;
  }

  /** What is known without asking. */
  peek(tenantId: string): BuyUrl | undefined {
    const known = this.#known.get(tenantId);
    if (known !== undefined) return known;
    const failedAt = this.#failedAt.get(tenantId);
    return failedAt !== undefined && this.#options.clock.now() - failedAt < againMs ? 'unavailable' : undefined;
  }

  /** @throws the signal's reason once it is aborted. */
  async read(tenantId: string, signal: AbortSignal): Promise<BuyUrl> {
    const known = this.peek(tenantId);
    if (known !== undefined) return known;
    let wanted = this.#waiting.get(tenantId);
    if (wanted === undefined) {
      wanted = Promise.withResolvers<BuyUrl>();
      this.#waiting.set(tenantId, wanted);
      if (this.#waiting.size === 1) this.#options.clock.after(batchMs, () => this.#readWaiting());
    }
    const late = Promise.withResolvers<BuyUrl>();
    const timer = this.#options.clock.after(maxWaitMs, () => late.resolve('unavailable'));
    try {
      return await orAborted(Promise.race([wanted.promise, late.promise]), signal);
    } finally {
      timer.cancel();
    }
  }

  /**
   * Reads those of these again whose time has come, the ones read longest ago first, and forgets all others. Never rejects.
   * @param maxRequests what is left then is left for the next time.
   * @returns how many requests it took.
   */
  async refresh(tenantIds: ReadonlySet<string>, maxRequests: number): Promise<number> {
    let taken = 0;
    await this.#enqueue(async () => {
      const { clock, intervalMs } = this.#options;
      // Not before its turn: what a reconcile waits for is read just now, and no status names its tenant yet.
      for (const kept of [this.#known, this.#failedAt, this.#failing, this.#readAt])
        for (const id of kept.keys()) if (!tenantIds.has(id)) kept.delete(id);
      for (const [group, { at }] of this.#groups) if (clock.now() - at >= intervalMs) this.#groups.delete(group);
      const readAt = (id: string): number => this.#readAt.get(id) ?? Number.NEGATIVE_INFINITY;
      const holdsMs = (id: string): number => (this.#known.has(id) ? intervalMs : Math.min(againMs, intervalMs));
      const due = [...tenantIds].filter((id) => clock.now() - readAt(id) >= holdsMs(id));
      const before = this.#requests;
      await this.#learn(
        due.sort((a, b) => (readAt(a) < readAt(b) ? -1 : readAt(a) > readAt(b) ? 1 : 0)),
        before + maxRequests,
      );
      taken = this.#requests - before;
    });
    return taken;
  }

  #readWaiting(): void {
    void this.#enqueue(async () => {
      const waiting = this.#waiting;
      this.#waiting = new Map();
      await this.#learn([...waiting.keys()].filter((id) => this.#known.get(id) === undefined));
      for (const [id, wanted] of waiting) wanted.resolve(this.#known.get(id) ?? 'unavailable');
    });
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#reading = this.#reading.then(work);
    return this.#reading;
  }

  /**
   * Never rejects.
   * @param lastRequest nothing is asked once so many requests were made in all.
   */
  async #learn(wanted: readonly string[], lastRequest = Number.POSITIVE_INFINITY): Promise<void> {
    const [well, failing] = [
      wanted.filter((id) => !this.#failing.has(id)),
      wanted.filter((id) => this.#failing.has(id)),
    ];
    const tenantIds = [...well, ...failing];
    let failures = 0;
    for (let from = 0; from < tenantIds.length && this.#requests < lastRequest; from += maxTenantsPerRead) {
      for (const [group, members] of await this.#groupsOf(tenantIds.slice(from, from + maxTenantsPerRead))) {
        for (let left = members; left.length > 0; ) {
          if (!this.#isFresh(group) && this.#requests >= lastRequest) break;
          const isLeft = failures >= maxFailures;
          const { value, holdsForAll } = isLeft ? unavailable : await this.#readGroup(group, left);
          failures = value === 'unavailable' ? failures + 1 : 0;
          const said = holdsForAll ? left : left.slice(0, 1);
          left = left.slice(said.length);
          for (const id of said) {
            if (!isLeft) this.#readAt.set(id, this.#options.clock.now());
            this.#set(id, value);
            if (value !== 'unavailable') this.#failing.delete(id);
            else if (!isLeft) this.#failing.add(id);
          }
        }
      }
    }
  }

  /** Of which group the tenants are. Where that cannot be read each is a group of its own. */
  async #groupsOf(tenantIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const { api, lifetime } = this.#options;
    const groupOf = new Map<string, string>();
    if (tenantIds.length > 1) {
      try {
        this.#requests++;
        for (const { id, parentId, hasOwnBrand } of await api.getTenants(tenantIds, lifetime))
          if (parentId !== undefined && hasOwnBrand === false) groupOf.set(id, `below ${parentId}`);
      } catch {
        // Each is asked for below, and that says why.
      }
    }
    return Map.groupBy(tenantIds, (id) => groupOf.get(id) ?? id);
  }

  #isFresh(group: string): boolean {
    const known = this.#groups.get(group);
    return known?.holdsForAll === true && this.#options.clock.now() - known.at < this.#options.intervalMs;
  }

  /** What is in force for the first of these, and whether it is for all of them. */
  async #readGroup(group: string, [first]: readonly string[]): Promise<GroupRead> {
    const known = this.#groups.get(group);
    if (known !== undefined && this.#isFresh(group)) return known;
    if (first === undefined) return unavailable;
    const { value, isShown } = await this.#readOne(first);
    if (value === 'unavailable') return unavailable;
    const read = { value, holdsForAll: isShown || known?.value === value };
    this.#groups.set(group, { ...read, at: this.#options.clock.now() });
    return read;
  }

  /** `isShown`: it was read off a branding. */
  async #readOne(tenantId: string): Promise<{ readonly value: BuyUrl; readonly isShown: boolean }> {
    const { api, lifetime } = this.#options;
    try {
      this.#requests++;
      const has = await api.hasBuyUrl(tenantId, lifetime);
      return { value: has === true ? 'set' : 'notSet', isShown: has !== undefined };
    } catch (error) {
      const isRefused = error instanceof AcronisError && (error.kind === 'forbidden' || error.kind === 'rejected');
      return { value: isRefused ? 'refused' : 'unavailable', isShown: false };
    }
  }

  #set(tenantId: string, value: BuyUrl): void {
    if (value === 'unavailable') {
      this.#failedAt.set(tenantId, this.#options.clock.now());
      return;
    }
    this.#failedAt.delete(tenantId);
    if (this.#known.get(tenantId) === value) return;
    this.#known.set(tenantId, value);
    this.#options.onChanged(tenantId, value);
  }
}
