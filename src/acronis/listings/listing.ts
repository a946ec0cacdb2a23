/**
 * A list that comes in pages, read to its end, one page in memory at a time, and what it proves. A list that was cut, repeated or reordered on the way shows
 * fewer than there are, and a user that is missing from it must not count as gone: it is complete only if every page was the API's own, nothing came twice,
 * every item could be read, and the cursor moved from page to page to its end.
 */
import type { Clock } from '../../base/clock.ts';
import { AcronisError } from '../errors.ts';
import type { Page } from './paging.ts';
import { SeenIds } from './seen-ids.ts';

export type Listing =
  | { readonly kind: 'complete'; readonly items: number; readonly pages: number }
  | { readonly kind: 'incomplete'; readonly why: IncompleteWhy };

export type IncompleteWhy =
  /** A page did not come, or was not the API's. */
  | { readonly kind: 'failed'; readonly error: AcronisError }
  /** A page repeats an item: the order changed on the way, or a page came twice. */
  | { readonly kind: 'repeated' }
  /** The cursor of a page is one that was followed already, or there is no end of pages. */
  | { readonly kind: 'endless' }
  /** Items are not what they should be. */
  | { readonly kind: 'unreadable'; readonly items: number };

export interface ListingOptions<T> {
  /** @throws AcronisError, or the signal's reason. */
  readonly read: (after: string | undefined, signal: AbortSignal) => Promise<Page<T>>;
  readonly clock: Clock;
}

/** How long is waited before a page that did not come is asked for again: as the vendor advises, twice. A list of 300 pages must not begin again for one of them. */
const retryPausesMs = [1_000, 2_000];
/** Far beyond what a partner has. */
const maxPages = 10_000;

/** Pages as they come. What came of a list that ends incomplete is true as far as it goes. @throws the signal's reason, and nothing else. */
export async function* readListing<T extends { readonly id: string }>(
  { read, clock }: ListingOptions<T>,
  signal: AbortSignal,
): AsyncGenerator<readonly T[], Listing, undefined> {
  const seen = new SeenIds();
  const cursors = new Set<string>();
  let after: string | undefined;
  for (let pages = 1; pages <= maxPages; pages++) {
    const page = await readPage(() => read(after, signal), clock, signal);
    if (page instanceof AcronisError) return incomplete({ kind: 'failed', error: page });
    if (page.unreadable > 0) return incomplete({ kind: 'unreadable', items: page.unreadable });
    if (!page.items.every(({ id }) => seen.add(id))) return incomplete({ kind: 'repeated' });
    yield page.items;
    after = page.after;
    if (after === undefined) return { kind: 'complete', items: seen.size, pages };
    if (cursors.has(after)) return incomplete({ kind: 'endless' });
    cursors.add(after);
  }
  return incomplete({ kind: 'endless' });
}

const incomplete = (why: IncompleteWhy): Listing => ({ kind: 'incomplete', why });

async function readPage<T>(
  read: () => Promise<Page<T>>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Page<T> | AcronisError> {
  for (let tries = 0; ; tries++) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof AcronisError)) throw error;
      const pauseMs = retryPausesMs[tries];
      if (pauseMs === undefined || !mayPass(error)) return error;
      await clock.sleep(pauseMs, signal);
    }
  }
}

const mayPass = ({ kind }: AcronisError): boolean => kind === 'unavailable' || kind === 'throttled';
