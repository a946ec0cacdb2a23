/** Who asks (`GET /users/me`), and at which data center a login is at home. */
import type { Client } from '../state/clients.ts';
import type { Handler, OpenHandler } from '../state/cloud.ts';
import { formatMicros } from '../state/timestamps.ts';
import { UNKNOWN_ADMIN } from './clients.ts';
import { type ApiResponse, malformed, ok, unauthorized } from './responses.ts';
import { DEFAULT_IDP, userView } from './views.ts';

/** A client is shown as the administrator who made it: the vendor's own client learns its tenant so. */
export const getMe: Handler = (_cloud, { caller, switches }): ApiResponse => {
  if (caller.client !== undefined && switches.clientMe === 'refused') return unauthorized(switches);
  const tenant = { tenant_id: caller.tenant.id };
  if (caller.user !== undefined) return ok({ ...userView(caller.user, switches), ...tenant });
  return ok({ ...(caller.client === undefined ? {} : makerOf(caller.client)), ...tenant });
};

/** An administrator who is not in the directory. */
const makerOf = (client: Client): Record<string, unknown> => ({
  id: UNKNOWN_ADMIN,
  version: 1,
  login: 'admin@example.com',
  contact: { email: 'admin@example.com', firstname: 'Sandbox', lastname: 'Administrator' },
  activated: true,
  enabled: true,
  created_at: formatMicros(client.createdAt),
  updated_at: formatMicros(client.createdAt),
  deleted_at: null,
  language: 'en',
  idp_id: DEFAULT_IDP,
  personal_tenant_id: null,
  business_types: [],
  notifications: [],
  mfa_status: 'disabled',
  terms_accepted: true,
});

/** 200 for every login, known or not; it says nothing about which users exist. */
export const findDataCenter: OpenHandler = (_cloud, { query, origin }): ApiResponse => {
  const login = query.get('login');
  return login === null ? malformed('login', 'is required') : ok({ login, id: 0, server_url: origin });
};
