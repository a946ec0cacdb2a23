/** Signing in on behalf of a user: an API client asks for a one-time token, which begins a session with a cookie. */
import { z } from 'zod';
import { SESSION_COOKIE, sessionIn } from '../http/authenticate.ts';
import type { Call, Cloud, Handler, OpenHandler } from '../state/cloud.ts';
import { reaches } from '../state/tenants.ts';
import type { User } from '../state/users.ts';
import { parseBody } from './body.ts';
import { type ApiResponse, forbidden, malformed, notFound, ok, unauthorized } from './responses.ts';
import { userView } from './views.ts';

const ask = z.looseObject({
  purpose: z.literal('user_login'),
  login: z.string().optional(),
  user_id: z.string().optional(),
  external_id: z.string().optional(),
});
type Ask = z.infer<typeof ask>;

export const postOneTimeToken: Handler = (cloud, call): ApiResponse => {
  if (call.caller.client === undefined) return forbidden('Only API clients may ask for one-time tokens.');
  const given = parseBody(ask, call.body);
  const { login, user_id: userId, external_id: externalId } = given;
  if (login === undefined && userId === undefined && externalId === undefined) {
    return malformed('login', 'is required where there is neither user_id nor external_id');
  }
  const user = named(cloud, call, given);
  if (user === undefined) return notFound(call.switches);
  return ok({ ott: cloud.signIn.oneTimeToken(user, cloud.clock.wall()) });
};

/** The user in reach whom the request names; where two share a login, the first. */
function named(cloud: Cloud, call: Call, { login, user_id: userId, external_id: externalId }: Ask): User | undefined {
  const fold = (text: string) => (call.switches.loginCase === 'sensitive' ? text : text.toLowerCase());
  const fits = (user: User): boolean => {
    if (userId !== undefined) return user.id === userId;
    if (login !== undefined) return fold(user.login) === fold(login);
    return user.rest?.external_id === externalId;
  };
  return cloud.directory
    .all()
    .find((user) => user.deletedAt === undefined && fits(user) && reaches(call.caller.tenant, user.tenant));
}

const login = z.looseObject({ ott: z.string() });

export const oneTimeLogin: OpenHandler = (cloud, call): ApiResponse => {
  const given = parseBody(login, call.body);
  const begun = cloud.signIn.withOneTimeToken(given.ott, cloud.clock.wall());
  if (begun === undefined) return unauthorized(call.switches);
  const headers = { 'set-cookie': `${SESSION_COOKIE}=${begun.session}; Path=/; HttpOnly` };
  return { ...ok(userView(begun.user, call.switches)), headers };
};

export const logout: Handler = (cloud, { cookie }): ApiResponse => {
  const session = sessionIn(cookie);
  if (session !== undefined) cloud.signIn.endSession(session);
  return { status: 204, text: '', headers: { 'set-cookie': `${SESSION_COOKIE}=; Path=/; Max-Age=0` } };
};
