/**
 * A user as this operator needs it, parsed leniently: the guide's own examples lack fields that the OpenAPI requires.
 * Everything else that the API sends about a person is dropped here, so that it can get no further.
 */
import * as z from 'zod';
import { compiled } from '../base/compiled.ts';
import { gone, type UserEvidence } from './evidence.ts';
import { itemsOf } from './items.ts';
import { serverTime } from './server-time.ts';

/**
 * The revision of a user: opaque, up to int64. A number where that holds it exactly, a bigint beyond (see base/exact-json.ts), so that `===`
 * compares revisions. Never compute with it.
 */
export type Revision = number | bigint;

export interface User {
  readonly id: string;
  readonly tenantId: string;
  /** Current at the time of the response, and needed by the next write. */
  readonly version: Revision;
  readonly businessTypes: readonly string[];
  /** Personal data: compared with `spec.login` and never shown. */
  readonly login: string;
  /** The partner's own id, compared with `spec.externalID` and never shown; '' where the response shows none. */
  readonly externalId: string;
  /** Company administrator of its own tenant; undefined where the response does not show roles. */
  readonly isCompanyAdmin: boolean | undefined;
  readonly reach: Reach;
  /** When it was changed last, in milliseconds since 1970 by Acronis's clock: only ever compared with another time of it. Absent where the response does not show it. */
  readonly updatedAt?: number;
}

/** Whether what Acronis sends about quotas can reach the user: the first of these that applies. */
export type Reach = 'userDisabled' | 'userNotActivated' | 'quotaOff' | 'quotaOn' | 'notShown';

const none: readonly string[] = [];
const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether this can be the id of a user or a tenant. What cannot is never put into a path: `..` there would name something else. */
export const isId = (text: string): boolean => idPattern.test(text);

/** Ids are UUIDs in lower case (OpenAPI); where one is not, it is compared as if it were. */
export const idSchema = z.string().regex(idPattern).toLowerCase();

/** From `parseExactJson`: a whole number up to int64. One that is a little wrong must not be sent, so anything else is refused with the whole user. */
export const revisionSchema = z.union([z.int(), z.bigint()]);

const policySchema = z.object({ role_id: z.string(), tenant_id: idSchema, deleted_at: z.string().nullish() });
/** The roles of a user, as access policies; in a list where it was asked for (`with_access_policies`). */
export const policiesSchema = z.array(policySchema).nullish().catch(undefined);

/** A company administrator has that role on the user's own tenant; undefined where no roles are shown, or it is not shown which tenant that is. */
export const isCompanyAdmin = (user: {
  readonly tenant_id?: string | undefined;
  readonly access_policies?: z.output<typeof policiesSchema>;
}): boolean | undefined => {
  const { tenant_id: tenant, access_policies: policies } = user;
  if (tenant === undefined) return undefined;
  return policies?.some(
    ({ role_id: role, tenant_id: on, deleted_at: deleted }) =>
      role === 'company_admin' && on === tenant && !isTime(deleted),
  );
};

interface Reachable {
  readonly enabled?: boolean | null | undefined;
  readonly activated?: boolean | null | undefined;
  readonly notifications?: readonly string[] | null | undefined;
}

function reachOf({ enabled, activated, notifications }: Reachable): Reach {
  if (enabled === false) return 'userDisabled';
  if (activated === false) return 'userNotActivated';
  if (notifications === undefined || notifications === null) return 'notShown';
  return notifications.includes('quota') ? 'quotaOn' : 'quotaOff';
}

const schema = z
  .object({
    id: idSchema,
    tenant_id: idSchema,
    version: revisionSchema,
    login: z.string().nullish(),
    business_types: z.array(z.string()).nullish(),
    deleted_at: z.string().nullish(),
    updated_at: z.unknown().optional(),
    // What an offer follows from must not cost the user: a form that is not known counts as not shown.
    external_id: z.string().nullish().catch(undefined),
    enabled: z.boolean().nullish().catch(undefined),
    activated: z.boolean().nullish().catch(undefined),
    notifications: z.array(z.string()).nullish().catch(undefined),
    access_policies: policiesSchema,
  })
  .transform((raw): Shown => {
    const updatedAt = serverTime(raw.updated_at);
    const user = {
      id: raw.id,
      tenantId: raw.tenant_id,
      version: raw.version,
      businessTypes: raw.business_types ?? none,
      login: raw.login ?? '',
      externalId: raw.external_id ?? '',
      isCompanyAdmin: isCompanyAdmin(raw),
      reach: reachOf(raw),
      ...(updatedAt === undefined ? {} : { updatedAt }),
    };
    return { id: raw.id, evidence: isTime(raw.deleted_at) ? gone : { kind: 'seen', user } };
  });

