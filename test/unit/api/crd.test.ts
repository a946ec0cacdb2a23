import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { accountSpecSchema } from '../../../src/api/account/spec.ts';
import { accountStatusSchema } from '../../../src/api/account/status.ts';
import { reasons } from '../../../src/api/conditions.ts';
import { customResourceDefinition, structural } from '../../../src/api/crd.ts';
import { policySpecSchema } from '../../../src/api/policy/spec.ts';
import { policyStatusSchema } from '../../../src/api/policy/status.ts';
import { specSchema } from '../../../src/api/spec.ts';
import { statusDefault, statusSchema } from '../../../src/api/status.ts';

/** Paths of the fields below a schema that have no description. */
function unexplained(schema: unknown, path: string): readonly string[] {
  const { properties = {}, items } = fieldSchema.parse(schema);
  const own = Object.entries(properties).flatMap(([name, field]) => [
    ...(fieldSchema.parse(field).description === undefined ? [`${path}.${name}`] : []),
    ...unexplained(field, `${path}.${name}`),
  ]);
  return items === undefined ? own : [...own, ...unexplained(items, `${path}[]`)];
}
const fieldSchema = z.looseObject({
  description: z.string().min(1).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
});

test.each([
  ['TenantUserUpsell', specSchema, statusSchema],
  ['AcronisAccount', accountSpecSchema, accountStatusSchema],
  ['TenantUpsellPolicy', policySpecSchema, policyStatusSchema],
])('every field of %s is explained to kubectl explain', (_kind, spec, status) => {
  expect([
    ...unexplained(structural(spec, 'spec'), 'spec'),
    ...unexplained(structural(status, 'status'), 'status'),
  ]).toEqual([]);
});

describe('a structural schema', () => {
  test.each<[string, z.ZodType, RegExp]>([
    ['a union', z.object({ a: z.union([z.string(), z.number()]) }), /^spec\.a: anyOf has no place in a CRD/],
    [
      'a discriminated union',
      z.discriminatedUnion('k', [z.object({ k: z.literal('a') }), z.object({ k: z.literal('b') })]),
      /^spec: \w+Of/,
    ],
    ['two conditions on one text', z.intersection(z.string().min(1), z.string().max(5)), /^spec: allOf/],
    ['two patterns', z.object({ a: z.string().regex(/a/).regex(/b/) }), /^spec\.a: allOf/],
    [
      'a reference to itself',
      z.object({
        get a() {
          return self.optional();
        },
      }),
      /\$ref|definitions/,
    ],
    ['a union inside a list', z.object({ a: z.array(z.union([z.string(), z.number()])) }), /^spec\.a\[\]: anyOf/],
    [
      'a union inside free fields',
      z.object({ a: z.record(z.string(), z.union([z.string(), z.number()])) }),
      /^spec\.a\{\}: anyOf/,
    ],
    ['never', z.object({ a: z.never() }), /^spec\.a: not/],
    ['an unknown keyword', z.object({ a: z.string().meta({ deprecated: true }) }), /^spec\.a: deprecated/],
    ['named fields and free ones', z.looseObject({ a: z.string() }), /^spec: named fields and free ones/],
  ])('cannot say %s, and the error names the place', (_, schema, problem) => {
    expect(() => structural(schema, 'spec')).toThrow(problem);
  });

  test.each<[string, z.ZodType]>([
    ['a date', z.object({ a: z.date() })],
    ['a check of its own kind', z.object({ a: z.custom() })],
    ['undefined', z.object({ a: z.undefined() })],
    ['a bigint', z.object({ a: z.bigint() })],
  ])('cannot say %s, which JSON has no word for', (_, schema) => {
    expect(() => structural(schema, 'spec')).toThrow();
  });

  test('may have fields that are named like keywords', () => {
    const schema = z.object({
      not: z.string(),
      anyOf: z.string(),
      $ref: z.string(),
      properties: z.object({ if: z.string() }),
    });
    expect(structural(schema, 'spec')).toMatchObject({
      properties: { not: { type: 'string' }, anyOf: { type: 'string' } },
    });
  });

  test('says nothing of limits that are only those of JavaScript', () => {
    expect(structural(z.object({ a: z.int() }), 'spec')).toEqual({
      type: 'object',
      properties: { a: { type: 'integer' } },
      required: ['a'],
    });
  });

  test('keeps limits that were meant', () => {
    expect(structural(z.object({ a: z.int().min(0).max(9) }), 'spec')).toMatchObject({
      properties: { a: { minimum: 0, maximum: 9 } },
    });
  });

  test('leaves the pruning of unknown fields to the API server', () => {
    expect(JSON.stringify(structural(z.strictObject({ a: z.strictObject({}) }), 'spec'))).not.toContain('additional');
  });
});

