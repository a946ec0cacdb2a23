/** API clients: reading one, and making, changing and deleting one as an administrator does at the beginning. The secret is shown once. */
import { z } from 'zod';
import { randomUuid } from '../random.ts';
import type { Client } from '../state/clients.ts';
import type { Call, Cloud, Handler } from '../state/cloud.ts';
import { reaches } from '../state/tenants.ts';
import { formatMicros } from '../state/timestamps.ts';
import { parseBody } from './body.ts';
import { Refusal } from './query.ts';
import { type ApiResponse, forbidden, notFound, ok } from './responses.ts';
import { visibleTenant } from './visible.ts';

/** The administrator who made the clients of the seed; not in the directory. */
export const UNKNOWN_ADMIN = '00000000-0000-4000-8000-0000000000ad';

export const getClient: Handler = (cloud, call) => ok(clientView(visibleClient(cloud, call)));

const data = z.record(z.string(), z.unknown());
const clientPost = z.looseObject({
  type: z.enum(['api_client', 'agent', 'managed_client']),
  tenant_id: z.string(),
  token_endpoint_auth_method: z.literal(['client_secret_basic', 'client_secret_post', 'none']).optional(),
  data: data.optional(),
});

export const postClient: Handler = (cloud, call): ApiResponse => {
  const given = parseBody(clientPost, call.body);
  const client = cloud.clients.add({
    id: randomUuid(cloud.random),
    type: given.type,
    tenant: visibleTenant(cloud, call, given.tenant_id),
    createdAt: cloud.now(),
    createdBy: call.caller.user,
    data: given.data ?? {},
    secret: cloud.clients.newSecret(),
  });
  return { status: 201, body: { ...clientView(client), client_secret: client.secret } };
};

const clientPut = z.looseObject({ data: data.optional(), status: z.enum(['enabled', 'disabled']).optional() });

export const putClient: Handler = (cloud, call): ApiResponse => {
  const client = visibleClient(cloud, call);
  const given = parseBody(clientPut, call.body);
  if (given.data !== undefined) client.data = { ...client.data, ...given.data };
  if (given.status !== undefined) client.enabled = given.status === 'enabled';
  return ok(clientView(client));
};

export const deleteClient: Handler = (cloud, call): ApiResponse => {
  const client = visibleClient(cloud, call);
  cloud.clients.remove(client);
  cloud.tokens.revoke(client);
  return { status: 204, text: '' };
};

function visibleClient(cloud: Cloud, call: Call): Client {
  const client = call.id === undefined ? undefined : cloud.clients.get(call.id);
  if (client === undefined) throw new Refusal(notFound(call.switches));
  if (!reaches(call.caller.tenant, client.tenant))
    throw new Refusal(forbidden('The client belongs to another tenant.'));
  return client;
}

const clientView = (client: Client): Record<string, unknown> => ({
  client_id: client.id,
  tenant_id: client.tenant.id,
  type: client.type,
  status: client.enabled ? 'enabled' : 'disabled',
  data: client.data,
  token_endpoint_auth_method: 'client_secret_basic',
  client_secret_expires_at: 0,
  created_at: formatMicros(client.createdAt),
  created_by: client.createdBy?.id ?? UNKNOWN_ADMIN,
  last_access_at: null,
  last_access_from_ip: null,
  redirect_uris: [],
});
