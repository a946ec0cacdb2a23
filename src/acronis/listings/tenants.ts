/** Tenants as a list of a tenant and those below it shows them: of which kind each is. */
import * as z from 'zod';
import { idSchema } from '../user.ts';
import { type Page, parsePage } from './paging.ts';

export interface ListedTenant {
  readonly id: string;
  /** `customer`, `unit`, …; undefined where the response does not say. */
  readonly kind: string | undefined;
}

export type TenantPage = Page<ListedTenant>;

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

/** The page, or undefined where the response is not one. */
export const parseTenantPage = (raw: unknown): TenantPage | undefined => parsePage(raw, tenant);
