import { expect, test } from 'vitest';
import { field } from '../ask.ts';
import { sandbox, shareSandbox } from '../shared-sandbox.ts';
import { form, partnerClient, send, type VendorClient } from './vendor-client.ts';

shareSandbox();

const narrow = (client: VendorClient, tenantId: string, path = '/bc/idp/token') =>
  form(
    `${client.baseUrl}${path}`,
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: String(client.authHeader['authorization']).slice('Bearer '.length),
      scope: `urn:acronis.com:tenant-id:${tenantId}`,
    },
    client.authHeader,
  );

test("a partner's token is narrowed to one customer, and sees that customer alone", async () => {
  const client = await partnerClient(sandbox);
  const { tenants, companyAdmin, samRivers } = sandbox.cast;
  for (const path of ['/bc/idp/token', '/api/2/idp/token']) {
    const { status, json } = await narrow(client, tenants.customers[0] ?? '', path);
    expect([status, field(json, 'token_type')]).toEqual([200, 'bearer']);
    const headers = { authorization: `Bearer ${field(json, 'access_token')}` };
    const statusOf = async (what: string) => (await send(`${client.baseUrl}/api/2${what}`, 'GET', { headers })).status;
    expect(await statusOf(`/users/${companyAdmin}`)).toBe(200);
    expect(await statusOf(`/users/${samRivers}`)).toBe(404);
    expect(await statusOf(`/tenants/${tenants.partner}`)).toBe(404);
    const me = await send(`${client.baseUrl}/api/2/users/me`, 'GET', { headers });
    expect(field(me.json, 'tenant_id')).toBe(tenants.customers[0]);
  }
});

test('a narrowed token ends with the token that it was made from', async () => {
  const client = await partnerClient(sandbox);
  const { json } = await narrow(client, sandbox.cast.tenants.customers[0] ?? '');
  const headers = { authorization: `Bearer ${field(json, 'access_token')}` };
  const status = async () => (await send(`${client.baseUrl}/api/2/users/me`, 'GET', { headers })).status;
  expect(await status()).toBe(200);
  sandbox.console.revokeTokens(sandbox.clientId);
  expect(await status()).toBe(401);
});

test('a tenant out of reach, an assertion that is no token and a scope of another form are refused in the flat form', async () => {
  const client = await partnerClient(sandbox);
  const { otherPartner, partner } = sandbox.cast.tenants;
  const outside = await narrow(client, otherPartner);
  expect([outside.status, field(outside.json, 'error')]).toEqual([403, 'access_denied']);
  const noScope = await narrow(client, 'everything');
  expect([noScope.status, field(noScope.json, 'error')]).toEqual([400, 'invalid_request']);
  const noToken = await narrow({ ...client, authHeader: { authorization: 'Bearer none' } }, partner);
  expect([noToken.status, field(noToken.json, 'error')]).toEqual([401, 'access_denied']);
});
