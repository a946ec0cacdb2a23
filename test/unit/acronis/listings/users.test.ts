/** Users and tenants as lists show them, and how they are asked for. */
import { describe, expect, test } from 'vitest';
import { parseTenantPage, tenantsQuery } from '../../../../src/acronis/listings/tenants.ts';
import { listQuery, parseUserPage } from '../../../../src/acronis/listings/users.ts';
import { id, tenant, wireUser } from '../support.ts';

const role = (name: string, on = tenant, more: object = {}) => ({ role_id: name, tenant_id: on, ...more });
const one = (fields: object) => {
  const page = parseUserPage({ items: [wireUser(1, { ...fields })] });
  return page?.items[0];
};

describe('a user of a list', () => {
  test('has what a selection is judged by, and nothing else of the person', () => {
    expect(
      one({ enabled: true, mfa_status: 'disabled', deleted_at: null, access_policies: [role('company_admin')] }),
    ).toEqual({
      id: id(1),
      tenantId: tenant,
      tenantKind: undefined,
      login: 'user1',
      enabled: true,
      isDeleted: false,
      isServiceAccount: false,
      isGuest: false,
      roles: ['company_admin'],
    });
  });

  test('has the roles of its own tenant that were not withdrawn', () => {
    const access_policies = [
      role('unit_admin'),
      role('company_admin', id(7)),
      role('backup_user', tenant, { deleted_at: '2026-01-01T00:00:00Z' }),
      role('protection_admin', tenant, { deleted_at: '0001-01-01T00:00:00Z' }),
    ];
    expect(one({ access_policies })?.roles).toEqual(['unit_admin', 'protection_admin']);
    expect(one({ access_policies: [] })?.roles).toEqual([]);
  });

  test.each([
    ['are missing', {}],
    ['are null', { access_policies: null }],
    ['are of another form', { access_policies: [{ role: 'company_admin' }] }],
  ])('has no known roles where they %s', (_, fields) => {
    expect(one(fields)).toMatchObject({ roles: undefined });
  });

  test('is a guest by a role anywhere, a service account by its MFA, and deleted by a time that is one', () => {
    expect(one({ access_policies: [role('sync_share_guest', id(7))] })?.isGuest).toBe(true);
    expect(one({ mfa_status: 'forcibly_disabled' })?.isServiceAccount).toBe(true);
    expect(one({ deleted_at: '2026-01-01T00:00:00Z' })?.isDeleted).toBe(true);
    expect(one({ deleted_at: '0001-01-01T00:00:00Z' })?.isDeleted).toBe(false);
  });
});

describe('a page', () => {
  test('says how many of its items are none', () => {
    const raw = { items: [wireUser(1), { id: 'x' }, null], paging: { cursors: { after: 'A==' } } };
    expect(parseUserPage(raw)).toMatchObject({ items: [{ id: id(1) }], unreadable: 2, after: 'A==' });
    expect(parseTenantPage({ items: [{ id: id(1), kind: 'customer' }, { kind: 'unit' }] })).toEqual({
      items: [{ id: id(1), kind: 'customer' }],
      unreadable: 1,
      after: undefined,
    });
  });

  test.each([[{}], [{ items: 'none' }], [null], ['<html>']])('is none where the response is %j', (raw) => {
    expect(parseUserPage(raw)).toBeUndefined();
    expect(parseTenantPage(raw)).toBeUndefined();
  });

  test('may be empty', () => {
    expect(parseUserPage({ items: null })).toEqual({ items: [], unreadable: 0, after: undefined });
  });
});

describe('a list is asked for', () => {
  test('with all its filters on the first page, and with the cursor alone from then on', () => {
    expect(String(listQuery({ root: tenant }))).toBe(
      `subtree_root_tenant_id=${tenant}&lod=full&with_access_policies=true&limit=1000`,
    );
    expect(String(listQuery({ after: 'A+/=' }))).toBe('after=A%2B%2F%3D');
    expect(String(tenantsQuery({ root: tenant }))).toBe(`subtree_root_id=${tenant}&lod=basic`);
    expect(String(tenantsQuery({ after: 'A' }))).toBe('after=A');
  });

  test("inside of an organization with the API's own filters", () => {
    const inside = { roles: ['company_admin', 'unit_admin'], tenantKinds: ['customer', 'unit'] };
    const query = listQuery({ root: tenant, inside });
    expect(Object.fromEntries(query)).toMatchObject({
      inside_organization: 'true',
      access_policies: 'company_admin,unit_admin',
      tenant_kinds: 'customer,unit',
    });
    expect(listQuery({ root: tenant, inside: { ...inside, roles: [] } }).has('access_policies')).toBe(false);
  });
});
