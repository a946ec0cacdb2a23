/** Tenants as a list of a tenant and those below it shows them: of which kind each is. */
import * as z from 'zod';
import { idSchema } from '../user.ts';
import { afterOf } from './paging.ts';

export interface ListedTenant {
  readonly id: string;
  /** `customer`, `unit`, …; undefined where the response does not say. */
  readonly kind: string | undefined;
}

export interface TenantPage {
  readonly items: readonly ListedTenant[];
  /** How many items are not tenants. */
  readonly unreadable: number;
  /** The cursor of the next page; it holds every filter. Undefined on the last page. */
  readonly after: string | undefined;
}

/** The first page of a tree, tenants by their ids, or the next page. */
export type TenantListStart =
  | { readonly root: string }
  | { readonly ids: readonly string[] }
  | { readonly after: string };

export function tenantsQuery(from: TenantListStart): URLSearchParams {
  if ('after' in from) return new URLSearchParams({ after: from.after });
  const which = 'root' in from ? { subtree_root_id: from.root } : { uuids: from.ids.join(',') };
  return new URLSearchParams({ ...which, lod: 'basic' });
}

const tenant = z
  .object({ id: idSchema, kind: z.string().nullish().catch(undefined) })
  .transform((raw): ListedTenant => ({ id: raw.id, kind: raw.kind ?? undefined }));

const page = z.object({
  /** Lists that are empty come as `null` from some servers. */
  items: z.array(z.unknown()).nullable(),
});

/** The page, or undefined where the response is not one. */
export function parseTenantPage(raw: unknown): TenantPage | undefined {
  const parsed = page.safeParse(raw).data;
  if (parsed === undefined) return undefined;
  const all = parsed.items ?? [];
  const items = all.flatMap((item) => tenant.safeParse(item).data ?? []);
  return { items, unreadable: all.length - items.length, after: afterOf(raw) };
}
