/** Where a list in pages goes on: the cursor holds every filter, and is sent alone. */
import * as z from 'zod';

const schema = z.object({
  paging: z.object({ cursors: z.object({ after: z.string().nullish() }).nullish() }).nullish(),
});

/** The cursor of the page after this one; undefined on the last page. */
export const afterOf = (page: unknown): string | undefined =>
  schema.safeParse(page).data?.paging?.cursors?.after || undefined;
