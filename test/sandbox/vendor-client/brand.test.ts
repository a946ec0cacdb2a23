import { expect, test } from 'vitest';
import { field } from '../ask.ts';
import { sandbox, shareSandbox } from '../shared-sandbox.ts';
import { partnerClient, type VendorClient, versionOf } from './vendor-client.ts';

shareSandbox();

const brand = async (client: VendorClient, method: string, id: string, json?: object) => {
  const params = { version: await versionOf(client, `/tenants/${id}`) };
  return client.attempt(method, `/tenants/${id}/brand`, json === undefined ? { params } : { params, json });
};
const buyUrl = async (client: VendorClient, id = '') =>
  field((await client.request('GET', `/tenants/${id}/brand`, { params: { effective: 1 } })).json, 'upsell_url');

test('branding is switched on, gets a Buy URL that customers below see, and is switched off, one revision of the tenant at a time', async () => {
  const client = await partnerClient(sandbox);
  const { folder, customers } = sandbox.cast.tenants;
  const [, customer] = customers;
  expect(await buyUrl(client, customer)).toBe('https://buy.example.com');
  expect((await brand(client, 'POST', folder)).status).toBe(201);
  expect(await buyUrl(client, customer)).toBeNull();
  const set = await brand(client, 'PUT', folder, { upsell_url: 'https://shop.example.com', color: '#0a0a0a' });
  expect([set.status, field(set.json, 'upsell_url')]).toEqual([200, 'https://shop.example.com']);
  expect(await buyUrl(client, customer)).toBe('https://shop.example.com');
  expect((await brand(client, 'POST', folder)).status).toBe(409);
  expect(await versionOf(client, `/tenants/${folder}`)).toBe(3);
  const off = await brand(client, 'DELETE', folder);
  expect([off.status, off.text]).toEqual([204, '']);
  expect(await buyUrl(client, customer)).toBe('https://buy.example.com');
});

test('a PUT of a brand shows the brand or the tenant, as switched; a stale revision and a customer are refused', async () => {
  const client = await partnerClient(sandbox);
  const { folder, customers } = sandbox.cast.tenants;
  expect((await brand(client, 'POST', folder)).json).toMatchObject({ id: folder, brand_enabled: true, version: 2 });
  expect((await brand(client, 'PUT', folder, {})).json).toHaveProperty('upsell_url');
  sandbox.switches.set({ brandPut: 'tenant' });
  expect((await brand(client, 'PUT', folder, {})).json).toMatchObject({ id: folder, version: 4 });
  const stale = await client.attempt('PUT', `/tenants/${folder}/brand`, { params: { version: 1 }, json: {} });
  expect([stale.status, field(stale.json, 'error', 'code')]).toEqual([409, 1001]);
  expect((await client.attempt('DELETE', `/tenants/${folder}/brand`)).status).toBe(400);
  const customer = await brand(client, 'POST', customers[0] ?? '');
  expect([customer.status, field(customer.json, 'error', 'code')]).toEqual([400, 1027]);
});
