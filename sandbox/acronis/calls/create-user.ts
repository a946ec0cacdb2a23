/** `POST /users`: a new user has no roles and is not activated. In a customer or unit it has a personal tenant. */
import { z } from 'zod';
import { randomUuid } from '../random.ts';
import type { Handler } from '../state/cloud.ts';
import { derivedUuid } from '../state/roles.ts';
import { isLocked } from '../state/tenants.ts';
import type { Rest } from '../state/users.ts';
import { parseBody } from './body.ts';
import { LOGIN, loginTaken } from './read-users.ts';
import { type ApiResponse, duplicate, envelope, locked, ok } from './responses.ts';
import { userView } from './views.ts';
import { visibleTenant } from './visible.ts';
import { LANGUAGES, NOTIFICATIONS, uuid } from './write-user.ts';

/** The vendor's client sends `null` for what it does not know, and fields of the user in the contact too. */
const contactPost = z.looseObject({
  email: z.string().regex(/^\S+@\S+$/, 'must be an e-mail address'),
  firstname: z.string().nullish(),
  lastname: z.string().nullish(),
});

const userPost = z.strictObject({
  tenant_id: uuid,
  login: z.string().regex(LOGIN, 'has characters that are not allowed'),
  contact: contactPost,
  external_id: z.string().optional(),
  idp_id: uuid.optional(),
  enabled: z.boolean().optional(),
  language: z.enum(LANGUAGES).optional(),
  business_types: z.array(z.literal('buyer', 'the only type for user accounts is buyer')).optional(),
  notifications: z.array(z.enum(NOTIFICATIONS)).optional(),
  disable_after: z.string().optional(),
  use_existing_identity: z.boolean().optional(),
  origin_id: z.string().optional(),
  origin_external_id: z.string().optional(),
});
type UserPost = z.infer<typeof userPost>;

export const postUser: Handler = (cloud, call): ApiResponse => {
  const post = parseBody(userPost, call.body);
  const tenant = visibleTenant(cloud, call, post.tenant_id);
  if (isLocked(tenant, call.caller.tenant)) return locked();
  if (post.login.length < 3) return envelope(400, 1033, 'Invalid login.');
  if (loginTaken(cloud, call, post.login)) return duplicate();
  const id = randomUuid(cloud.random);
  const user = cloud.directory.add({
    id,
    tenant,
    login: post.login,
    firstname: post.contact.firstname ?? '',
    lastname: post.contact.lastname ?? '',
    email: post.contact.email,
    activated: false,
    enabled: post.enabled ?? true,
    language: post.language ?? 'en',
    businessTypes: post.business_types ?? [],
    ...(post.notifications === undefined ? {} : { notifications: post.notifications }),
    rest: restOf(post, tenant.kind === 'customer' || tenant.kind === 'unit' ? derivedUuid(id, 'personal') : undefined),
  });
  return ok(userView(user, call.switches));
};

const CONTACT = ['address1', 'address2', 'city', 'country', 'phone', 'state', 'zipcode', 'title', 'website', 'fax'];

function restOf({ contact, external_id, idp_id, disable_after }: UserPost, personalTenantId: string | undefined): Rest {
  const given = CONTACT.flatMap((name) => (typeof contact[name] === 'string' ? [[name, contact[name]]] : []));
  return {
    personal_tenant_id: personalTenantId,
    external_id,
    idp_id,
    disable_after,
    contact: given.length === 0 ? undefined : Object.fromEntries(given),
  };
}
