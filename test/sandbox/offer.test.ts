import { describe, expect, test } from 'vitest';
import { CHAPTER_TENANT } from '../../sandbox/acronis/seed.ts';
import { control, field, idsOf, items } from './ask.ts';
import { ask, sandbox, shareSandbox } from './shared-sandbox.ts';

// What an offer follows from: roles, branding, notifications, and who has which external id. Each in every form that the documents leave open.

shareSandbox();
const json = async (path: string) => (await ask('GET', path)).json;
const rolesIn = (user: unknown) =>
  Object.values(Object(field(user, 'access_policies'))).map((policy) => [
    field(policy, 'role_id'),
    field(policy, 'tenant_id'),
  ]);

describe('roles', () => {
  test('come with a user, a batch, a subtree and what changed, only where they are asked for, and never with a search', async () => {
    const { companyAdmin, tenants } = sandbox.cast;
    const [customer] = tenants.customers;
    const since = encodeURIComponent(new Date(Date.now() - 1000).toISOString());
    sandbox.console.touch(companyAdmin);
    for (const lod of ['stamps', 'basic', 'full']) {
      for (const query of [
        `uuids=${companyAdmin}`,
        `subtree_root_tenant_id=${CHAPTER_TENANT}&updated_since=${since}`,
      ]) {
        const without = await json(`/users?${query}&lod=${lod}`);
        const all = await json(`/users?${query}&lod=${lod}&with_access_policies=true`);
        expect(rolesIn(items(without)[0])).toEqual([]);
        expect(rolesIn(items(all)[0])).toEqual([['company_admin', customer]]);
      }
    }
    expect(await json(`/users/${companyAdmin}`)).not.toHaveProperty('access_policies');
    expect(rolesIn(await json(`/users/${companyAdmin}?with_access_policies=true`))).toEqual([
      ['company_admin', customer],
    ]);
    sandbox.switches.set({ policiesOfOne: 'ignored' });
    expect(await json(`/users/${companyAdmin}?with_access_policies=true`)).not.toHaveProperty('access_policies');
    const [hit] = items(await json(`/search?tenant=${customer}&text=ada.admin&with_access_policies=true`));
    expect(hit).toMatchObject({ login: 'ada.admin' });
    expect(hit).not.toHaveProperty('access_policies');
  });

  test('may be several, on other tenants too, and those on the own one follow the user', async () => {
    const { samRivers, tenants } = sandbox.cast;
    const [first = '', second = ''] = tenants.customers;
    const roles = ['company_admin', { role: 'company_admin', tenantId: first }, 'a_role_of_tomorrow'];
    expect((await control(sandbox, 'POST', `/users/${samRivers}/roles`, { roles })).status).toBe(200);
    const query = `/users?uuids=${samRivers}&with_access_policies=true`;
    expect(rolesIn(items(await json(query))[0])).toEqual([
      ['company_admin', second],
      ['company_admin', first],
      ['a_role_of_tomorrow', second],
    ]);
    sandbox.console.move(samRivers, tenants.unit);
    expect(rolesIn(items(await json(query))[0])[0]).toEqual(['company_admin', tenants.unit]);
    sandbox.console.setRoles(samRivers, []);
    expect(rolesIn(items(await json(query))[0])).toEqual([]);
    expect(items(await json(`/users/${samRivers}/access_policies`))).toEqual([]);
  });

  test.each([
    ['revision', 1, true],
    ['stamp', 0, true],
    ['nothing', 0, false],
  ] as const)('changed, move %s', async (roleChange, by, isInFeed) => {
    sandbox.switches.set({ roleChange });
    const { samRivers } = sandbox.cast;
    const before = await json(`/users/${samRivers}`);
    const since = encodeURIComponent(new Date(Date.now() - 1000).toISOString());
    sandbox.console.setRoles(samRivers, [{ role: 'company_admin', tenantId: undefined }]);
    const after = await json(`/users/${samRivers}`);
    expect(Number(field(after, 'version')) - Number(field(before, 'version'))).toBe(by);
    expect(field(after, 'updated_at') !== field(before, 'updated_at')).toBe(isInFeed);
    const feed = await json(`/users?subtree_root_tenant_id=${CHAPTER_TENANT}&updated_since=${since}`);
    expect(idsOf(feed)).toEqual(isInFeed ? [samRivers] : []);
  });
});

