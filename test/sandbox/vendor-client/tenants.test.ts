import { expect, test } from 'vitest';
import { field, idsOf, items } from '../ask.ts';
import { sandbox, shareSandbox } from '../shared-sandbox.ts';
import { partnerClient, type VendorClient, versionOf } from './vendor-client.ts';

shareSandbox();

async function create(client: VendorClient, kind: string, name: string, parentId = client.tenantId): Promise<string> {
  const { status, json } = await client.request('POST', '/tenants', { json: { kind, name, parent_id: parentId } });
  expect([status, field(json, 'name'), field(json, 'kind')]).toEqual([201, name, kind]);
  return String(field(json, 'id'));
}

const children = async (client: VendorClient, id: string) =>
  items((await client.request('GET', `/tenants/${id}/children`)).json).map(String);

/** The vendor's examples send the revision and truth values as text. */
const put = async (client: VendorClient, id: string, change: object) => {
  const version = String(await versionOf(client, `/tenants/${id}`));
  return client.attempt('PUT', `/tenants/${id}`, { json: { ...change, version } });
};

const remove = async (client: VendorClient, id: string) =>
  client.attempt('DELETE', `/tenants/${id}`, { params: { version: await versionOf(client, `/tenants/${id}`) } });

test('the tree is walked from the root: children, names, users', async () => {
  const client = await partnerClient(sandbox);
  const seen: string[] = [];
  const walk = async (id: string): Promise<void> => {
    seen.push(String(field((await client.request('GET', `/tenants/${id}`)).json, 'name')));
    for (const user of items((await client.request('GET', `/tenants/${id}/users`)).json)) {
      expect((await client.request('GET', `/users/${user}`)).json).toHaveProperty('login');
    }
    for (const child of await children(client, id)) await walk(child);
  };
  await walk(client.tenantId);
  expect(seen).toContain('Unit of Customer 1');
  expect(seen).toHaveLength(8); // The partner, its folder, four customers, two units; not the one that manages itself.
});

test('a partner and a customer are made, found by name, described, moved, disabled and deleted', async () => {
  const client = await partnerClient(sandbox);
  const partner = await create(client, 'partner', 'A partner below');
  const customer = await create(client, 'customer', 'A customer to move');
  const below = await children(client, client.tenantId);
  expect(below).toEqual(expect.arrayContaining([partner, customer]));
  const info = await client.request('GET', '/tenants', { params: { uuids: below.join(',') } });
  expect(idsOf(info.json).toSorted()).toEqual(below.toSorted());
  const found = await client.request('GET', '/search', {
    params: { tenant: client.tenantId, text: 'A partner below' },
  });
  expect(items(found.json)).toMatchObject([{ obj_type: 'tenant', id: partner, name: 'A partner below' }]);

  const contact = { address1: 'new_address1', city: 'new_city', email: 'test@example.com', firstname: 'new_firstname' };
  const updated = await put(client, partner, { name: 'new_name', contact, language: 'de', internal_tag: 'tag-1' });
  expect(updated.json).toMatchObject({ id: partner, name: 'new_name', contact, language: 'de', internal_tag: 'tag-1' });

  const moved = await put(client, customer, { tenant_id: customer, parent_id: partner });
  expect([moved.status, field(moved.json, 'parent_id')]).toEqual([200, partner]);
  expect(await children(client, partner)).toEqual([customer]);
  expect(await children(client, client.tenantId)).not.toContain(customer);

  const early = await remove(client, partner);
  expect([early.status, field(early.json, 'error', 'code')]).toEqual([400, 1006]);
  for (const id of [customer, partner]) {
    expect((await put(client, id, { enabled: 'false' })).json).toMatchObject({ enabled: false });
    const gone = await remove(client, id);
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect((await client.attempt('GET', `/tenants/${id}`)).status).toBe(404);
  }
});

test('all tenants below are disabled and deleted, with those who are in them', async () => {
  const client = await partnerClient(sandbox);
  const { companyAdmin, unitUser } = sandbox.cast;
  for (const id of await children(client, client.tenantId)) {
    expect((await put(client, id, { enabled: 'false' })).status).toBe(200);
    expect((await remove(client, id)).status).toBe(204);
  }
  expect(await children(client, client.tenantId)).toEqual([]);
  for (const id of [companyAdmin, unitUser]) {
    expect((await client.attempt('GET', `/users/${id}`)).status).toBe(404);
    const last = await client.attempt('GET', `/users/${id}`, { params: { allow_deleted: 'true' } });
    expect(field(last.json, 'deleted_at')).toEqual(expect.any(String));
  }
});

