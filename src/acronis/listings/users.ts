/**
 * Users as a list of a tenant and those below it shows them: what a selection is judged by, and nothing else. What a response does not show is undefined
 * here and never guessed, since a user that is judged wrongly loses what it has.
 */
import * as z from 'zod';
import { compiled } from '../../base/compiled.ts';
import { idSchema, isTime, policiesSchema } from '../user.ts';
import { type Page, parsePage } from './paging.ts';

export interface ListedUser {
  readonly id: string;
  readonly tenantId: string;
  /** Of its tenant, where the response says so. */
  readonly tenantKind: string | undefined;
  /** Personal data: compared with globs, and shown only where a person asked for it; undefined where it is not shown. */
  readonly login: string | undefined;
  readonly enabled: boolean | undefined;
  readonly isDeleted: boolean;
  /** A program's, not a person's. */
  readonly isServiceAccount: boolean;
  /** Invited to another person's files, and no member of the tenant. */
  readonly isGuest: boolean;
  /** On its own tenant; undefined where roles are not shown. */
  readonly roles: readonly string[] | undefined;
}

export type UserPage = Page<ListedUser>;

/** What the API may filter by itself, inside of one organization. */
export interface OrganizationFilter {
  /** Empty: any. */
  readonly roles: readonly string[];
  readonly tenantKinds: readonly string[];
}

/** The first page, with what it is filtered by, or the next one. */
export type UserListStart =
  | { readonly root: string; readonly inside?: OrganizationFilter }
  | { readonly after: string };

/** Users of a page. The API's own default is 2,000; with roles and at full detail a page stays well below what a response may have. */
const pageSize = 1_000;

export function listQuery(from: UserListStart): URLSearchParams {
  if ('after' in from) return new URLSearchParams({ after: from.after });
  const query = new URLSearchParams({
    subtree_root_tenant_id: from.root,
    lod: 'full',
    with_access_policies: 'true',
    limit: String(pageSize),
  });
  const { inside } = from;
  if (inside === undefined) return query;
  query.set('inside_organization', 'true');
  if (inside.roles.length > 0) query.set('access_policies', inside.roles.join(','));
  query.set('tenant_kinds', inside.tenantKinds.join(','));
  return query;
}

/** As the vendor's OpenAPI has it: MFA is forcibly disabled for service accounts. */
const serviceAccountMfa = 'forcibly_disabled';
const guestRole = 'sync_share_guest';

const listed = z
  .object({
    id: idSchema,
    tenant_id: idSchema,
    tenant_kind: z.string().nullish().catch(undefined),
    login: z.string().nullish().catch(undefined),
    enabled: z.boolean().nullish().catch(undefined),
    mfa_status: z.string().nullish().catch(undefined),
    deleted_at: z.string().nullish(),
    access_policies: policiesSchema,
  })
  .transform((raw): ListedUser => {
    const policies = raw.access_policies?.filter(({ deleted_at: deleted }) => !isTime(deleted));
    return {
      id: raw.id,
      tenantId: raw.tenant_id,
      tenantKind: raw.tenant_kind ?? undefined,
      login: raw.login ?? undefined,
      enabled: raw.enabled ?? undefined,
      isDeleted: isTime(raw.deleted_at),
      isServiceAccount: raw.mfa_status === serviceAccountMfa,
      isGuest: policies?.some(({ role_id: role }) => role === guestRole) ?? false,
      roles: policies?.flatMap(({ role_id: role, tenant_id: on }) => (on === raw.tenant_id ? [role] : [])),
    };
  });

const parser = compiled(listed);

/** The page, or undefined where the response is not one. */
export const parseUserPage = (raw: unknown): UserPage | undefined => parsePage(raw, parser);
