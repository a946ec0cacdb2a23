/**
 * The API server's judgement of good and bad objects beside zod's: they agree, and each refusal is a sentence that helps.
 * No operator runs here.
 */
import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { kubectl, kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { checkUpdate, specSchema } from '../../src/api/spec.ts';
import { minorVersionOf } from '../support/api-server-version.ts';
import { upsell } from './world.ts';

const namespace = `crd-${randomBytes(4).toString('hex')}`;
const userID = '1c234e69-5469-424a-a6d1-ff5658b387a6';
const tenantID = 'ede9f834-70b3-476c-83d9-736f9f8c7dae';
const minor = await minorVersionOf(inject('programs')['kube-apiserver']);

beforeAll(async () => {
  await kubectlOk(inject('controlPlane'), ['create', 'namespace', namespace]);
});

const run = (args: readonly string[], manifest: object) =>
  kubectl(inject('controlPlane'), [...args, '-n', namespace, '-f', '-'], { stdin: JSON.stringify(manifest) });

const good: readonly [what: string, spec: object][] = [
  ['a user by id', { userID }],
  ['a user by id in upper case', { userID: userID.toUpperCase() }],
  ['a user by id with a tenant', { userID, tenantID }],
  ['a user by login', { login: 'JohnDoe', tenantID }],
  [
    'a login with every odd character that Acronis allows',
    { login: "a.b@c_d-e+f:g!h#i$j%k^l*m={n}'o\\p`q/r?", tenantID },
  ],
  ['a login with letters of any script', { login: 'Žofie Dvořáková', tenantID }],
  ['a login of three characters that are more in UTF-16', { login: '😀😀😀', tenantID }],
  ['a user by external id', { externalID: 'crm-20417', tenantID }],
  ['an external id with every odd character but a comma', { externalID: "a b;c'd\\e/f?ž😀", tenantID }],
  ['businessTypes spelled out', { userID, businessTypes: ['buyer'] }],
  ['an account', { userID, accountRef: { name: 'eu2-partner' } }],
  [
    'every field',
    {
      userID,
      tenantID,
      businessTypes: ['buyer'],
      managementPolicy: 'Observe',
      deletionPolicy: 'Revoke',
      suspend: true,
      credentialsSecretRef: { name: 'acronis-credentials' },
    },
  ],
];

const bad: readonly [what: string, spec: object, sentence: RegExp][] = [
  ['nothing', {}, /give exactly one of userID, login and externalID/],
  ['both userID and login', { userID, login: 'JohnDoe', tenantID }, /give exactly one of userID, login and externalID/],
  ['a login without a tenant', { login: 'JohnDoe' }, /tenantID is needed with login/],
  ['a login of two characters', { login: 'ab', tenantID }, /at least 3 characters.*userID instead/],
  ['a login of two characters that are more in UTF-16', { login: '😀😀', tenantID }, /at least 3 characters/],
  ['a login with a space at its end', { login: 'John ', tenantID }, /remove them/],
  ['a login of two lines', { login: 'John\nDoe', tenantID }, /one line/],
  ['a login that is too long', { login: 'x'.repeat(257), tenantID }, /256/],
  [
    'both login and externalID',
    { login: 'JohnDoe', externalID: 'crm-1', tenantID },
    /give exactly one of userID, login and externalID/,
  ],
  [
    'all three ways to name a user',
    { userID, login: 'JohnDoe', externalID: 'crm-1', tenantID },
    /give exactly one of userID, login and externalID/,
  ],
  ['an external id without a tenant', { externalID: 'crm-1' }, /tenantID is needed with externalID/],
  ['an empty external id', { externalID: '', tenantID }, /externalID is not empty/],
  ['an external id with a comma', { externalID: 'a,b', tenantID }, /externalID has no comma.*userID instead/],
  ['an external id with a space at its end', { externalID: 'a ', tenantID }, /remove them/],
  ['an external id that is too long', { externalID: 'x'.repeat(257), tenantID }, /256/],
  ['a userID that is a login', { userID: 'JohnDoe' }, /userID is a UUID as the API shows it, such as/],
  ['a userID with braces', { userID: `{${userID}}` }, /userID is a UUID/],
  ['an empty userID', { userID: '' }, /userID is a UUID/],
  ['a tenantID that is a number', { userID, tenantID: '42' }, /tenantID is a UUID/],
  ['a type that there is not', { userID, businessTypes: ['seller'] }, /supported values: "buyer"/],
  ['no type at all', { userID, businessTypes: [] }, /at least 1 items/],
  ['the same type twice', { userID, businessTypes: ['buyer', 'buyer'] }, /Duplicate value/],
  [
    'a managementPolicy that there is not',
    { userID, managementPolicy: 'Enforced' },
    /supported values: "Enforce", "Observe"/,
  ],
  ['a deletionPolicy in lower case', { userID, deletionPolicy: 'retain' }, /supported values: "Retain", "Revoke"/],
  ['suspend as a word', { userID, suspend: 'yes' }, /suspend.*must be of type boolean/],
  ['a Secret without a name', { userID, credentialsSecretRef: {} }, /credentialsSecretRef\.name.*Required/],
  [
    'a Secret with a path as its name',
    { userID, credentialsSecretRef: { name: 'other/secret' } },
    /a Secret in this object's namespace/,
  ],
  [
    'both an account and a Secret',
    { userID, accountRef: { name: 'a' }, credentialsSecretRef: { name: 'b' } },
    /give accountRef or credentialsSecretRef, not both/,
  ],
  ['an account without a name', { userID, accountRef: {} }, /accountRef\.name.*Required/],
  ['an account in another namespace', { userID, accountRef: { name: 'a/b' } }, /name of an AcronisAccount/],
  ['null as userID', { userID: null }, /give exactly one of userID, login and externalID/],
];

/** kubectl has them refused; what is stored all the same, by a newer CRD, is read without them. */
const unknownFields: readonly [what: string, spec: object, sentence: RegExp][] = [
  [
    'a Secret of another namespace',
    { userID, credentialsSecretRef: { name: 'x', namespace: 'kube-system' } },
    /unknown field "spec\.credentialsSecretRef\.namespace"/,
  ],
  ['a field that there is not', { userID, userId: userID }, /unknown field "spec\.userId"/],
];

describe('a new object', () => {
  it.each(good)('with %s is accepted by both', async (_, spec) => {
    const { stderr, exitCode } = await run(['create', '--dry-run=server'], upsell('good', spec));
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(specSchema.safeParse(spec).error).toBeUndefined();
  });

  it.each(bad)('with %s is refused by both, with a sentence', async (_, spec, sentence) => {
    const { stderr, exitCode } = await run(['create', '--dry-run=server'], upsell('bad', spec));
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(sentence);
    expect(specSchema.safeParse(spec).success).toBe(false);
  });

  it.each(unknownFields)('with %s is refused by the API server, and read without it', async (_, spec, sentence) => {
    const { stderr, exitCode } = await run(['create', '--dry-run=server'], upsell('bad', spec));
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(sentence);
    const read = specSchema.parse(spec);
    expect(read).not.toHaveProperty('userId');
    expect(read.credentialsSecretRef ?? {}).not.toHaveProperty('namespace');
  });

  it('without a spec is refused by both', async () => {
    const { stderr, exitCode } = await run(['create', '--dry-run=server'], { ...upsell('bad', {}), spec: undefined });
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/spec: Required value/);
    expect(specSchema.safeParse(undefined).success).toBe(false);
  });

  it('gets the same defaults from both', async () => {
    const { stdout } = await run(['create', '--dry-run=server', '-o', 'json'], upsell('defaults', { userID }));
    expect(JSON.parse(stdout).spec).toEqual(specSchema.parse({ userID }));
  });
});

