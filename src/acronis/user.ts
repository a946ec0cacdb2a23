/**
 * A user as this operator needs it, parsed leniently: the guide's own examples lack fields that the OpenAPI requires.
 * Everything else that the API sends about a person is dropped here, so that it can get no further.
 */
import * as z from 'zod';

export interface User {
  readonly id: string;
  readonly tenantId: string;
  /** The revision: opaque, current at the time of the answer, needed by the next write. */
  readonly version: number;
  readonly businessTypes: readonly string[];
  /** Personal data: compared with `spec.login` and never shown. */
  readonly login: string;
}

const none: readonly string[] = [];
const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether this can be the id of a user or a tenant. What cannot is never put into a path: `..` there would name something else. */
export const isId = (text: string): boolean => idPattern.test(text);

/** Ids are UUIDs in lower case (OpenAPI); where one is not, it is compared as if it were. */
export const idSchema = z.string().regex(idPattern).toLowerCase();

const schema = z
  .object({
    id: idSchema,
    tenant_id: idSchema,
    // A number past what JavaScript holds exactly is refused with the whole user: a revision that is a little wrong must not be sent.
    version: z.int(),
    login: z.string().nullish(),
    business_types: z.array(z.string()).nullish(),
  })
  .transform(
    (user): User => ({
      id: user.id,
      tenantId: user.tenant_id,
      version: user.version,
      businessTypes: user.business_types ?? none,
      login: user.login ?? '',
    }),
  );

/** The user, or undefined where the answer is not one. */
export const parseUser = (raw: unknown): User | undefined => schema.safeParse(raw).data;

/** Lists that are empty come as `null` from some servers. */
const items = z.array(z.unknown()).nullable();
const page = z.object({
  items,
  paging: z.object({ cursors: z.object({ after: z.string().nullish() }).nullish() }).nullish(),
});

export interface UserPage {
  readonly users: readonly User[];
  /** The cursor of the next page; it holds every filter. Undefined on the last page. */
  readonly after: string | undefined;
}

/** A page of `GET /users`, or undefined where the answer is not one. An item that is not a user is left out. */
export function parseUserPage(raw: unknown): UserPage | undefined {
  const parsed = page.safeParse(raw);
  if (!parsed.success) return undefined;
  const users = (parsed.data.items ?? []).map(parseUser).filter((user) => user !== undefined);
  return { users, after: parsed.data.paging?.cursors?.after || undefined };
}

const search = z.object({ items });
const anyHit = z.object({ obj_type: z.string() });
const userHit = z.object({ id: idSchema, login: z.string().nullish(), parent_id: idSchema.nullish() });

export interface SearchHit {
  readonly id: string;
  readonly login: string;
  /** The user's tenant; '' where the answer does not say. */
  readonly tenantId: string;
}

/** The users among what a search found, and how many things it found in all; undefined where the answer is not a search's. */
export function parseSearch(raw: unknown): { users: readonly SearchHit[]; found: number } | undefined {
  const found = search.safeParse(raw).data?.items;
  if (found === undefined) return undefined;
  const users: SearchHit[] = [];
  for (const item of found ?? []) {
    if (anyHit.safeParse(item).data?.obj_type !== 'user') continue;
    const hit = userHit.safeParse(item).data;
    // Left out, it could make an ambiguous login look like one user's.
    if (hit === undefined) return undefined;
    users.push({ id: hit.id, login: hit.login ?? '', tenantId: hit.parent_id ?? '' });
  }
  return { users, found: found?.length ?? 0 };
}
