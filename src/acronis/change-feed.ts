/**
 * The change feed of one account: which users changed since it was read last, whatever changed them.
 * It is a hint and never proof: what it misses is found by the resync. Invariants: the window moves by the server's time alone, never past a change that may
 * still come; a poll reads a bounded number of pages that were not read before, and the next one goes on where it stopped; each change is delivered once
 * per window; a window that never ends is left.
 */
import type { Clock } from '../base/clock.ts';
import type { AcronisApi } from './api.ts';
import { AcronisError } from './errors.ts';
import type { UserStamp } from './stamps.ts';

export type ChangeFeedState =
  /** Not polled yet. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'following' }
  /** A window is too large for one poll, and is worked off over several. */
  | { readonly kind: 'behind' }
  /** It was refused or did not respond; `why` is for people. */
  | { readonly kind: 'refused'; readonly why: string };

/** How a poll ended. */
export type PollEnd =
  /** The window was read to its end. */
  | { readonly kind: 'complete' }
  /** The next poll goes on from the cursor. */
  | { readonly kind: 'more' }
  /** The window did not end within the pages that the fleet's size explains; the next poll begins with a new one. */
  | { readonly kind: 'left'; readonly pages: number };

export interface ChangeFeed {
  readonly state: ChangeFeedState;
  /** How far the server's time was ahead of ours, where that is more than clocks and networks explain: one of the two is wrong. */
  readonly aheadMs: number | undefined;
  /**
   * Pages of users that changed and were not delivered before.
   * @param fleetSize how many objects there are: what a window may reasonably hold follows from it.
   * @throws AcronisError, or the signal's reason.
   */
  poll(fleetSize: number, signal: AbortSignal): AsyncGenerator<readonly UserStamp[], PollEnd, undefined>;
}

/** Transactions end a little after their time, and timestamps are whole seconds: each window begins this much before the last one was responded to. */
export const overlapMs = 30_000;
/** Before the server ever said its time, ours is all there is: two minutes for clocks that differ. */
const firstOverlapMs = 2 * 60_000;
const pagesPerPoll = 50;
/** A time that is further behind ours is no time: no certificate would be valid under such a clock. */
const maxSkewMs = 24 * 60 * 60_000;
/** A window is not made longer than this by polls that fail, or by a server that says no time: the resync is there for the rest. */
const maxWindowMs = 60 * 60_000;
/** How a server responds to a cursor that it does not know any more. */
const cursorGone = new Set([400, 404, 410, 422]);

/** A page may be small and a tree larger than the fleet, so this is generous; a feed that is honest stays far below. */
const maxPages = (fleetSize: number): number => 500 + 10 * Math.ceil(fleetSize / 100);

interface Window {
  /** The server's time as its first page said it, where it can be relied on. */
  readonly serverTime: number | undefined;
  /** No change can be later than this: one that says so proves nothing. Times are in whole seconds. */
  readonly latest: number;
  readonly cursors: Set<string>;
  newestChange: number | undefined;
  after: string | undefined;
  pages: number;
}

