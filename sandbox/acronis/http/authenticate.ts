/** Who a request comes from: a bearer token, a person's login and password (Basic), or the cookie of a session. */
import type { IncomingHttpHeaders } from 'node:http';
import { type Caller, isEnabled, personCaller } from '../state/callers.ts';
import type { Cloud } from '../state/cloud.ts';

export interface Session {
  readonly caller: Caller;
  /** Number of the token; `undefined` where none was used. */
  readonly token: number | undefined;
}

export const SESSION_COOKIE = 'session';

export function authenticate(
  cloud: Cloud,
  { authorization, cookie }: IncomingHttpHeaders,
  now: number,
): Session | undefined {
  if (authorization === undefined) {
    const session = sessionIn(cookie);
    const user = session === undefined ? undefined : cloud.signIn.sessionOf(session);
    return user === undefined || !isEnabled(personCaller(user))
      ? undefined
      : { caller: personCaller(user), token: undefined };
  }
  const token = cloud.tokens.check(authorization, now);
  if (token !== undefined) return { caller: token.caller, token: token.number };
  const basic = basicCredentials(authorization);
  if (basic === undefined) return undefined;
  const user = cloud.signIn.withPassword(basic.id, basic.secret, cloud.switches.current.loginCase === 'sensitive');
  return user === undefined ? undefined : { caller: personCaller(user), token: undefined };
}

export function sessionIn(cookie: string | undefined): string | undefined {
  const parts = (cookie ?? '').split(';').map((part) => part.trim());
  return parts.find((part) => part.startsWith(`${SESSION_COOKIE}=`))?.slice(SESSION_COOKIE.length + 1);
}

export function basicCredentials(
  authorization: string | undefined,
): { readonly id: string; readonly secret: string } | undefined {
  if (authorization === undefined || !/^basic /i.test(authorization)) return undefined;
  const decoded = Buffer.from(authorization.slice(6), 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon < 0 ? undefined : { id: decoded.slice(0, colon), secret: decoded.slice(colon + 1) };
}