const parser = compiled(schema);

/** The user after a write: what its response does not show is as it was read before. */
export const withShown = (before: User, after: User): User => ({
  ...after,
  externalId: after.externalId || before.externalId,
  isCompanyAdmin: after.isCompanyAdmin ?? before.isCompanyAdmin,
  reach: after.reach === 'notShown' ? before.reach : after.reach,
});

/** A time that is one: servers written in Go show the year 1 where there is none. */
export const isTime = (text: string | null | undefined): boolean => Date.parse(text ?? '') > 0;

/** One user of a response, and what it proves of this user. */
export interface Shown {
  readonly id: string;
  readonly evidence: UserEvidence;
}

export type ParsedUser =
  | { readonly ok: true; readonly shown: Shown }
  /** Names the field and the form it has, and no value: `version is text`. */
  | { readonly ok: false; readonly problem: string };

export function parseUser(raw: unknown): ParsedUser {
  const parsed = parser.safeParse(raw);
  if (parsed.success) return { ok: true, shown: parsed.data };
  const field = parsed.error.issues[0]?.path[0];
  return { ok: false, problem: typeof field === 'string' ? `${field} ${formOf(raw, field)}` : 'not a user' };
}

function formOf(raw: unknown, field: string): string {
  const value: unknown = typeof raw === 'object' && raw !== null ? Reflect.get(raw, field) : undefined;
  if (value === undefined) return 'is missing';
  if (value === null) return 'is null';
  if (Array.isArray(value)) return 'is a list of another form';
  if (typeof value === 'string') return 'is text of another form';
  if (typeof value === 'number') return Number.isInteger(value) ? 'is beyond 64 bits' : 'is not a whole number';
  return typeof value === 'object' ? 'is an object' : `is a ${typeof value}`;
}

/** The users of a page of `GET /users`, or undefined where the response is not one. An item that is not a user is left out. */
export function parseUsers(raw: unknown): readonly Shown[] | undefined {
  return itemsOf(raw)
    ?.map(parseUser)
    .flatMap((user) => (user.ok ? [user.shown] : []));
}

/** The same, all of them: where one item is no user, what is wrong with it. */
export function parseEveryUser(
  raw: unknown,
): { readonly ok: true; readonly shown: readonly Shown[] } | Extract<ParsedUser, { ok: false }> | undefined {
  const items = itemsOf(raw);
  if (items === undefined) return undefined;
  const shown: Shown[] = [];
  for (const item of items) {
    const user = parseUser(item);
    if (!user.ok) return user;
    shown.push(user.shown);
  }
  return { ok: true, shown };
}

const anyHit = z.object({ obj_type: z.string() });
const userHit = z.object({ id: idSchema, login: z.string().nullish(), parent_id: idSchema.nullish() });

export interface SearchHit {
  readonly id: string;
  readonly login: string;
  /** The user's tenant; '' where the response does not say. */
  readonly tenantId: string;
}

/** The users among what a search found, and how many things it found in all; undefined where the response is not a search's. */
export function parseSearch(raw: unknown): { users: readonly SearchHit[]; found: number } | undefined {
  const found = itemsOf(raw);
  if (found === undefined) return undefined;
  const users: SearchHit[] = [];
  for (const item of found) {
    if (anyHit.safeParse(item).data?.obj_type !== 'user') continue;
    const hit = userHit.safeParse(item).data;
    // Left out, it could make an ambiguous login look like one user's.
    if (hit === undefined) return undefined;
    users.push({ id: hit.id, login: hit.login ?? '', tenantId: hit.parent_id ?? '' });
  }
  return { users, found: found.length };
}
