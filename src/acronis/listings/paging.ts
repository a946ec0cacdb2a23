/** One page of a list, whatever it is a list of, and where the list goes on: the cursor holds every filter, and is sent alone. */
import * as z from 'zod';
import { itemsOf } from '../items.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** How many items are not what they should be. */
  readonly unreadable: number;
  /** The cursor of the next page; it holds every filter. Undefined on the last page. */
  readonly after: string | undefined;
}

const cursors = z.object({
  paging: z.object({ cursors: z.object({ after: z.string().nullish() }).nullish() }).nullish(),
});

/** The cursor of the page after this one; undefined on the last page. */
export const afterOf = (page: unknown): string | undefined =>
  cursors.safeParse(page).data?.paging?.cursors?.after || undefined;

/** The page, or undefined where the response is not one. */
export function parsePage<T>(raw: unknown, item: z.ZodType<T>): Page<T> | undefined {
  const all = itemsOf(raw);
  if (all === undefined) return undefined;
  const items = all.flatMap((each) => item.safeParse(each).data ?? []);
  return { items, unreadable: all.length - items.length, after: afterOf(raw) };
}
