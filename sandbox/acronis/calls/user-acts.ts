/** What happens to a user besides PUT: activation by mail or password, and deletion. */
import { z } from 'zod';
import type { Call, Cloud, Handler } from '../state/cloud.ts';
import { isLocked } from '../state/tenants.ts';
import type { User } from '../state/users.ts';
import { parseBody } from './body.ts';
import { Refusal } from './query.ts';
import { recordChange } from './record-change.ts';
import { type ApiResponse, envelope, forbidden, locked, versionConflict } from './responses.ts';
import { requireVersion } from './revision.ts';
import { visibleUser } from './visible.ts';

const DONE: ApiResponse = { status: 204, text: '' };

/** The mail goes nowhere: the user follows its link by the control API (`activate`). */
export const sendActivationEmail: Handler = (cloud, call): ApiResponse => {
  const user = changeable(cloud, call);
  if (call.caller.client === undefined) return forbidden('Only API clients may send activation e-mails.');
  cloud.mails.push({ user: user.id, at: cloud.clock.wall() });
  return DONE;
};

const passwordPost = z.looseObject({
  password: z.string().min(1),
  version: z.union([z.int(), z.bigint()]).optional(),
});

/** A password activates the user. */
export const setPassword: Handler = (cloud, call): ApiResponse => {
  const user = changeable(cloud, call);
  if (call.caller.client === undefined) return forbidden('Only API clients may set passwords.');
  const given = parseBody(passwordPost, call.body);
  if (given.version !== undefined && given.version !== user.version) return versionConflict(call.switches);
  cloud.signIn.setPassword(user, given.password);
  recordChange(cloud, call, user, { activated: true });
  return DONE;
};

/** A user must be disabled first (so the guide; how it is refused is a guess). */
export const deleteUser: Handler = (cloud, call): ApiResponse => {
  const user = changeable(cloud, call);
  requireVersion(call, user.version);
  if (user.enabled) return envelope(400, 1027, 'Business rules are not satisfied.', 'Disable the user first.');
  recordChange(cloud, call, user, { deletedAt: cloud.now() });
  return DONE;
};

function changeable(cloud: Cloud, call: Call): User {
  const user = visibleUser(cloud, call);
  if (isLocked(user.tenant, call.caller.tenant)) throw new Refusal(locked());
  return user;
}
