/**
 * `PUT /users/{id}`, the one write. It is checked in this order: what the body is (415, 413, 400: before this file), whether the
 * user can be seen, the fields, the tenant's lock, the revision. Then it is merged: fields that are not sent stay, lists are
 * replaced whole, the contact is merged field by field.
 */
import { z } from 'zod';
import { isUuid } from '../random.ts';
import type { Call, Cloud, Handler } from '../state/cloud.ts';
import { isLocked } from '../state/tenants.ts';
import { emailOf, type Rest, type User, type UserChange } from '../state/users.ts';
import { sentenceOf } from './input.ts';
import { LOGIN, loginTaken } from './read-users.ts';
import { type ApiResponse, duplicate, envelope, locked, malformed, ok, versionConflict } from './responses.ts';
import { userView } from './views.ts';
import { visibleUser } from './visible.ts';

const text = z.string().nullable().optional();
export const uuid = z.string().refine(isUuid, 'must be a UUID in lower case');

export const LANGUAGES =
  'bg cs da de en en-US es es-419 fi fr hu id it ja ko ms nb nl pl pt pt-BR ru sr sv tr zh zh-TW'.split(' ');
export const NOTIFICATIONS =
  'maintenance quota reports backup_error backup_warning backup_info backup_daily_report backup_critical device_control_warning certificate_management_error certificate_management_warning certificate_management_info'.split(
    ' ',
  );

const contactPut = z.strictObject({
  tenant_id: uuid.optional(),
  user_id: uuid.optional(),
  types: z
    .array(z.enum(['legal', 'primary', 'billing', 'technical', 'management']))
    .min(1)
    .optional(),
  email: z
    .string()
    .regex(/^$|\S+@\S+/, 'must be an e-mail address')
    .optional(),
  firstname: z.string().optional(),
  lastname: z.string().optional(),
  email_confirmed: z.boolean().nullable().optional(),
  address1: text,
  address2: text,
  country: text,
  state: text,
  city: text,
  zipcode: text,
  phone: text,
  title: text,
  website: text,
  industry: text,
  organization_size: text,
  aan: text,
  language: text,
  fax: text,
});

const userPut = z.strictObject({
  version: z.union([z.int(), z.bigint()], 'is required and must be a whole number'),
  login: z.string().regex(LOGIN, 'has characters that are not allowed').optional(),
  external_id: z.string().optional(),
  idp_id: uuid.optional(),
  contact: contactPut.optional(),
  enabled: z.boolean().optional(),
  language: z.enum(LANGUAGES).optional(),
  notifications: z.array(z.enum(NOTIFICATIONS)).optional(),
  disable_after: z.string().optional(),
  business_types: z.array(z.string()).optional(),
});
type UserPut = z.infer<typeof userPut>;

interface Result {
  readonly is: 'applied' | 'conflict' | 'refused';
  readonly response: ApiResponse;
}

export const putUser: Handler = (cloud, call): ApiResponse => {
  const user = visibleUser(cloud, call);
  const result = write(cloud, call, user);
  cloud.ledger.put(user.id, result.is);
  return result.response;
};

const refused = (response: ApiResponse): Result => ({ is: 'refused', response });

function write(cloud: Cloud, call: Call, user: User): Result {
  const { switches } = call;
  const parsed = userPut.safeParse(call.body);
  if (!parsed.success) {
    return refused(malformed(parsed.error.issues[0]?.path.join('.') || 'body', sentenceOf(parsed.error)));
  }
  const put = parsed.data;
  if (switches.strictOpenApi && put.business_types !== undefined) {
    return refused(malformed('business_types', 'is not a field of this request'));
  }
  // `buyer` is the only type the documents know; a type the user has already is no news and may stay.
  const strange = put.business_types?.find((type) => type !== 'buyer' && !user.businessTypes.includes(type));
  if (strange !== undefined) return refused(malformed('business_types', 'the only type for user accounts is buyer'));
  if (isLocked(user.tenant, call.caller.tenant)) return refused(locked());
  if (put.version !== user.version) return { is: 'conflict', response: versionConflict(switches) };
  if (put.login !== undefined && put.login.length < 3) return refused(envelope(400, 1033, 'Invalid login.'));
  if (put.login !== undefined && loginTaken(cloud, call, put.login, user)) return refused(duplicate());

  const change = changeOf(user, put, switches.putTypes === 'ignored');
  const fields = Object.keys(change);
  const bumps = fields.length > 0 || (switches.noOpPut === 'bump' && !onlyMailsALink(user, put));
  if (bumps) {
    const { before, after } = cloud.directory.update(user, change);
    cloud.ledger.write({
      at: cloud.clock.wall(),
      by: 'put',
      user: user.id,
      before,
      after,
      businessTypes: user.businessTypes,
      fields,
      client: call.caller.id,
      token: call.token,
      userAgent: call.userAgent,
    });
  }
  return { is: 'applied', response: ok(shown(user, call)) };
}

/** What would really be different afterwards. */
function changeOf(user: User, put: UserPut, ignoreTypes: boolean): UserChange {
  const change: UserChange = {};
  if (put.login !== undefined && put.login !== user.login) {
    change.login = put.login;
    if (user.email === undefined) change.email = emailOf(user); // It followed from the login so far.
  }
  if (put.enabled !== undefined && put.enabled !== user.enabled) change.enabled = put.enabled;
  if (put.language !== undefined && put.language !== user.language) change.language = put.language;
  if (put.notifications !== undefined && !sameList(put.notifications, user.notifications)) {
    change.notifications = put.notifications;
  }
  if (!ignoreTypes && put.business_types !== undefined && !sameList(put.business_types, user.businessTypes)) {
    change.businessTypes = put.business_types;
  }
  const { firstname, lastname, email, ...contact } = put.contact ?? {};
  if (firstname !== undefined && firstname !== user.firstname) change.firstname = firstname;
  if (lastname !== undefined && lastname !== user.lastname) change.lastname = lastname;
  // An activated user is only sent a link: the address changes once it is followed, and the revision does not.
  if (email !== undefined && !user.activated && email !== emailOf(user)) change.email = email;
  const rest: Rest = { ...user.rest };
  if (put.external_id !== undefined) rest.external_id = put.external_id;
  if (put.idp_id !== undefined) rest.idp_id = put.idp_id;
  if (put.disable_after !== undefined) rest.disable_after = put.disable_after;
  if (Object.keys(contact).length > 0) rest.contact = { ...rest.contact, ...contact };
  if (JSON.stringify(rest) !== JSON.stringify(user.rest ?? {})) change.rest = rest;
  return change;
}

/** The body changes nothing but the e-mail of an activated user. */
const onlyMailsALink = (user: User, put: UserPut): boolean =>
  user.activated && put.contact?.email !== undefined && put.contact.email !== emailOf(user);

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);

function shown(user: User, call: Call): Record<string, unknown> {
  const view = userView(user, call.switches);
  if (call.switches.putTypes === 'hidden') view['business_types'] = [];
  if (call.switches.putTypes === 'fieldMissing') delete view['business_types'];
  return view;
}
