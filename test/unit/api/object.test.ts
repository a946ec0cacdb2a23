import { describe, expect, test } from 'vitest';
import { splitKey, transformTenantUserUpsell } from '../../../src/api/object.ts';

const userID = '1c234e69-5469-424a-a6d1-ff5658b387a6';
const tenantID = 'ede9f834-70b3-476c-83d9-736f9f8c7dae';

/** An object as the API server sends one. */
const object = (parts: { metadata?: Record<string, unknown>; spec?: unknown; status?: unknown } = {}) => ({
  apiVersion: 'upsell.acronis.com/v1alpha1',
  kind: 'TenantUserUpsell',
  metadata: {
    namespace: 'team-a',
    name: 'john',
    uid: 'u-1',
    resourceVersion: '42',
    generation: 3,
    creationTimestamp: '2026-01-02T03:04:05Z',
    labels: { a: 'b' },
    managedFields: [{ manager: 'kubectl', fieldsV1: {} }],
    ...parts.metadata,
  },
  spec: 'spec' in parts ? parts.spec : { userID },
  ...('status' in parts ? { status: parts.status } : {}),
});

describe('the transform of an object', () => {
  test('keeps what a reconcile reads, and nothing else', () => {
    const metadata = {
      annotations: { 'upsell.acronis.com/requestedAt': 'now', other: 'x' },
      finalizers: ['upsell.acronis.com/revoke'],
      deletionTimestamp: '2026-01-02T03:05:00Z',
    };
    expect(transformTenantUserUpsell(object({ metadata, status: { observedVersion: 5, unknown: 1 } }))).toEqual({
      key: 'team-a/john',
      namespace: 'team-a',
      name: 'john',
      uid: 'u-1',
      resourceVersion: '42',
      generation: 3,
      createdAt: Date.parse('2026-01-02T03:04:05Z'),
      deletedAt: Date.parse('2026-01-02T03:05:00Z'),
      finalizers: ['upsell.acronis.com/revoke'],
      requestedAt: 'now',
      spec: {
        ok: true,
        value: {
          userID,
          businessTypes: ['buyer'],
          managementPolicy: 'Enforce',
          deletionPolicy: 'Retain',
          suspend: false,
        },
      },
      status: { observedVersion: 5 },
    });
  });

  test('of a young object has nothing where there is nothing', () => {
    expect(transformTenantUserUpsell(object())).toMatchObject({
      deletedAt: undefined,
      finalizers: [],
      requestedAt: undefined,
      status: {},
    });
  });

  test('has ids in lower case, as Acronis sends them', () => {
    const spec = { userID: userID.toUpperCase(), tenantID: tenantID.toUpperCase() };
    expect(transformTenantUserUpsell(object({ spec }))?.spec).toMatchObject({ ok: true, value: { userID, tenantID } });
  });

  test('does not change what it was made from', () => {
    const raw = object({ spec: { userID: userID.toUpperCase() } });
    const before = structuredClone(raw);
    transformTenantUserUpsell(raw);
    expect(raw).toEqual(before);
  });

  test.each<[string, unknown, RegExp]>([
    ['no spec', undefined, /^give exactly one of userID, login and externalID/],
    ['a spec null', null, /^give exactly one/],
    ['a wrong field', { userID: 'x' }, /^spec\.userID: userID is a UUID as the API shows it/],
    ['a wrong field inside', { userID, credentialsSecretRef: { name: 'A' } }, /^spec\.credentialsSecretRef\.name: /],
    ['two wrong fields', { userID: 'x', tenantID: 'y' }, /spec\.userID: .*; spec\.tenantID: /],
    ['a text', 'x', /./],
  ])('of an object with %s has the sentence that says what is wrong', (_, spec, problem) => {
    const projected = transformTenantUserUpsell(object({ spec }))?.spec;
    expect(projected).toMatchObject({ ok: false, problem: expect.stringMatching(problem) });
  });

  test('a login of a spec that is wrong is in no sentence', () => {
    const spec = { login: 'canary\nlogin', tenantID: 'canary' };
    expect(JSON.stringify(transformTenantUserUpsell(object({ spec }))?.spec)).not.toContain('canary');
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a text', 'x'],
    ['a list', []],
    ['conditions that are none', { conditions: [{ type: 'Ready' }] }],
    ['a revision that no number holds', { observedVersion: 2 ** 53 }],
  ])('of an object whose status is %s has an empty one, which the next reconcile fills', (_, status) => {
    expect(transformTenantUserUpsell(object({ status }))?.status).toEqual({});
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a text', 'x'],
    ['no metadata', { spec: { userID } }],
    ['no name', object({ metadata: { name: undefined } })],
    ['no namespace', object({ metadata: { namespace: undefined } })],
    ['no uid', object({ metadata: { uid: undefined } })],
    ['no resource version', object({ metadata: { resourceVersion: undefined } })],
  ])('of %s is none', (_, raw) => {
    expect(transformTenantUserUpsell(raw)).toBeUndefined();
  });

  test('pollutes no prototype, and finds no annotation that is not there', () => {
    const raw: unknown = JSON.parse(
      JSON.stringify(object({ metadata: { annotations: { a: 'b' } } })).replace(
        '"a":"b"}',
        '"__proto__":"x","constructor":"y","a":"b"}',
      ),
    );
    expect(transformTenantUserUpsell(raw)?.requestedAt).toBeUndefined();
    const nested: unknown = JSON.parse(
      JSON.stringify(object()).replace('"spec":{', '"spec":{"__proto__":{"suspend":true,"polluted":1},'),
    );
    const projected = transformTenantUserUpsell(nested);
    expect(projected?.spec.ok && projected.spec.value.suspend).not.toBe(true);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('a key', () => {
  test.each([
    ['team-a/john', 'team-a', 'john'],
    ['a/b/c', 'a', 'b/c'],
  ])('%s is taken apart at the first slash', (key, namespace, name) => {
    expect(splitKey(key)).toEqual({ namespace, name });
  });
});
