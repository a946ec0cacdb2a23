/** Which function responds to which operation. */
import type { Route } from '../http/routes.ts';
import type { Handler, OpenHandler } from '../state/cloud.ts';
import { getAccessPolicies, putAccessPolicies } from './access-policies.ts';
import { deleteBrand, getBrand, postBrand, putBrand } from './brand.ts';
import { deleteClient, getClient, postClient, putClient } from './clients.ts';
import { postUser } from './create-user.ts';
import { feed } from './feed.ts';
import { listUsers } from './list-users.ts';
import { findDataCenter, getMe } from './me.ts';
import { logout, oneTimeLogin, postOneTimeToken } from './one-time.ts';
import { getPricing, putPricing } from './pricing.ts';
import { getChildren, getTenant, getTenants, getTenantUsers, search } from './read-tenants.ts';
import { checkLogin, getUser, getUsers } from './read-users.ts';
import { deleteUser, sendActivationEmail, setPassword } from './user-acts.ts';
import { deleteTenant, postTenant, putTenant } from './write-tenant.ts';
import { putUser } from './write-user.ts';

/** Operations that ask for no credentials. */
type OpenRoute = 'findDataCenter' | 'oneTimeLogin';

export const OPEN_HANDLERS: Readonly<Record<OpenRoute, OpenHandler>> = { findDataCenter, oneTimeLogin };

export const HANDLERS: Readonly<Record<Exclude<Route, 'token' | 'unknown' | OpenRoute>, Handler>> = {
  getUser,
  putUser,
  getUsers,
  feed,
  listUsers,
  checkLogin,
  getAccessPolicies,
  search,
  getTenant,
  getTenants,
  getTenantUsers,
  getBrand,
  getClient,
  getMe,
  postUser,
  deleteUser,
  sendActivationEmail,
  setPassword,
  putAccessPolicies,
  getChildren,
  getPricing,
  putPricing,
  postTenant,
  putTenant,
  deleteTenant,
  postBrand,
  putBrand,
  deleteBrand,
  postClient,
  putClient,
  deleteClient,
  postOneTimeToken,
  logout,
};

/** Operations whose body must be JSON. The others' bodies are not read: an activation e-mail is asked for with `{}` or nothing. */
export const NEEDS_JSON: ReadonlySet<Route> = new Set<Route>([
  'putUser',
  'postUser',
  'setPassword',
  'putAccessPolicies',
  'postTenant',
  'putTenant',
  'putBrand',
  'putPricing',
  'postClient',
  'putClient',
  'postOneTimeToken',
  'oneTimeLogin',
]);
