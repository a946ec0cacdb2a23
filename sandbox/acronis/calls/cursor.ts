/** Page cursors: opaque to clients, and carrying every filter of the first page, so that the next one needs nothing else. */
import { z } from 'zod';
import { Refusal } from './query.ts';
import { malformed } from './responses.ts';

const lod = z.enum(['stamps', 'basic', 'full']);

export const userCursor = z.strictObject({
  root: z.string(),
  /** `null`: all users, in the order of the directory; else those that changed after it, oldest change first. */
  since: z.number().nullable(),
  lod,
  policies: z.boolean(),
  deleted: z.boolean(),
  /** Only users of the root's own organization. */
  inside: z.boolean(),
  roles: z.array(z.string()).nullable(),
  kinds: z.array(z.string()).nullable(),
  limit: z.int().min(1),
  /** Where the page before began, and where it ended. */
  from: z.int(),
  to: z.int(),
});
export type UserCursor = z.infer<typeof userCursor>;

export const tenantCursor = z.strictObject({
  parent: z.string().nullable(),
  root: z.string().nullable(),
  since: z.number().nullable(),
  lod,
  limit: z.int().min(1),
  to: z.int(),
});
export type TenantCursor = z.infer<typeof tenantCursor>;

export const encodeCursor = (cursor: UserCursor | TenantCursor): string =>
  Buffer.from(JSON.stringify(cursor)).toString('base64');

export function decodeCursor<T extends z.ZodType>(schema: T, text: string): z.output<T> {
  try {
    return schema.parse(JSON.parse(Buffer.from(text, 'base64').toString()));
  } catch {
    throw new Refusal(malformed('after', 'is not a cursor of this list'));
  }
}

/** Whether it is a cursor of users that changed; one of all users, or of nothing, is not. */
export function isChangesCursor(text: string): boolean {
  try {
    return userCursor.parse(JSON.parse(Buffer.from(text, 'base64').toString())).since !== null;
  } catch {
    return false;
  }
}
