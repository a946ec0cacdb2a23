import { expect, test } from 'vitest';
import { field, items } from '../ask.ts';
import { sandbox, shareSandbox } from '../shared-sandbox.ts';
import { constructClient, partnerClient, type VendorClient, versionOf } from './vendor-client.ts';

shareSandbox();

const NIL = '00000000-0000-0000-0000-000000000000';

/** The body that the vendor's client sends for a new user: what it does not know is null, and the login is in the contact too. */
const newUser = (login: string, tenantId: string) => ({
  tenant_id: tenantId,
  login,
  contact: {
    login,
    email: `${login}@example.com`,
    address1: null,
    address2: null,
    state: null,
    zipcode: null,
    city: 'Lugano',
    phone: null,
    firstname: null,
    lastname: null,
  },
});

async function create(client: VendorClient, login: string, tenantId: string): Promise<string> {
  expect((await client.attempt('GET', '/users/check_login', { params: { username: login } })).status).toBe(204);
  const { status, json } = await client.request('POST', '/users', { json: newUser(login, tenantId) });
  expect(status).toBe(200);
  return String(field(json, 'id'));
}

const setRole = (client: VendorClient, userId: string, roles: readonly string[], tenantId: string) => {
  const policy = { id: NIL, issuer_id: NIL, trustee_id: userId, trustee_type: 'user', tenant_id: tenantId, version: 0 };
  const json = { items: roles.map((role) => ({ ...policy, role_id: role })) };
  return client.attempt('PUT', `/users/${userId}/access_policies`, { json });
};

/** The first role, or `user` where there is none. */
async function roleOf(client: VendorClient, userId: string): Promise<unknown> {
  const { json } = await client.request('GET', `/users/${userId}/access_policies`);
  return field(items(json)[0], 'role_id') ?? 'user';
}

test('a user is made in a new customer, activated, becomes administrator and buyer, is found, disabled and deleted', async () => {
  const client = await partnerClient(sandbox);
  const customer = await client.request('POST', '/tenants', {
    json: { parent_id: client.tenantId, name: 'A new customer', kind: 'customer', language: 'en' },
  });
  const tenantId = String(field(customer.json, 'id'));
  const id = await create(client, 'nina.new', tenantId);

  const made = await client.request('GET', `/users/${id}`);
  expect(made.json).toMatchObject({
    activated: false,
    enabled: true,
    business_types: [],
    notifications: ['quota', 'reports', 'backup_daily_report'],
    contact: { email: 'nina.new@example.com', city: 'Lugano', firstname: '', phone: '' },
    personal_tenant_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    version: 1,
  });
  expect(await roleOf(client, id)).toBe('user');

  const mail = await client.request('POST', `/users/${id}/send-activation-email`, { json: {} });
  expect([mail.status, mail.text]).toEqual([204, '']);
  expect(field((await client.request('GET', `/users/${id}`)).json, 'activated')).toBe(false);
  sandbox.console.activate(id, 'her own password');
  expect(field((await client.request('GET', `/users/${id}`)).json, 'activated')).toBe(true);

  expect((await setRole(client, id, ['company_admin'], tenantId)).status).toBe(200);
  expect(await roleOf(client, id)).toBe('company_admin');
  const herself = await constructClient(sandbox, 'nina.new', { type: 'password', password: 'her own password' });
  expect(herself.tenantId).toBe(tenantId);

  const version = await versionOf(client, `/users/${id}`);
  const buyer = await client.request('PUT', `/users/${id}`, { json: { version, business_types: ['buyer'] } });
  expect(buyer.json).toMatchObject({ business_types: ['buyer'], version: version + 1, activated: true });
  expect(field((await client.request('GET', `/users/${id}`)).json, 'business_types')).toEqual(['buyer']);

  const found = await client.request('GET', '/search', {
    params: { tenant: client.tenantId, text: 'nina.new', limit: 10 },
  });
  expect(items(found.json)).toMatchObject([{ obj_type: 'user', id, login: 'nina.new', parent_id: tenantId }]);

  const remove = async () =>
    client.attempt('DELETE', `/users/${id}`, { params: { version: await versionOf(client, `/users/${id}`) } });
  expect((await remove()).json).toMatchObject({ error: { code: 1027 } }); // It is enabled.
  const disabled = { version: await versionOf(client, `/users/${id}`), enabled: false };
  expect(field((await client.request('PUT', `/users/${id}`, { json: disabled })).json, 'enabled')).toBe(false);
  const gone = await remove();
  expect([gone.status, gone.text]).toEqual([204, '']);
  expect((await client.attempt('GET', `/users/${id}`)).status).toBe(404);
  const last = await client.request('GET', `/users/${id}`, { params: { allow_deleted: 'true' } });
  expect(field(last.json, 'deleted_at')).toEqual(expect.any(String));
  expect((await client.attempt('GET', '/users/check_login', { params: { username: 'nina.new' } })).status).toBe(204);
  expect(sandbox.ledger.writesOf(id).at(-1)).toMatchObject({ by: 'request', fields: ['deletedAt'] });
});