describe('a changed object', () => {
  const changes: readonly [what: string, from: object, to: object, refused: RegExp | undefined][] = [
    ['another userID', { userID }, { userID: tenantID }, /userID cannot be changed; delete this object/],
    [
      'a login instead of a userID',
      { userID, tenantID },
      { login: 'JohnDoe', tenantID },
      /cannot be changed; delete this object/,
    ],
    [
      'another login',
      { login: 'JohnDoe', tenantID },
      { login: 'JaneDoe', tenantID },
      /login cannot be changed; delete this object/,
    ],
    [
      'another externalID',
      { externalID: 'crm-1', tenantID },
      { externalID: 'crm-2', tenantID },
      /externalID cannot be changed; delete this object/,
    ],
    ['another tenantID', { userID, tenantID }, { userID, tenantID: userID }, /tenantID cannot be changed or removed/],
    ['no tenantID any more', { userID, tenantID }, { userID }, /tenantID cannot be changed or removed/],
    ['a tenantID where there was none', { userID }, { userID, tenantID }, undefined],
    [
      'another policy',
      { userID },
      { userID, deletionPolicy: 'Revoke', managementPolicy: 'Observe', suspend: true },
      undefined,
    ],
    [
      'another Secret',
      { userID, credentialsSecretRef: { name: 'a' } },
      { userID, credentialsSecretRef: { name: 'b' } },
      undefined,
    ],
  ];

  it.each(changes)('with %s has the same result from both', async (what, from, to, refused) => {
    const name = `change-${what.replaceAll(/\W+/g, '-').toLowerCase()}`;
    await run(['create'], upsell(name, from));
    const { stderr, exitCode } = await run(['replace'], upsell(name, to));
    const zodSays = checkUpdate(specSchema.parse(to), specSchema.parse(from));
    if (refused === undefined) {
      expect(stderr).toBe('');
      expect(zodSays).toBeUndefined();
    } else {
      expect(exitCode).not.toBe(0);
      expect(stderr).toMatch(refused);
      expect(zodSays).toMatch(refused);
    }
  });
});

