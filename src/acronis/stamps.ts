/** A page of the change feed: which users changed, at the level of detail `stamps`, and when the server said so. */
import * as z from 'zod';
import { compiled } from '../base/compiled.ts';
import { itemsSchema } from './items.ts';
import { pagingSchema } from './listings/paging.ts';
import { serverTime } from './server-time.ts';
import { idSchema, isCompanyAdmin, isTime, policiesSchema, type Revision, revisionSchema } from './user.ts';

/** A change of a user, whatever changed it. */
export interface UserStamp {
  readonly id: string;
  readonly version: Revision;
  readonly deleted: boolean;
  /** As of `User`. */
  readonly isCompanyAdmin: boolean | undefined;
}

export interface StampPage {
  /** An item that is not a user is left out. */
  readonly stamps: readonly UserStamp[];
  /** The cursor of the next page; it holds every filter. Undefined on the last page. */
  readonly after: string | undefined;
  /** The server's time when it responded, in milliseconds since 1970; undefined where it says none that can be read. */
  readonly timestamp: number | undefined;
  /** The latest change of the page by the server's clock, likewise. */
  readonly newestChange: number | undefined;
}

const stamp = z.object({
  id: idSchema,
  version: revisionSchema,
  updated_at: z.unknown().optional(),
  deleted_at: z.string().nullish(),
  tenant_id: idSchema.optional().catch(undefined),
  access_policies: policiesSchema,
});

const stampParser = compiled(stamp);

const page = z.object({
  items: itemsSchema,
  timestamp: z.unknown().optional(),
  paging: pagingSchema,
});

/** The page, or undefined where the response is not one. */
export function parseStampPage(raw: unknown): StampPage | undefined {
  const parsed = page.safeParse(raw);
  if (!parsed.success) return undefined;
  const stamps: UserStamp[] = [];
  let newestChange: number | undefined;
  for (const item of parsed.data.items ?? []) {
    const { success, data } = stampParser.safeParse(item);
    if (!success) continue;
    const { id, version } = data;
    stamps.push({ id, version, deleted: isTime(data.deleted_at), isCompanyAdmin: isCompanyAdmin(data) });
    const changed = serverTime(data.updated_at);
    if (changed !== undefined && changed > (newestChange ?? 0)) newestChange = changed;
  }
  const { paging: after, timestamp } = parsed.data;
  return { stamps, after, timestamp: serverTime(timestamp), newestChange };
}