test('a lock keeps out callers of other tenants, and its owner takes it off', async () => {
  const client = await partnerClient(sandbox);
  const partner = await create(client, 'partner', 'A locked partner');
  const lock = { update_lock: { owner_id: client.tenantId, enabled: 'true' } };
  const locked = await put(client, partner, lock);
  expect(locked.json).toMatchObject({ update_lock: { enabled: true, owner_id: client.tenantId } });
  expect((await put(client, partner, { name: 'still ours' })).status).toBe(200);
  const theirs = { update_lock: { owner_id: sandbox.cast.tenants.otherPartner, enabled: 'true' } };
  expect((await put(client, partner, theirs)).status).toBe(200);
  const refused = await put(client, partner, { update_lock: { enabled: 'false' } });
  expect([refused.status, field(refused.json, 'error', 'code')]).toEqual([403, 1012]);
  expect((await put(client, sandbox.cast.tenants.folder, lock)).status).toBe(200);
  const unlocked = await put(client, sandbox.cast.tenants.folder, { update_lock: { enabled: 'false' } });
  expect(unlocked.json).toMatchObject({ update_lock: { enabled: false, owner_id: null } });
});

test('access is limited for those above, and kept for the tenant itself', async () => {
  const client = await partnerClient(sandbox);
  const limited = await put(client, client.tenantId, { tenant_id: client.tenantId, ancestral_access: false });
  expect([limited.status, field(limited.json, 'ancestral_access')]).toEqual([200, false]);
  expect((await client.attempt('GET', `/users/${sandbox.cast.buyer}`)).status).toBe(200);
  const [customer = ''] = sandbox.cast.tenants.customers;
  expect((await put(client, customer, { ancestral_access: false })).status).toBe(200); // The last that is possible from above.
  expect((await client.attempt('GET', `/tenants/${customer}`)).status).toBe(404);
});

test('a place that cannot be, a name that is taken and a revision that moved are refused', async () => {
  const client = await partnerClient(sandbox);
  const { folder, customers, unit } = sandbox.cast.tenants;
  const post = async (kind: string, name: string, parentId: string) => {
    const { status, json } = await client.attempt('POST', '/tenants', { json: { kind, name, parent_id: parentId } });
    return [status, field(json, 'error', 'code')];
  };
  expect(await post('unit', 'A unit', folder)).toEqual([400, 1027]);
  expect(await post('root', 'Another cloud', folder)).toEqual([400, 400]);
  expect(await post('customer', 'Region North', client.tenantId)).toEqual([409, 1004]);
  expect(await post('unit', 'Another unit', customers[0] ?? '')).toEqual([201, undefined]);
  const stale = await client.attempt('PUT', `/tenants/${unit}`, { json: { version: 99, name: 'x' } });
  expect([stale.status, field(stale.json, 'error', 'code')]).toEqual([409, 1001]);
  const [first = ''] = customers;
  const intoItself = await put(client, first, { parent_id: unit });
  expect([intoItself.status, field(intoItself.json, 'error', 'code')]).toEqual([400, 1007]);
});

test('a new customer is in trial mode, is switched to production with all that was read, and stays there', async () => {
  const client = await partnerClient(sandbox);
  const customer = await create(client, 'customer', 'A customer on trial');
  const path = `/tenants/${customer}/pricing`;
  const read = await client.request('GET', path);
  expect(read.json).toMatchObject({ mode: 'trial', version: expect.any(Number), production_start_date: null });
  const pricing = { ...Object(read.json), mode: 'production', currency: 'USD' };
  expect((await client.request('PUT', path, { json: pricing })).json).toMatchObject({
    mode: 'production',
    currency: 'USD',
  });
  expect((await client.request('GET', `/tenants/${customer}`)).json).toMatchObject({ pricing_mode: 'production' });
  const stale = await client.attempt('PUT', path, { json: pricing });
  expect([stale.status, field(stale.json, 'error', 'code')]).toEqual([409, 1001]);
  const back = await client.attempt('PUT', path, { json: { version: await versionOf(client, path), mode: 'trial' } });
  expect([back.status, field(back.json, 'error', 'code')]).toEqual([400, 1027]);
});