describe('an object that no operator has reconciled', () => {
  it('is Pending by the default of its status, so that no tool takes it for finished', async () => {
    const { exitCode } = await run(['create'], upsell('fresh', { userID }));
    expect(exitCode).toBe(0);
    const reason = await kubectlOk(inject('controlPlane'), [
      'get',
      'tuu',
      'fresh',
      '-n',
      namespace,
      '-o',
      'jsonpath={.status.conditions[0].status} {.status.conditions[0].reason}',
    ]);
    expect(reason).toBe('Unknown Pending');
    const waiting = await kubectl(inject('controlPlane'), [
      'wait',
      '--for=condition=Ready',
      'tuu/fresh',
      '-n',
      namespace,
      '--timeout=1s',
    ]);
    expect(waiting.exitCode).not.toBe(0);
  });

  it('is found under its short name and its category, with the columns people look for', async () => {
    const table = await kubectlOk(inject('controlPlane'), ['get', 'acronis', '-n', namespace]);
    expect(table.split('\n')[0]?.trim().split(/\s+/)).toEqual([
      'NAME',
      'USER',
      'VERSION',
      'OFFER',
      'READY',
      'REASON',
      'AGE',
    ]);
  });

  // Before 1.31 a CRD has no selectable fields.
  it.skipIf(minor < 31)('is selected by the fields that people group objects by, without a list of all', async () => {
    const select = (selector: string) =>
      kubectlOk(inject('controlPlane'), ['get', 'tuu', '-n', namespace, '-o', 'name', '--field-selector', selector]);
    const name = 'tenantuserupsell.upsell.acronis.com/fresh';
    expect((await select(`spec.userID=${userID}`)).split('\n')).toContain(name);
    expect((await select(`spec.userID=${tenantID}`)).split('\n')).not.toContain(name);
    expect((await select('status.offer=BuyNow')).split('\n')).not.toContain(name);
  });

  it.each(['tuu', 'acct', 'tup'])('kubectl explain says of %s what each field of a condition means', async (kind) => {
    const text = await kubectlOk(inject('controlPlane'), ['explain', `${kind}.status.conditions`]);
    expect(text.replace(/\s+/g, ' ')).toContain('What the condition is about, such as Ready.');
    expect(text.replace(/\s+/g, ' ')).toContain('Unknown: the operator does not know');
  });
});
