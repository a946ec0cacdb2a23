/**
 * The roles that an access token carries, where it says so: a JSON Web Token of Acronis has them in `scope`, an entry each (vendor's authkit). The token is
 * not verified and not kept; of what it says nothing but the names of roles is taken.
 */
import * as z from 'zod';

const claims = z.object({
  scope: z.array(
    z.object({
      role: z
        .string()
        .regex(/^[\w-]{1,64}$/)
        .optional()
        .catch(undefined),
    }),
  ),
});

/** @returns empty where it says none. */
export function rolesOf(token: string): readonly string[] {
  const [, payload] = token.split('.');
  if (payload === undefined) return [];
  try {
    const parsed = claims.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString())).data;
    return [...new Set((parsed?.scope ?? []).flatMap(({ role }) => role ?? []))].toSorted();
  } catch {
    return [];
  }
}
