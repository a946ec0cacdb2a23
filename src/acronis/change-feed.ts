/**
 * The change feed of one account: which users changed since it was asked last, whatever changed them.
 * It is a hint and never proof: windows overlap, so users come more than once; a feed that lies or is refused costs time only, because the full pass
 * finds the same. The window moves on only when the feed was read to its end.
 */
import type { Clock } from '../base/clock.ts';
import type { AcronisApi } from './api.ts';
import { notTheApis } from './errors.ts';
import type { Shown } from './user.ts';

export interface ChangeFeed {
  /** Pages of users changed since the last poll that was read to its end. @throws AcronisError, or the signal's reason. */
  poll(signal: AbortSignal): AsyncGenerator<readonly Shown[], void, undefined>;
}

/** Clocks differ and transactions end late: each window begins this much before the last one began. */
export const overlapMs = 2 * 60 * 1000;
/** A feed whose cursor never ends is left after this many pages; the full pass is there for the rest. */
const mostPages = 1_000;

export function createChangeFeed(api: Pick<AcronisApi, 'getRootTenant' | 'getChanges'>, clock: Clock): ChangeFeed {
  let root: string | undefined;
  let since = clock.wall() - overlapMs;
  return {
    async *poll(signal) {
      const began = clock.wall();
      root ??= await api.getRootTenant(signal);
      let page = await api.getChanges({ root, since: new Date(since).toISOString() }, signal);
      yield page.users;
      const seen = new Set<string>();
      for (let pages = 1; page.after !== undefined && pages < mostPages; pages++) {
        if (seen.has(page.after)) throw notTheApis('a cursor that came before');
        seen.add(page.after);
        page = await api.getChanges({ after: page.after }, signal);
        yield page.users;
      }
      since = began - overlapMs;
    },
  };
}
