/** Who matches a selection, as a table. */
import { describe, expect, test } from 'vitest';
import type { ListedUser } from '../../../../src/acronis/listings/users.ts';
import { policySpecSchema } from '../../../../src/api/policy/spec.ts';
import { globOf } from '../../../../src/fleet/selection/glob.ts';
import { selectorOf } from '../../../../src/fleet/selection/select.ts';
import { id, tenant } from '../../acronis/support.ts';

const admin: ListedUser = {
  id: id(1),
  tenantId: id(100),
  tenantKind: undefined,
  login: 'Ada@Customer.example',
  enabled: true,
  isDeleted: false,
  isServiceAccount: false,
  isGuest: false,
  roles: ['company_admin'],
};

const judge = (user: Partial<ListedUser>, spec: object = {}, kind: string | undefined = 'customer') => {
  const { kind: is, ...rest } = selectorOf(policySpecSchema.parse({ tenantID: tenant, ...spec }))(
    { ...admin, ...user },
    kind,
  );
  return 'why' in rest ? `${is}: ${rest.why}` : is;
};
const users = (selection: object) => ({ users: selection });

test.each<[string, Partial<ListedUser>, object, string]>([
  ['a company administrator of a customer', {}, {}, 'match'],
  ['one who has other roles too', { roles: ['backup_user', 'company_admin'] }, {}, 'match'],
  ['one who has another role alone', { roles: ['unit_admin'] }, {}, 'noMatch: otherRole'],
  ['one who has no role', { roles: [] }, {}, 'noMatch: otherRole'],
  [
    'one who has any of several roles',
    { roles: ['unit_admin'] },
    users({ roles: ['company_admin', 'unit_admin'] }),
    'match',
  ],
  ['one without a role, where any role will do', { roles: [] }, users({ roles: [] }), 'match'],
  ['one whose roles are not shown', { roles: undefined }, {}, 'unjudged: roles'],
  [
    'one whose roles are not shown, where any role will do',
    { roles: undefined },
    users({ roles: [] }),
    'unjudged: roles',
  ],
  ['one whose roles are not shown and who is disabled', { roles: undefined, enabled: false }, {}, 'noMatch: disabled'],
  ['a disabled one', { enabled: false }, {}, 'noMatch: disabled'],
  ['a disabled one, where these are meant too', { enabled: false }, users({ enabled: false }), 'match'],
  ['one of whom it is not shown whether it is enabled', { enabled: undefined }, {}, 'unjudged: enabled'],
  ['a deleted one', { isDeleted: true }, {}, 'noMatch: deleted'],
  ['a service account', { isServiceAccount: true }, users({ roles: [] }), 'noMatch: serviceAccount'],
  ['a guest', { isGuest: true }, users({ roles: [] }), 'noMatch: guest'],
  ['one whose login a glob matches', {}, users({ logins: ['x*', '*@customer.example'] }), 'match'],
  ['one whose login no glob matches', {}, users({ logins: ['x*', '*.test'] }), 'noMatch: otherLogin'],
  [
    'one whose login is not shown, where it is needed',
    { login: undefined },
    users({ logins: ['*'] }),
    'unjudged: login',
  ],
  ['one whose login is not shown, where it is not needed', { login: undefined }, {}, 'match'],
  [
    'one whose login is not shown and might be excluded',
    { login: undefined },
    users({ exclude: ['t*'] }),
    'unjudged: login',
  ],
  [
    'one who is excluded by id, however it is written',
    {},
    users({ exclude: [id(1).toUpperCase()] }),
    'noMatch: excluded',
  ],
  ['one who is excluded by login', {}, users({ exclude: ['ada@*'] }), 'noMatch: excluded'],
  ['one who is named and excluded', {}, users({ logins: ['ada@*'], exclude: ['ada@*'] }), 'noMatch: excluded'],
  ['one of a tenant below', {}, { includeSubtenants: false }, 'noMatch: otherTenant'],
  ['one of the tenant itself', { tenantId: tenant }, { includeSubtenants: false }, 'match'],
])('%s', (_, user, spec, judgement) => {
  expect(judge(user, spec)).toBe(judgement);
});

test.each<[string | undefined, object, string]>([
  ['unit', {}, 'noMatch: otherTenantKind'],
  ['partner', {}, 'noMatch: otherTenantKind'],
  [undefined, {}, 'unjudged: tenantKind'],
  ['unit', { tenantKinds: ['customer', 'unit'] }, 'match'],
  [undefined, { tenantKinds: ['partner', 'folder', 'customer', 'unit'] }, 'match'],
  ['a kind of tomorrow', { tenantKinds: ['partner', 'folder', 'customer', 'unit'] }, 'match'],
])('a company administrator of a tenant of kind %s with %j', (kind, spec, judgement) => {
  const { kind: is, ...rest } = selectorOf(policySpecSchema.parse({ tenantID: tenant, ...spec }))(admin, kind);
  expect('why' in rest ? `${is}: ${rest.why}` : is).toBe(judgement);
});

describe('a glob', () => {
  test.each([
    ['*', '', true],
    ['*', 'anything', true],
    ['', '', true],
    ['a', 'A', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['?', '😀', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['*@x.example', 'ada@x.example', true],
    ['*@x.example', 'ada@xyexample', false],
    ['ada+*', 'ada+test', true],
    ['[a-z]', 'b', false],
    ['[a-z]', '[a-z]', true],
    ['a**', 'a', true],
    ['müller', 'MÜLLER', true],
    ['müller', 'mu\u0308ller', true],
    ['a/b', 'a/b', true],
    ['*', 'a/b', true],
  ])('%j and %j: %j', (pattern, text, isMatch) => {
    expect(globOf(pattern)(text)).toBe(isMatch);
  });

  test('takes time in proportion to its text, whatever it is made of', () => {
    const glob = globOf(`${'*a'.repeat(40)}b`);
    const began = performance.now();
    expect(glob('a'.repeat(256))).toBe(false);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
