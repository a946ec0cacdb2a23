import * as fc from 'fast-check';
import { load } from 'js-yaml';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { specSchema } from '../../../../src/api/spec.ts';
import {
  ambiguousLogins,
  byTenantAndUser,
  type DocumentOptions,
  documentOf,
  type ImportedUser,
} from '../../../../src/cli/import/documents.ts';
import { maxUsersFor, policyDocument } from '../../../../src/cli/import/policy-document.ts';
import { yamlText } from '../../../../src/cli/import/yaml-text.ts';

const userID = '1c234e69-5469-424a-a6d1-ff5658b387a6';
const tenantID = 'ede9f834-70b3-476c-83d9-736f9f8c7dae';
const user = (login: string): ImportedUser => ({ userID, tenantID, login });
const options: DocumentOptions = {
  namespace: 'customers',
  by: 'login',
  nameOf: (id) => `u-${id}`,
  ambiguous: new Set(),
};
const parsed = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.record(z.string(), z.unknown()),
});

it.each(['1.1', '1.2'] as const)(
  'whatever a text holds, a YAML %s parser reads back the same text',
  async (version) => {
    const nasty = [
      'yes',
      'No',
      'null',
      '~',
      '1e3',
      'e0',
      'e-5',
      '0x10',
      '1:30',
      '2001-01-01',
      '- a',
      'a: b',
      '#x',
      "'",
      '"',
      '\\',
      '😀',
      '\u0085',
      '\u007f',
      '\ufeff',
      '=',
      '<<',
      '.inf',
      '@a',
      '`',
      '%',
    ];
    await fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...nasty), fc.string(), fc.string({ unit: 'grapheme' })), (text) => {
        expect(parse(`a: ${yamlText(text)}\n`, { version })).toEqual({ a: text });
        expect(load(`a: ${yamlText(text)}\n`)).toEqual({ a: text });
      }),
      { numRuns: 300 },
    );
  },
);

it('a document is an object that the CRD accepts, whatever the login holds', async () => {
  await fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (login) => {
      const { spec, metadata } = parsed.parse(parse(documentOf(user(login), options)));
      expect(specSchema.safeParse(spec).success).toBe(true);
      expect(metadata).toEqual({ name: `u-${userID}`, namespace: 'customers' });
    }),
  );
});

it('without --by login no login is in a document', () => {
  const text = documentOf(user('ada.admin'), { ...options, by: 'id' });
  expect(text).not.toContain('admin');
  expect(text).toBe(
    `---\napiVersion: upsell.acronis.com/v1alpha1\nkind: TenantUserUpsell\nmetadata:\n  name: u-${userID}\n  namespace: customers\nspec:\n  userID: ${userID}\n  tenantID: ${tenantID}\n`,
  );
});

it('a login that two users of a tenant have names neither: their objects name them by id', () => {
  const other = '00000000-0000-4000-8000-000000000001';
  const twins = [user('Twin'), { ...user('twin'), userID: other }];
  const ambiguous = ambiguousLogins([...twins, user('ada')]);
  const specs = [...twins, user('ada')].map(
    (each) => parsed.parse(parse(documentOf(each, { ...options, ambiguous }))).spec,
  );
  expect(specs).toEqual([
    { userID, tenantID },
    { userID: other, tenantID },
    { login: 'ada', tenantID },
  ]);
});

it('objects of an AcronisAccount or a Secret name it', () => {
  const text = documentOf(user('ada'), { ...options, reference: { kind: 'account', name: 'true' } });
  expect(parsed.parse(parse(text)).spec).toMatchObject({ accountRef: { name: 'true' } });
});

it('the order does not depend on the order of the list', () => {
  const users = ['c', 'a', 'b'].flatMap((tenant) =>
    ['2', '1'].map((id) => ({ userID: id, tenantID: tenant, login: '' })),
  );
  const sorted = users.toSorted(byTenantAndUser).map(({ tenantID: tenant, userID: id }) => tenant + id);
  expect(sorted).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
});

it('a policy for more users than its limit allows by default says a limit that lets them through', () => {
  expect(maxUsersFor(4_000, 5_000)).toBeUndefined();
  expect(maxUsersFor(30_000, 5_000)).toBe(36_000);
  const policy = { namespace: 'customers', tenantID, roles: ['company_admin'], maxUsersByDefault: 5_000 };
  expect(parse(policyDocument({ ...policy, matched: 30_000 }))).toEqual({
    apiVersion: 'upsell.acronis.com/v1alpha1',
    kind: 'TenantUpsellPolicy',
    metadata: { name: 'company-admin-ede9f834', namespace: 'customers' },
    spec: { tenantID, users: { roles: ['company_admin'] }, limits: { maxUsers: 36_000 } },
  });
  expect(parse(policyDocument({ ...policy, roles: [], matched: 1 }))).toMatchObject({ spec: { users: { roles: [] } } });
});
