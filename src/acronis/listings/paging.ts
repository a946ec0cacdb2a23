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

/** Read as the cursor of the next page: no `paging`, no cursor, or an empty one on the last page (vendor's guide, pagination). */
export const pagingSchema = z
  .object({ cursors: z.object({ after: z.string().nullish() }).nullish() })
  .nullish()
  .transform((paging) => paging?.cursors?.after || undefined);
const list = z.object({ paging: pagingSchema });

/**
 * Where the list goes on. Undefined where `paging` is not the API's: taken for the end of the list it would hide the rest, and who is missing from
 * a list that is complete may lose what it has.
 */
export function nextOf(page: unknown): Pick<Page<unknown>, 'after'> | undefined {
  const { data } = list.safeParse(page);
  return data && { after: data.paging };
}

/** The page, or undefined where the response is not one. */
export function parsePage<T>(raw: unknown, item: z.ZodType<T>): Page<T> | undefined {
  const all = itemsOf(raw);
  const next = nextOf(raw);
  if (all === undefined || next === undefined) return undefined;
  const items = all.flatMap((each) => item.safeParse(each).data ?? []);
  return { items, unreadable: all.length - items.length, ...next };
}
