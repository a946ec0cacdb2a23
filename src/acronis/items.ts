/** The items of a list's response, whatever it is a list of. */
import * as z from 'zod';

/** Lists that are empty come as `null` from some servers. */
export const itemsSchema = z.array(z.unknown()).nullable();
const list = z.object({ items: itemsSchema });

/** Undefined where the response is no list. */
export function itemsOf(raw: unknown): readonly unknown[] | undefined {
  const { data } = list.safeParse(raw);
  return data && (data.items ?? []);
}