export function createChangeFeed(api: Pick<AcronisApi, 'getRootTenant' | 'getChanges'>, clock: Clock): ChangeFeed {
  let root: string | undefined;
  /** Where the next window begins, by the server's clock. */
  let since = clock.wall() - firstOverlapMs;
  /** The server's time at a moment of our own steady clock. */
  let known: { readonly server: number; readonly at: number } | undefined;
  let open: Window | undefined;
  /** How many pages of the present window were read before its cursor was gone, so that they do not count again. */
  let readBefore = 0;
  let aheadMs: number | undefined;
  let delivered = new Map<string, string>();
  let deliveredBefore = new Map<string, string>();
  let state: ChangeFeedState = { kind: 'pending' };

  const isTime = (time: number | undefined): time is number => time !== undefined && time >= clock.wall() - maxSkewMs;

  const fresh = (stamps: readonly UserStamp[]): UserStamp[] =>
    stamps.filter(({ id, version, deleted, isCompanyAdmin }) => {
      // A role may come and go without another revision.
      const change = deleted ? 'deleted' : `${version} ${isCompanyAdmin}`;
      const isKnown = delivered.get(id) === change || (!delivered.has(id) && deliveredBefore.get(id) === change);
      delivered.set(id, change);
      return !isKnown;
    });

  const close = ({ serverTime, newestChange }: Window) => {
    open = undefined;
    readBefore = 0;
    deliveredBefore = delivered;
    delivered = new Map();
    // Without a time of the response, the latest change that it showed; without that, the same window again.
    if (serverTime !== undefined) since = serverTime - overlapMs;
    else if (newestChange !== undefined) since = Math.max(since, newestChange - overlapMs);
  };

  /** Keeps the window from growing without end. */
  const bound = () => {
    if (known === undefined) {
      // Our clock is all there is, and may be wrong: a long window misses nothing.
      if (open === undefined) since = Math.max(since, clock.wall() - maxWindowMs);
      return;
    }
    const server = known.server + (clock.now() - known.at);
    if (server - since <= maxWindowMs) return;
    open = undefined;
    readBefore = 0;
    since = server - overlapMs;
  };

  const firstPage = async (signal: AbortSignal) => {
    root ??= await api.getRootTenant(signal);
    const page = await api.getChanges({ root, since: new Date(since).toISOString() }, signal);
    const said = isTime(page.timestamp) ? page.timestamp : undefined;
    aheadMs = said !== undefined && said - clock.wall() > overlapMs ? said - clock.wall() : undefined;
    // A response's time that is ahead of the times of changes would move the window past them; the changes themselves do not.
    const serverTime = aheadMs === undefined ? said : undefined;
    if (serverTime !== undefined) known = { server: serverTime, at: clock.now() };
    else if (aheadMs !== undefined) known = undefined;
    const latest = said === undefined ? clock.wall() + maxSkewMs : said + 1_000;
    const window: Window = {
      serverTime,
      latest,
      cursors: new Set(),
      newestChange: undefined,
      after: undefined,
      pages: 0,
    };
    return { window, page };
  };

  /** The first page of a window, or the next one. */
  const next = async (mayBeginAgain: boolean, signal: AbortSignal) => {
    if (open?.after === undefined) return await firstPage(signal);
    try {
      return { window: open, page: await api.getChanges({ after: open.after }, signal) };
    } catch (error) {
      if (!(error instanceof AcronisError) || !cursorGone.has(error.status)) throw error;
      // The window is read again from its beginning: what was delivered of it is not delivered again.
      readBefore = Math.max(readBefore, open.pages);
      open = undefined;
      if (!mayBeginAgain) throw error;
      return await firstPage(signal);
    }
  };

  async function* read(fleetSize: number, signal: AbortSignal): AsyncGenerator<readonly UserStamp[], PollEnd> {
    bound();
    let begun = 0;
    for (let pages = 0; pages < pagesPerPoll; ) {
      const { window, page } = await next(begun < 2, signal);
      if (open !== window) begun++;
      open = window;
      window.pages++;
      if (window.pages > readBefore) pages++;
      window.after = page.after;
      if (isTime(page.newestChange) && page.newestChange <= window.latest)
        window.newestChange = Math.max(window.newestChange ?? 0, page.newestChange);
      yield fresh(page.stamps);
      if (page.after === undefined) {
        close(window);
        return { kind: 'complete' };
      }
      if (window.cursors.has(page.after) || window.pages >= maxPages(fleetSize)) {
        close(window);
        return { kind: 'left', pages: window.pages };
      }
      window.cursors.add(page.after);
    }
    return { kind: 'more' };
  }

  return {
    get state() {
      return state;
    },
    get aheadMs() {
      return aheadMs;
    },
    async *poll(fleetSize, signal) {
      try {
        const end = yield* read(fleetSize, signal);
        state = { kind: end.kind === 'complete' ? 'following' : 'behind' };
        return end;
      } catch (error) {
        if (error instanceof AcronisError) state = { kind: 'refused', why: error.message };
        throw error;
      }
    },
  };
}