describe('branding', () => {
  const brand = (id = '', effective = 1) => ask('GET', `/tenants/${id}/brand?effective=${effective}`);

  test.each([
    ['above', ['https://partner', 'https://folder', 'https://partner', null]],
    ['own', ['https://partner', 'https://own', 'https://partner', 'https://partner']],
    ['parent', ['https://partner', 'https://folder', null, null]],
    ['never', [null, 'https://own', null, 'https://partner']],
  ] as const)('in force is that of %s', async (brandInForce, expected) => {
    const { partner, folder, unit, customers } = sandbox.cast.tenants;
    const [inPartner = '', inFolder = ''] = customers;
    sandbox.switches.set({ brandInForce });
    sandbox.console.setTenant(partner, { upsellUrl: 'https://partner' });
    sandbox.console.setTenant(folder, { brandEnabled: true, upsellUrl: 'https://folder' });
    sandbox.console.setTenant(inFolder, { brandEnabled: true, upsellUrl: 'https://own' });
    const urls = [inPartner, inFolder, unit, partner].map(async (id) => field((await brand(id)).json, 'upsell_url'));
    expect(await Promise.all(urls)).toEqual(expected);
  });

  test.each([
    ['default', 200, null],
    ['emptyUrl', 200, ''],
    ['emptyObject', 200, undefined],
    ['noContent', 204, undefined],
    ['notFound', 404, undefined],
  ] as const)('that there is not is %s', async (unbranded, status, url) => {
    const { partner, customers } = sandbox.cast.tenants;
    sandbox.switches.set({ unbranded });
    sandbox.console.setTenant(partner, { brandEnabled: false });
    for (const effective of [0, 1]) {
      const response = await brand(customers[0], effective);
      expect([response.status, field(response.json, 'upsell_url')]).toEqual([status, url]);
    }
  });

  test('may be forbidden to read, and changes as it is set', async () => {
    const { partner, customers } = sandbox.cast.tenants;
    sandbox.switches.set({ brandReads: 'forbidden' });
    expect((await brand(customers[0])).status).toBe(403);
    sandbox.switches.set({ brandReads: 'allowed' });
    const urls: unknown[] = [];
    for (const setting of [
      { upsellUrl: '' },
      { upsellUrl: null },
      { upsellUrl: 'https://b' },
      { brandEnabled: false },
    ]) {
      sandbox.console.setTenant(partner, setting);
      urls.push(field((await brand(customers[0])).json, 'upsell_url'));
    }
    expect(urls).toEqual(['', null, 'https://b', null]);
  });
});

describe('external ids', () => {
  const find = async (ids: readonly string[], tenant = sandbox.cast.tenants.customers[0]) =>
    idsOf(await json(`/users?external_ids=${ids.map(encodeURIComponent).join(',')}&tenant_id=${tenant}`));

  test('find the users of a tenant that have them: none, one, or several that share one', async () => {
    const { companyAdmin, buyer, samRivers } = sandbox.cast;
    for (const [id, externalId] of [
      [companyAdmin, 'crm-1'],
      [buyer, 'crm-2'],
      [samRivers, 'crm-1'],
    ] as const) {
      sandbox.console.edit(id, { externalId });
    }
    expect((await find(['crm-1', 'crm-2', 'crm-3'])).toSorted()).toEqual([companyAdmin, buyer].toSorted());
    expect(await find(['CRM-1'])).toEqual([]);
    sandbox.console.edit(buyer, { externalId: 'crm-1' });
    expect((await find(['crm-1'])).toSorted()).toEqual([companyAdmin, buyer].toSorted());
    sandbox.console.edit(companyAdmin, { externalId: null });
    expect(await find(['crm-1'])).toEqual([buyer]);
    expect(await json(`/users/${companyAdmin}`)).not.toHaveProperty('external_id');
    expect(await json(`/users/${buyer}`)).toHaveProperty('external_id', 'crm-1');
  });

  test('name a user no more that is deleted, or in another tenant, unless those below count too', async () => {
    const { buyer, tenants } = sandbox.cast;
    sandbox.console.edit(buyer, { externalId: 'crm-1' });
    sandbox.console.move(buyer, tenants.unit);
    expect(await find(['crm-1'])).toEqual([]);
    sandbox.switches.set({ externalIdScope: 'subtree' });
    expect(await find(['crm-1'])).toEqual([buyer]);
    sandbox.console.remove(buyer);
    expect(await find(['crm-1'])).toEqual([]);
  });

  test('can be what a fault strikes, and no other', async () => {
    const { customers } = sandbox.cast.tenants;
    sandbox.faults.add({ kind: 'status', status: 500, names: 'crm-2' });
    const status = async (ids: string) =>
      (await ask('GET', `/users?external_ids=${ids}&tenant_id=${customers[0]}`)).status;
    expect([await status('crm-1,crm-2'), await status('crm-1,crm-22'), await status('crm-2')]).toEqual([500, 200, 500]);
  });

  test('are 100 at most, in a tenant that the client may see', async () => {
    const ids = (count: number) => Array.from({ length: count }, (_, i) => `e-${i}`);
    expect(await find(ids(100))).toEqual([]);
    const { customers, otherPartner } = sandbox.cast.tenants;
    const status = async (query: string) => (await ask('GET', `/users?${query}`)).status;
    expect(await status(`external_ids=${ids(101).join(',')}&tenant_id=${customers[0]}`)).toBe(400);
    expect(await status(`external_ids=e-1&tenant_id=${otherPartner}`)).toBe(404);
  });
});

test('whether an offer reaches a person can be changed: notifications, enabled, activated', async () => {
  const { buyer } = sandbox.cast;
  const settings = { notifications: ['reports'], enabled: false, activated: false };
  expect((await control(sandbox, 'POST', `/users/${buyer}/edit`, settings)).status).toBe(200);
  expect(await json(`/users/${buyer}`)).toMatchObject({ ...settings, version: 3 });
  expect(items(await json(`/users?uuids=${buyer}`))[0]).toMatchObject(settings);
  const login = { login: 'new.buyer', tenantId: sandbox.cast.tenants.unit, roles: ['unit_admin'], externalId: 'crm-9' };
  const { json: added } = await control(sandbox, 'POST', '/users', login);
  expect(added).toMatchObject({ user: { external_id: 'crm-9', activated: false }, roles: [{ role: 'unit_admin' }] });
  const { json: activated } = await control(sandbox, 'POST', `/users/${field(added, 'user', 'id')}/activate`, {
    password: 'x',
  });
  expect(activated).toMatchObject({ user: { activated: true, version: 2 } });
  const never = await control(sandbox, 'POST', `/users/${buyer}/activate`, { password: 'x' });
  expect([never.status, field(never.json, 'error')]).toEqual([
    400,
    `No activation e-mail was sent to the user ${buyer}.`,
  ]);
});
