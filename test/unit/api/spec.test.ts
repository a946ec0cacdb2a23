import { describe, expect, test } from 'vitest';
import { checkUpdate, type Spec, specSchema } from '../../../src/api/spec.ts';

const userID = '1c234e69-5469-424a-a6d1-ff5658b387a6';
const tenantID = 'ede9f834-70b3-476c-83d9-736f9f8c7dae';
const byLogin = { login: 'johndoe', tenantID };

const problemsOf = (spec: unknown): string[] =>
  (specSchema.safeParse(spec).error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`);

describe('a spec', () => {
  test('of a user alone gets every default', () => {
    expect(specSchema.parse({ userID })).toEqual({
      userID,
      businessTypes: ['buyer'],
      managementPolicy: 'Enforce',
      deletionPolicy: 'Retain',
      suspend: false,
    });
  });

  test.each<[string, unknown]>([
    ['userID', { userID }],
    ['userID in upper case', { userID: userID.toUpperCase() }],
    ['userID with a tenant', { userID, tenantID }],
    ['login with its tenant', byLogin],
    ['an account', { userID, accountRef: { name: 'eu2-partner' } }],
    ['a login of three characters', { ...byLogin, login: 'abc' }],
    ['a login of three characters outside the basic plane', { ...byLogin, login: '\u{1f600}\u{1f600}\u{1f600}' }],
    ['a login of 256 characters', { ...byLogin, login: 'a'.repeat(256) }],
    ['a login of 256 characters outside the basic plane', { ...byLogin, login: '\u{1f600}'.repeat(256) }],
    ['a login with a space inside', { ...byLogin, login: 'john doe' }],
    ['a login of every sign that Acronis allows', { ...byLogin, login: 'j.@_-+:!#$%^*={}’\\`/?1' }],
    ['an external id with its tenant', { externalID: 'crm-1', tenantID }],
    ['an external id of one character', { externalID: '1', tenantID }],
    ['an external id of 256 characters outside the basic plane', { externalID: '\u{1f600}'.repeat(256), tenantID }],
    ['businessTypes', { userID, businessTypes: ['buyer'] }],
    ['Observe', { userID, managementPolicy: 'Observe' }],
    ['Revoke', { userID, deletionPolicy: 'Revoke' }],
    ['suspend', { userID, suspend: true }],
    ['a Secret', { userID, credentialsSecretRef: { name: 'acronis-credentials.v2' } }],
    ['a Secret with a name of one character', { userID, credentialsSecretRef: { name: 'a' } }],
    ['a Secret with the longest name', { userID, credentialsSecretRef: { name: 'a'.repeat(253) } }],
  ])('is good with %s', (_, spec) => {
    expect(problemsOf(spec)).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ['no user', {}, 'give exactly one of userID, login and externalID'],
    ['a tenant alone', { tenantID }, 'give exactly one of userID, login and externalID'],
    ['both', { userID, ...byLogin }, 'give exactly one of userID, login and externalID'],
    ['a login without its tenant', { login: 'johndoe' }, 'tenantID: tenantID is needed with login'],
    ['a userID that is none', { userID: 'johndoe' }, 'userID: userID is a UUID'],
    ['a userID with a line end', { userID: `${userID}\n` }, 'userID: userID is a UUID'],
    ['a userID in braces', { userID: `{${userID}}` }, 'userID: userID is a UUID'],
    ['a userID with a path', { userID: `${userID}/../x` }, 'userID: userID is a UUID'],
    ['an empty userID', { userID: '' }, 'userID: userID is a UUID'],
    ['a userID without hyphens', { userID: userID.replaceAll('-', '') }, 'userID: userID is a UUID'],
    ['a tenantID that is none', { userID, tenantID: 'x' }, 'tenantID: tenantID is a UUID'],
    ['a login of two characters', { ...byLogin, login: 'ab' }, 'login: login has at least 3 characters'],
    ['a login of two wide characters', { ...byLogin, login: '\u{1f600}\u{1f600}' }, 'login: login has at least 3'],
    ['an empty login', { ...byLogin, login: '' }, 'login: login has at least 3 characters'],
    ['a login of 257 characters', { ...byLogin, login: 'a'.repeat(257) }, 'login: login has at most 256 characters'],
    ['a login with a space at its end', { ...byLogin, login: 'john ' }, 'login: login is one line'],
    ['a login with a space at its beginning', { ...byLogin, login: ' john' }, 'login: login is one line'],
    ['a login of two lines', { ...byLogin, login: 'john\ndoe' }, 'login: login is one line'],
    ['a login with a line end', { ...byLogin, login: 'john\n' }, 'login: login is one line'],
    [
      'a login and an external id',
      { ...byLogin, externalID: 'crm-1' },
      'give exactly one of userID, login and externalID',
    ],
    ['all three', { ...byLogin, userID, externalID: 'crm-1' }, 'give exactly one of userID, login and externalID'],
    ['an external id without its tenant', { externalID: 'crm-1' }, 'tenantID: tenantID is needed with externalID'],
    ['an empty external id', { externalID: '', tenantID }, 'externalID: externalID is not empty'],
    ['an external id with a comma', { externalID: 'a,b', tenantID }, 'externalID: externalID has no comma'],
    ['an external id with a space at its end', { externalID: 'a ', tenantID }, 'externalID: externalID is one line'],
    [
      'an external id of 257 characters',
      { externalID: 'a'.repeat(257), tenantID },
      'externalID: externalID has at most 256',
    ],
    ['no type', { userID, businessTypes: [] }, 'businessTypes: '],
    [
      'a type twice',
      { userID, businessTypes: ['buyer', 'buyer'] },
      'businessTypes: businessTypes names each type once',
    ],
    ['a type that does not exist', { userID, businessTypes: ['seller'] }, 'businessTypes.0: '],
    ['a type in upper case', { userID, businessTypes: ['Buyer'] }, 'businessTypes.0: '],
    ['types that are a text', { userID, businessTypes: 'buyer' }, 'businessTypes: '],
    ['a policy that does not exist', { userID, managementPolicy: 'Ignore' }, 'managementPolicy: '],
    ['a deletion policy that does not exist', { userID, deletionPolicy: 'Delete' }, 'deletionPolicy: '],
    ['suspend as a text', { userID, suspend: 'true' }, 'suspend: '],
    ['a Secret without a name', { userID, credentialsSecretRef: {} }, 'credentialsSecretRef.name: '],
    [
      'a Secret by a path',
      { userID, credentialsSecretRef: { name: '../b/a' } },
      'credentialsSecretRef.name: credentialsSecretRef.name is the name',
    ],
    [
      'a Secret by dots',
      { userID, credentialsSecretRef: { name: '..' } },
      'credentialsSecretRef.name: credentialsSecretRef.name is the name',
    ],
    ['a Secret in upper case', { userID, credentialsSecretRef: { name: 'A' } }, 'credentialsSecretRef.name: '],
    [
      'a Secret with too long a name',
      { userID, credentialsSecretRef: { name: 'a'.repeat(254) } },
      'credentialsSecretRef.name: ',
    ],
    [
      'an account and a Secret',
      { userID, accountRef: { name: 'a' }, credentialsSecretRef: { name: 'b' } },
      'accountRef: give accountRef or credentialsSecretRef, not both',
    ],
    ['an account by a path', { userID, accountRef: { name: 'b/a' } }, 'accountRef.name: accountRef.name is the name'],
    ['null', null, ': '],
    ['a list', [], ': '],
    ['a text', 'x', ': '],
  ])('is bad with %s, and the sentence begins with the field', (_, spec, problem) => {
    expect(problemsOf(spec).some((each) => each.includes(problem))).toBe(true);
  });

  test.each([
    { userID, priority: 1 },
    { userID, accountRef: { name: 'x', namespace: 'y' } },
    { userID, credentialsSecretRef: { name: 'a', key: 'b' } },
  ])('with a field of a newer version is read without it: %j', (spec) => {
    expect(problemsOf(spec)).toEqual([]);
  });

  test('takes the prototype for no field', () => {
    expect(specSchema.safeParse(JSON.parse(`{"__proto__":{"userID":"${userID}"}}`)).success).toBe(false);
  });
});