test('a user of a partner has no personal tenant, is renamed with all of the contact, and activated by a password', async () => {
  const client = await partnerClient(sandbox);
  const id = await create(client, 'paul.new', client.tenantId);
  expect((await client.request('GET', `/users/${id}`)).json).toMatchObject({ personal_tenant_id: null });
  const contact = {
    address1: 'new_address1',
    address2: 'new_address2',
    city: 'new_city',
    country: 'new_country',
    email: 'new_paul@example.com',
    firstname: 'new_Paul',
    lastname: 'new_Partner',
    phone: 'new_phone',
    state: 'new_state',
    zipcode: 'new_zipcode',
  };
  const version = await versionOf(client, `/users/${id}`);
  const updated = await client.request('PUT', `/users/${id}`, { json: { version, login: 'new_paul.new', contact } });
  expect(updated.json).toMatchObject({ login: 'new_paul.new', contact });
  const password = { version: await versionOf(client, `/users/${id}`), password: 'a password of 2019' };
  expect((await client.request('POST', `/users/${id}/password`, { json: password })).status).toBe(204);
  expect((await client.request('GET', `/users/${id}`)).json).toMatchObject({ activated: true });
  const stale = await client.attempt('POST', `/users/${id}/password`, { json: password });
  expect([stale.status, field(stale.json, 'error', 'code')]).toEqual([409, 1001]);
});

test('roles are rewritten as a whole, and one that cannot be is refused', async () => {
  const client = await partnerClient(sandbox);
  const id = await create(client, 'rosa.roles', client.tenantId);
  const { customers } = sandbox.cast.tenants;
  for (const role of ['hci_admin', 'partner_admin']) {
    expect((await setRole(client, id, [role], client.tenantId)).status).toBe(200);
    expect(await roleOf(client, id)).toBe(role);
  }
  const refused = async (roles: readonly string[], tenantId = client.tenantId) => {
    const { status, json } = await setRole(client, id, roles, tenantId);
    return [status, field(json, 'error', 'code')];
  };
  expect(await refused(['no_role'])).toEqual([400, 400]);
  expect(await refused(['company_admin'])).toEqual([400, 1027]); // A partner has no company administrators.
  expect(await refused(['unit_admin'], customers[0])).toEqual([400, 1027]);
  expect(await refused(['hci_admin', 'hci_admin'])).toEqual([409, 409]);
  expect(await refused(['hci_admin'], sandbox.cast.tenants.otherPartner)).toEqual([404, 404]);
  expect(await roleOf(client, id)).toBe('partner_admin');
  expect((await setRole(client, id, [], client.tenantId)).status).toBe(200);
  expect(await roleOf(client, id)).toBe('user');
});

test('a login that is taken, one that is none, and fields that are none are refused', async () => {
  const client = await partnerClient(sandbox);
  const post = async (change: object) => {
    const { status, json } = await client.attempt('POST', '/users', {
      json: { ...newUser('free.login', client.tenantId), ...change },
    });
    return [status, field(json, 'error', 'code')];
  };
  expect((await client.attempt('GET', '/users/check_login', { params: { username: 'JohnDoe' } })).status).toBe(409);
  expect(await post({ login: 'JohnDoe' })).toEqual([409, 409]);
  expect(await post({ login: 'with space' })).toEqual([400, 400]);
  expect(await post({ login: 'ab' })).toEqual([400, 1033]);
  expect(await post({ contact: {} })).toEqual([400, 400]);
  expect(await post({ nickname: 'x' })).toEqual([400, 400]);
  expect(await post({ tenant_id: sandbox.cast.tenants.otherPartner })).toEqual([404, 404]);
  const plain = await client.attempt('POST', '/users', { headers: { 'content-type': 'text/plain' } });
  expect(plain.status).toBe(415);
});

test('a deletion needs the revision of now', async () => {
  const client = await partnerClient(sandbox);
  const { disabled } = sandbox.cast;
  const remove = async (params: Record<string, number | string>) => {
    const { status, json } = await client.attempt('DELETE', `/users/${disabled}`, { params });
    return [status, field(json, 'error', 'code')];
  };
  expect(await remove({})).toEqual([400, 400]);
  expect(await remove({ version: 'x' })).toEqual([400, 400]);
  expect(await remove({ version: 99 })).toEqual([409, 1001]);
  expect((await remove({ version: 1 }))[0]).toBe(204);
});
