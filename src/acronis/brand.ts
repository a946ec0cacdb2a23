/**
 * Where a tenant stands and whether the branding in force for it has a Buy URL. Of a branding nothing else is kept: it holds a password of a mail server.
 */
import * as z from 'zod';
import { itemsOf } from './items.ts';
import { idSchema } from './user.ts';

export interface TenantPlace {
  readonly id: string;
  /** Undefined where the response does not say. */
  readonly parentId: string | undefined;
  /** Whether its own branding is active; undefined likewise. */
  readonly hasOwnBrand: boolean | undefined;
}

const tenant = z
  .object({
    id: idSchema,
    parent_id: idSchema.nullish().catch(undefined),
    brand_enabled: z.boolean().nullish().catch(undefined),
  })
  .transform(
    (raw): TenantPlace => ({
      id: raw.id,
      parentId: raw.parent_id ?? undefined,
      hasOwnBrand: raw.brand_enabled ?? undefined,
    }),
  );

/** The tenants of a page of `GET /tenants`, or undefined where the response is not one. An item that is not a tenant is left out. */
export function parseTenants(raw: unknown): readonly TenantPlace[] | undefined {
  return itemsOf(raw)?.flatMap((item) => tenant.safeParse(item).data ?? []);
}

const brand = z.record(z.string(), z.unknown());
/** Of each of which a branding has one at least (OpenAPI `brand`): another JSON object, such as what a gateway says of itself, is none. */
const brandFields = ['upsell_url', 'service_name', 'company_name', 'color_scheme', 'color', 'logotype', 'home_url'];
const url = z.string().nullish();

/**
 * Whether the branding that a tenant is shown has a Buy URL; undefined where the response is no branding. What is responded where none is in force is not
 * documented: an empty body or an empty object, and a branding without the field, have no link either.
 */
export function hasBuyUrl(raw: unknown): boolean | undefined {
  if (raw === undefined) return false;
  const parsed = brand.safeParse(raw);
  if (!parsed.success) return undefined;
  const { data } = parsed;
  if (Object.keys(data).length > 0 && !brandFields.some((field) => field in data)) return undefined;
  const link = url.safeParse(data['upsell_url']);
  return link.success ? (link.data ?? '').trim() !== '' : undefined;
}
