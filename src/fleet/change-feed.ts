/**
 * The bus of changes at Acronis: each account's change feed is polled once per interval, and every subscriber hears of each user that changed.
 * No account waits for another one, and none is polled again before its last poll ended. What it cannot say the resync finds.
 */
import type { ChangeFeedState } from '../acronis/change-feed.ts';
import { AcronisError } from '../acronis/errors.ts';
import type { UserStamp } from '../acronis/stamps.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Account } from './accounts/accounts.ts';
import type { FleetMetrics } from './metrics.ts';

/** Called for each page with changes; it must not throw. Deleted users are among them. */
export type ChangeListener = (account: Account, changes: readonly UserStamp[]) => void;

export interface ChangeBusOptions {
  /** The accounts that objects use now. */
  readonly accounts: (signal: AbortSignal) => Promise<readonly Account[]>;
  /** How many objects there are. */
  readonly fleetSize: () => number;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<FleetMetrics, 'feedAge'>;
}

export interface ChangeBus {
  /** @returns what ends the subscription. */
  subscribe(listener: ChangeListener): () => void;
  /** Of each account that is polled, by its id. */
  states(): ReadonlyMap<string, ChangeFeedState>;
  /** Polls until the signal is aborted; resolves once the polls in flight have ended. */
  run(signal: AbortSignal): Promise<void>;
}

export function createChangeBus(options: ChangeBusOptions): ChangeBus {
  const { accounts, fleetSize, intervalMs, clock, log, metrics } = options;
  const listeners = new Set<ChangeListener>();
  const polled = new Map<string, Account>();
  /** What was logged last of each account, so that a lasting state is logged once. */
  const logged = new Map<string, ChangeFeedState['kind'] | 'left'>();
  /** Accounts whose server's clock was said to be ahead. */
  const ahead = new Set<string>();
  const inFlight = new Map<string, Promise<void>>();
  /** Up to when the changes of each account are known: when the last poll began that read its window to the end. */
  const knownUntil = new Map<string, number>();

  const isNews = (account: Account, kind: ChangeFeedState['kind'] | 'left'): boolean => {
    const before = logged.get(account.id) ?? 'following';
    logged.set(account.id, kind);
    return before !== kind;
  };

  const checkClock = ({ id, changes }: Account): void => {
    if (changes.aheadMs === undefined || ahead.has(id)) return;
    ahead.add(id);
    log.warn("Acronis' clock is ahead of this one; the change feed goes by the times of the changes", {
      account: id,
      seconds: Math.round(changes.aheadMs / 1_000),
    });
  };

  const read = async (account: Account, signal: AbortSignal): Promise<void> => {
    const begun = clock.now();
    const pages = account.changes.poll(fleetSize(), signal);
    let page = await pages.next();
    for (; page.done !== true; page = await pages.next()) {
      if (page.value.length > 0) for (const listener of listeners) listener(account, page.value);
    }
    checkClock(account);
    const fields = { account: account.id };
    switch (page.value.kind) {
      case 'complete':
        knownUntil.set(account.id, begun);
        if (isNews(account, 'following')) log.info('the change feed is followed again', fields);
        return;
      case 'more':
        if (isNews(account, 'behind')) log.info('the change feed is behind: it is read on at the next poll', fields);
        return;
      case 'left':
        if (isNews(account, 'left'))
          log.warn('the change feed does not end and was left; drift that it hides is found by --resync-interval', {
            ...fields,
            pages: page.value.pages,
          });
    }
  };

  /** Of an account that is seen for the first time nothing is known, and nothing is late yet. */
  const observeAge = (id: string): void => {
    const at = clock.now();
    const until = knownUntil.get(id);
    if (until === undefined) knownUntil.set(id, at);
    else metrics.feedAge((at - until) / 1_000);
  };

  /** Never rejects. */
  const poll = async (account: Account, signal: AbortSignal): Promise<void> => {
    try {
      await read(account, signal);
    } catch (error) {
      if (signal.aborted || !isNews(account, 'refused')) return;
      log.warn('the change feed does not respond; drift is found by the resync (--resync-interval) until it does', {
        account: account.id,
        why: error instanceof AcronisError ? `${error.message} (${error.detail})` : String(error),
      });
    } finally {
      inFlight.delete(account.id);
    }
  };

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    states: () => new Map([...polled].map(([id, account]) => [id, account.changes.state])),
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(intervalMs, signal).catch(() => {});
        if (signal.aborted) break;
        const now = await accounts(signal).catch(() => undefined);
        if (now === undefined) continue;
        polled.clear();
        for (const account of now) polled.set(account.id, account);
        // With other credentials it is another account: nothing is left to be logged of the old one.
        for (const each of [logged, ahead, knownUntil])
          for (const id of each.keys()) if (!polled.has(id)) each.delete(id);
        for (const { id } of now) observeAge(id);
        for (const account of now) if (!inFlight.has(account.id)) inFlight.set(account.id, poll(account, signal));
      }
      await Promise.all(inFlight.values());
    },
  };
}
