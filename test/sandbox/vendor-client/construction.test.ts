import { expect, test } from 'vitest';
import { askToken, field } from '../ask.ts';
import { sandbox, shareSandbox } from '../shared-sandbox.ts';
import { basic, constructClient, form, partnerClient, send } from './vendor-client.ts';

shareSandbox();

/** An administrator of the partner, who signs in with a password. */
function administrator(roles = [{ role: 'partner_admin', tenantId: undefined }]) {
  const { id } = sandbox.console.add({ login: 'pat.partner', tenantId: sandbox.cast.tenants.partner, roles });
  sandbox.console.setPassword(id, 'a good password');
  return id;
}

test('the router names the data center of any login, and a client learns its tenant from who it is', async () => {
  const client = await partnerClient(sandbox);
  expect(client).toMatchObject({ baseUrl: sandbox.url, tenantId: sandbox.cast.tenants.partner });
  const { json, status } = await send(`${sandbox.url}/api/1/accounts`, 'GET', { params: { login: 'no.such.person' } });
  expect([status, json]).toEqual([200, { login: 'no.such.person', id: 0, server_url: sandbox.url }]);
  expect((await send(`${sandbox.url}/api/1/accounts`, 'GET')).status).toBe(400);
});

test('a person signs in with login and password, and has the rights of the own roles', async () => {
  const id = administrator();
  const client = await constructClient(sandbox, 'pat.partner', { type: 'password', password: 'a good password' });
  expect(client.tenantId).toBe(sandbox.cast.tenants.partner);
  expect(field((await client.request('GET', '/users/me')).json, 'id')).toBe(id);
  expect((await client.attempt('GET', `/users/${sandbox.cast.buyer}`)).status).toBe(200);
  expect((await client.attempt('GET', `/users/${sandbox.cast.stranger}`)).status).toBe(404);
  sandbox.console.setRoles(id, [{ role: 'readonly_admin', tenantId: undefined }]);
  const { tenants, buyer } = sandbox.cast;
  const creation = { json: { type: 'api_client', tenant_id: tenants.partner } };
  const statuses = async () => [
    (await client.attempt('GET', `/users/${buyer}`)).status,
    (await client.attempt('POST', '/clients', creation)).status,
    (await client.attempt('GET', '/users/me')).status,
  ];
  expect(await statuses()).toEqual([200, 403, 200]);
  sandbox.console.setRoles(id, []);
  expect(await statuses()).toEqual([403, 403, 200]);
  sandbox.console.edit(id, { enabled: false });
  expect(await statuses()).toEqual([401, 401, 401]);
});

test('a wrong password is refused: 401 with the flat form for a token, and with the envelope for a resource', async () => {
  administrator();
  const wrong = { grant_type: 'password', username: 'pat.partner', password: 'wrong' };
  const token = await form(`${sandbox.url}/api/2/idp/token`, wrong);
  expect([token.status, field(token.json, 'error')]).toEqual([401, 'access_denied']);
  const me = await send(`${sandbox.url}/api/2/users/me`, 'GET', { headers: basic('pat.partner', 'wrong') });
  expect([me.status, field(me.json, 'error', 'code')]).toEqual([401, 401]);
  const client = sandbox.clients.partner;
  const asClient = await send(`${sandbox.url}/api/2/users/me`, 'GET', { headers: basic(client.id, client.secret) });
  expect(asClient.status).toBe(401);
});

test('an administrator makes an API client with login and password alone, and the client works from then on', async () => {
  const admin = administrator();
  const headers = basic('pat.partner', 'a good password');
  const me = await send(`${sandbox.url}/api/2/users/me`, 'GET', { headers });
  const asked = {
    type: 'api_client',
    tenant_id: field(me.json, 'tenant_id'),
    token_endpoint_auth_method: 'client_secret_basic',
    data: { client_name: 'A script' },
  };
  const made = await send(`${sandbox.url}/api/2/clients`, 'POST', { json: asked, headers });
  expect(made.status).toBe(201);
  expect(made.json).toMatchObject({
    ...asked,
    created_by: admin,
    status: 'enabled',
    client_secret: expect.any(String),
  });
  const grant = {
    type: 'client_credentials',
    id: String(field(made.json, 'client_id')),
    secret: String(field(made.json, 'client_secret')),
  } as const;
  const client = await constructClient(sandbox, 'pat.partner', grant);
  expect(client.tenantId).toBe(asked.tenant_id);
  expect(field((await client.request('GET', '/users/me')).json, 'id')).toBe(admin);
  const read = await client.request('GET', `/clients/${grant.id}`);
  expect(read.json).toMatchObject({ client_id: grant.id, data: { client_name: 'A script' } });
  expect(read.json).not.toHaveProperty('client_secret');
});

test('a client of an agent is made, changed, read and deleted, and its token ends with it', async () => {
  const client = await partnerClient(sandbox);
  const creation = { type: 'agent', tenant_id: client.tenantId, token_endpoint_auth_method: 'client_secret_basic' };
  const { json } = await client.request('POST', '/clients', { json: creation });
  const id = String(field(json, 'client_id'));
  expect(field(json, 'type')).toBe('agent');
  const secret = String(field(json, 'client_secret'));
  const agent = await constructClient(sandbox, 'agent', { type: 'client_credentials', id, secret });
  const data = { agent_type: 'BackupAgent', hostname: 'host-1' };
  expect((await client.request('PUT', `/clients/${id}`, { json: { data } })).json).toMatchObject({ data });
  expect((await client.request('GET', `/clients/${id}`)).json).toMatchObject({ client_id: id, data });
  expect((await client.request('DELETE', `/clients/${id}`)).status).toBe(204);
  expect((await agent.attempt('GET', '/users/me')).status).toBe(401);
  expect((await askToken(sandbox, { id, secret })).status).toBe(401);
  expect((await client.attempt('GET', `/clients/${id}`)).status).toBe(404);
});

test('a client that may not ask who it is does without it, as the switch says', async () => {
  sandbox.switches.set({ clientMe: 'refused' });
  await expect(partnerClient(sandbox)).rejects.toThrow('who am I got 401');
});