/** Every schema below a schema, with its path. */
function* schemasBelow(schema: unknown, path: string): Generator<[string, Record<string, unknown>]> {
  const node = z.record(z.string(), z.unknown()).safeParse(schema).data;
  if (node === undefined) return;
  yield [path, node];
  const fields = z.record(z.string(), z.unknown()).safeParse(node['properties']).data ?? {};
  for (const [name, field] of Object.entries(fields)) yield* schemasBelow(field, `${path}.${name}`);
  yield* schemasBelow(node['items'], `${path}[]`);
}

const crd = z
  .object({
    metadata: z.object({ name: z.string() }),
    spec: z.object({
      versions: z.tuple([
        z.looseObject({
          schema: z.object({
            openAPIV3Schema: z.looseObject({ properties: z.looseObject({ spec: z.unknown(), status: z.unknown() }) }),
          }),
        }),
      ]),
    }),
  })
  .parse(JSON.parse(JSON.stringify(customResourceDefinition())));
const root = crd.spec.versions[0].schema.openAPIV3Schema;
const all = [...schemasBelow(root, '')];

describe('the CustomResourceDefinition', () => {
  test('is named as Kubernetes wants it', () => {
    expect(crd.metadata.name).toBe('tenantuserupsells.upsell.acronis.com');
  });

  test('has no keyword that is not structural, anywhere', () => {
    const unstructural =
      /^(anyOf|oneOf|allOf|not|\$.*|const|prefixItems|patternProperties|propertyNames|if|then|else|definitions|uniqueItems|deprecated|id|readOnly|writeOnly|examples)$/;
    expect(all.length).toBeGreaterThan(20);
    for (const [path, schema] of all) {
      expect(
        Object.keys(schema).filter((key) => unstructural.test(key)),
        path,
      ).toEqual([]);
      expect(schema['type'], path).toMatch(/^(object|array|string|integer|boolean)$/);
    }
  });

  test('describes every field of spec and status', () => {
    const fields = all.filter(([path]) => /^\.(spec|status)\.\w+$/.test(path));
    expect(fields.map(([path]) => path)).toEqual([
      ...Object.keys(specSchema.shape).map((name) => `.spec.${name}`),
      ...Object.keys(statusSchema.shape).map((name) => `.status.${name}`),
    ]);
    for (const [path, schema] of fields) expect(schema['description'], path).toMatch(/^[A-Z].*\.$/);
  });

  test('limits every text and list that a user writes, as the cost of CEL wants it', () => {
    for (const [path, schema] of all.filter(([at]) => at.startsWith('.spec'))) {
      if (schema['type'] === 'string' && schema['enum'] === undefined)
        expect(schema['maxLength'], path).toBeGreaterThan(0);
      if (schema['type'] === 'array') expect(schema['maxItems'], path).toBeGreaterThan(0);
    }
  });

  test('has a sentence for every rule, and rules that a person can mend', () => {
    const rules = all.flatMap(([, schema]) =>
      z
        .array(z.object({ rule: z.string(), message: z.string().min(20) }))
        .parse(schema['x-kubernetes-validations'] ?? []),
    );
    expect(rules.length).toBeGreaterThanOrEqual(9);
  });

  test('keeps 64 bits for what Acronis and Kubernetes count with', () => {
    for (const name of ['observedVersion', 'observedGeneration'])
      expect(all.find(([path]) => path === `.status.${name}`)?.[1]).toMatchObject({ type: 'integer', format: 'int64' });
  });

  test('gives a new object a status that the operator can read', () => {
    expect(statusSchema.parse(statusDefault)).toEqual(statusDefault);
    expect(reasons).toContain(statusDefault.conditions?.[0]?.reason);
  });

  test('is the same each time it is made', () => {
    expect(JSON.stringify(customResourceDefinition())).toBe(JSON.stringify(customResourceDefinition()));
  });
});

const self: z.ZodType = z.lazy(() => z.object({ a: self.optional() }));
