import { describe, expect, test } from 'vitest';
import { isId, parseSearch, parseUser, parseUsers, type User, withShown } from '../../../src/acronis/user.ts';
import { parseExactJson } from '../../../src/base/exact-json.ts';
import { id, tenant, wireUser } from './support.ts';

const json = (text: string): unknown => parseExactJson(text);
/** The user that was read, or undefined. */
const userIn = (raw: unknown): User | undefined => {
  const read = parseUser(raw);
  return read.ok && read.shown.evidence.kind === 'seen' ? read.shown.evidence.user : undefined;
};
const usersOf = (raw: unknown): (User | undefined)[] | undefined =>
  parseUsers(raw)?.map(({ evidence }) => (evidence.kind === 'seen' ? evidence.user : undefined));
const parsed = (n: number, fields: Readonly<Record<string, unknown>> = {}) => ({
  id: id(n),
  tenantId: tenant,
  version: 1,
  businessTypes: [],
  login: `user${n}`,
  externalId: '',
  isCompanyAdmin: undefined,
  reach: 'notShown',
  ...fields,
});

describe('a user', () => {
  test('is what the operator needs and nothing else of a person', () => {
    const raw = wireUser(1, { business_types: ['buyer'], version: 7, enabled: true, mfa_status: 'disabled' });
    expect(userIn(raw)).toEqual(parsed(1, { version: 7, businessTypes: ['buyer'] }));
  });

  test.each([
    ['no business_types', { business_types: undefined }, []],
    ['business_types null', { business_types: null }, []],
    ['types that are not known yet, which a write must keep', { business_types: ['x', 'buyer'] }, ['x', 'buyer']],
  ])('%s', (_, fields, businessTypes) => {
    expect(userIn(wireUser(1, fields))?.businessTypes).toEqual(businessTypes);
  });

  const policy = (role_id: string, tenant_id = tenant, deleted_at: string | null = null) => ({
    role_id,
    tenant_id,
    deleted_at,
  });
  test.each([
    ['that role on its own tenant', [policy('backup_user'), policy('company_admin')], true],
    ['that role on another tenant', [policy('company_admin', id(9))], false],
    ['that role, revoked', [policy('company_admin', tenant, '2026-01-02T03:04:05')], false],
    ['another role', [policy('unit_admin'), policy('a_role_of_tomorrow')], false],
    ['no role', [], false],
    ['roles that are not shown', undefined, undefined],
    ['roles that are null', null, undefined],
    ['roles of another form', [{ role: 'company_admin' }], undefined],
  ])('is a company administrator by %s: %j', (_, access_policies, isCompanyAdmin) => {
    expect(userIn(wireUser(1, { access_policies }))?.isCompanyAdmin).toBe(isCompanyAdmin);
  });

  const on = { enabled: true, activated: true, notifications: ['reports', 'quota'] };
  test.each([
    ['one that is enabled, activated and subscribed', on, 'quotaOn'],
    ['one that is not subscribed', { ...on, notifications: ['reports'] }, 'quotaOff'],
    ['one without any notification', { ...on, notifications: [] }, 'quotaOff'],
    ['one that did not activate the account', { ...on, activated: false, notifications: [] }, 'userNotActivated'],
    ['one that is disabled', { ...on, enabled: false, activated: false }, 'userDisabled'],
    ['one whose notifications are not shown', { enabled: true, activated: true }, 'notShown'],
    ['one whose notifications have another form', { ...on, notifications: 'quota' }, 'notShown'],
    ['one of which nothing but notifications is shown', { notifications: ['quota'] }, 'quotaOn'],
  ])('is reached by mails about quotas: %s', (_, fields, reach) => {
    expect(userIn(wireUser(1, { enabled: undefined, ...fields }))?.reach).toBe(reach);
  });

  test('after a write is as it was read in what the response does not show', () => {
    const before = userIn(wireUser(1, { ...on, external_id: 'crm-1', access_policies: [policy('company_admin')] }));
    const after = userIn(wireUser(1, { version: 2, business_types: ['buyer'] }));
    if (before === undefined || after === undefined) throw new Error('both are users');
    expect(withShown(before, after)).toEqual({ ...before, version: 2, businessTypes: ['buyer'] });
    const shown = userIn(wireUser(1, { ...on, notifications: [], external_id: 'crm-2', access_policies: [] }));
    expect(shown && withShown(before, shown)).toEqual(shown);
  });

  test('without a login is a user all the same', () => {
    expect(userIn(wireUser(1, { login: null }))?.login).toBe('');
  });

  test('has its ids in lower case, however they come', () => {
    const raw = wireUser(1, { id: id(0xabcdef).toUpperCase(), tenant_id: tenant.toUpperCase() });
    expect(userIn(raw)).toMatchObject({ id: id(0xabcdef), tenantId: tenant });
  });

  test.each([0, 1, -1, 1_559_561_146_223, Number.MAX_SAFE_INTEGER])('may have the revision %d', (version) => {
    expect(userIn(wireUser(1, { version }))?.version).toBe(version);
  });

  test.each([
    ['2^53', '9007199254740992', 9_007_199_254_740_992n],
    ['2^53 + 1, which a double cannot hold', '9007199254740993', 9_007_199_254_740_993n],
    ['the largest of 64 bits', '9223372036854775807', 9_223_372_036_854_775_807n],
    ['the smallest of 64 bits', '-9223372036854775808', -9_223_372_036_854_775_808n],
  ])('may have the revision %s, exactly', (_, digits, version) => {
    expect(userIn(json(JSON.stringify(wireUser(1)).replace('"version":1', `"version":${digits}`)))?.version).toBe(
      version,
    );
  });

  test.each([
    ['one more than 64 bits hold', '9223372036854775808'],
    ['a number of 30 digits', '123456789012345678901234567890'],
    ['more than a number holds', '1e999'],
    ['a fraction', '1.5'],
    ['a text', '"1"'],
    ['null', 'null'],
    ['a list', '[1]'],
  ])('with a revision that cannot be sent back as it came is none: %s', (_, version) => {
    expect(userIn(json(JSON.stringify(wireUser(1)).replace('"version":1', `"version":${version}`)))).toBeUndefined();
  });

  test.each([
    ['no id', { id: undefined }],
    ['an id that is a number', { id: 5 }],
    ['an id that is a path', { id: '../tenants' }],
    ['an empty id', { id: '' }],
    ['no tenant', { tenant_id: undefined }],
    ['a tenant null', { tenant_id: null }],
    ['a type that is null', { business_types: ['buyer', null] }],
    ['a type that is a number', { business_types: [1] }],
    ['types that are a text', { business_types: 'buyer' }],
    ['types that are an object', { business_types: { 0: 'buyer', length: 1 } }],
    ['a login that is an object', { login: {} }],
  ])('is refused whole with %s: a write made from it could lose something', (_, fields) => {
    expect(userIn(wireUser(1, fields))).toBeUndefined();
  });

  test.each([undefined, null, 1, 'user', [], [wireUser(1)], {}])('is not %j', (raw) => {
    expect(userIn(raw)).toBeUndefined();
  });

  test('cannot be smuggled in by a prototype, and pollutes none', () => {
    const inherited = json(`{"__proto__":${JSON.stringify(wireUser(1))}}`);
    expect(userIn(inherited)).toBeUndefined();
    const polluting = json(
      JSON.stringify(wireUser(1)).replace(
        '{',
        '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},',
      ),
    );
    const user = userIn(polluting);
    expect(user).toEqual(parsed(1));
    expect(Object.getPrototypeOf(user)).toBe(Object.prototype);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('an id', () => {
  test.each([id(1), id(0xabcdef).toUpperCase(), tenant])('%s can be one', (text) => expect(isId(text)).toBe(true));
  test.each([
    '',
    '.',
    '..',
    '../x',
    `${id(1)} `,
    `${id(1)}\n`,
    ` ${id(1)}`,
    `${id(1)}/x`,
    `${id(1)},${id(2)}`,
    'johndoe',
    '5',
  ])('%j cannot be one', (text) => expect(isId(text)).toBe(false));
});

describe('a page of users', () => {
  test('with items null is empty, as some servers write it', () => {
    expect(parseUsers({ items: null })).toEqual([]);
  });

  test('leaves out what is not a user, and keeps the others', () => {
    const items = [null, wireUser(1), 'x', { id: id(2) }, wireUser(3, { business_types: [null] }), wireUser(4)];
    expect(usersOf({ items })?.map((user) => user?.id)).toEqual([id(1), id(4)]);
  });

  test('shows which of them were deleted, and the year 1 of some servers is no time', () => {
    const items = [
      wireUser(1, { deleted_at: '2026-01-02T03:04:05Z' }),
      wireUser(2, { deleted_at: '0001-01-01T00:00:00Z' }),
    ];
    expect(parseUsers({ items })?.map(({ evidence }) => evidence.kind)).toEqual(['gone', 'seen']);
  });

  test('may hold a user twice', () => {
    const items = [wireUser(1), wireUser(1, { version: 2 })];
    expect(usersOf({ items })?.map((user) => user?.version)).toEqual([1, 2]);
  });

  test.each([undefined, null, [], {}, { items: {} }, { items: 'x' }])('is not %j', (raw) =>
    expect(parseUsers(raw)).toBeUndefined(),
  );
});

describe("a search's response", () => {
  const hit = (n: number, fields: Readonly<Record<string, unknown>> = {}) => ({
    obj_type: 'user',
    id: id(n),
    login: `user${n}`,
    parent_id: tenant,
    first_name: 'John',
    path: ['Partner'],
    ...fields,
  });

  test('has the users among what was found, and counts everything', () => {
    const items = [
      hit(1),
      { obj_type: 'tenant', id: 5, name: 'T' },
      hit(2, { login: null, parent_id: null }),
      null,
      {},
    ];
    expect(parseSearch({ items })).toEqual({
      users: [
        { id: id(1), login: 'user1', tenantId: tenant },
        { id: id(2), login: '', tenantId: '' },
      ],
      found: 5,
    });
  });

  test('has ids in lower case', () => {
    const items = [hit(1, { id: id(0xab).toUpperCase(), parent_id: tenant.toUpperCase() })];
    expect(parseSearch({ items })?.users).toEqual([{ id: id(0xab), login: 'user1', tenantId: tenant }]);
  });

  test('with items null found nothing', () => {
    expect(parseSearch({ items: null })).toEqual({ users: [], found: 0 });
  });

  test.each([
    ['a user without an id', { items: [hit(1), hit(2, { id: undefined })] }],
    ['a user whose id is a path', { items: [hit(1, { id: '..' })] }],
    ['no items', {}],
    ['items that are no list', { items: {} }],
    ['null', null],
    ['a list', [hit(1)]],
  ])('with %s is refused, as a user left out would make another look like the only one', (_, raw) => {
    expect(parseSearch(raw)).toBeUndefined();
  });
});