describe('a change of a spec', () => {
  const spec = (fields: Record<string, unknown>): Spec => specSchema.parse(fields);
  const fixed = /cannot be changed/;

  test.each<[string, Record<string, unknown>, Record<string, unknown>, RegExp | undefined]>([
    ['nothing', { userID }, { userID }, undefined],
    ['another user', { userID }, { userID: tenantID }, /^userID cannot be changed/],
    ['the letter case of the user', { userID }, { userID: userID.toUpperCase() }, /^userID cannot be changed/],
    ['from user to login', { userID, tenantID }, byLogin, /^userID cannot be changed/],
    ['from login to user', byLogin, { userID, tenantID }, /^userID cannot be changed/],
    ['another login', byLogin, { ...byLogin, login: 'janedoe' }, /^login cannot be changed/],
    [
      'another external id',
      { externalID: 'a', tenantID },
      { externalID: 'b', tenantID },
      /^externalID cannot be changed/,
    ],
    ['from login to external id', byLogin, { externalID: 'a', tenantID }, /^login cannot be changed/],
    ['another tenant', { userID, tenantID }, { userID, tenantID: userID }, /^tenantID cannot be changed/],
    ['a tenant removed', { userID, tenantID }, { userID }, /^tenantID cannot be changed or removed/],
    ['a tenant that was not there', { userID }, { userID, tenantID }, undefined],
    [
      'the policies',
      { userID },
      { userID, managementPolicy: 'Observe', deletionPolicy: 'Revoke', suspend: true },
      undefined,
    ],
    [
      'the Secret',
      { userID, credentialsSecretRef: { name: 'a' } },
      { userID, credentialsSecretRef: { name: 'b' } },
      undefined,
    ],
    ['the Secret removed', { userID, credentialsSecretRef: { name: 'a' } }, { userID }, undefined],
  ])('%s', (_, before, after, problem) => {
    const said = checkUpdate(spec(after), spec(before));
    if (problem === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(problem);
    if (problem !== undefined) expect(said).toMatch(fixed);
  });
});
