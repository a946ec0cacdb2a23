/**
 * Whatever the previous version's CRDs accept is accepted by this version's, field by field: what is stored stays valid, and a manifest that was applied can be
 * applied again. CEL rules are not compared; the upgrade's own test puts objects through both.
 */
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { crdsOf, crdsOfToday, hasHistoryOf, previousVersion } from '../../support/earlier-version.ts';

const schemaSchema = z.looseObject({
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  required: z.array(z.string()).default([]),
  get properties() {
    return z.record(z.string(), schemaSchema).default({});
  },
  get items() {
    return schemaSchema.optional();
  },
});
type Schema = z.output<typeof schemaSchema>;
const crdSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    versions: z.array(
      z.object({ name: z.string(), served: z.boolean(), schema: z.object({ openAPIV3Schema: schemaSchema }) }),
    ),
  }),
});

/** By the CRD's name and the version's. */
function schemasOf(crds: string): ReadonlyMap<string, Schema> {
  const schemas = parseAllDocuments(crds).flatMap((document) => {
    const { metadata, spec } = crdSchema.parse(document.toJS());
    return spec.versions
      .filter(({ served }) => served)
      .map(({ name, schema }) => [`${metadata.name} ${name}`, schema.openAPIV3Schema] as const);
  });
  return new Map(schemas);
}

const upper = ['maxLength', 'maxItems', 'maxProperties', 'maximum'];
const lower = ['minLength', 'minItems', 'minProperties', 'minimum'];
const same = ['type', 'default', 'pattern', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys'];
const numberOf = (value: unknown): number | undefined => z.number().optional().catch(undefined).parse(value);

/** In which ways `after` accepts less than `before`, or means something else. */
function narrowed(before: Schema, after: Schema | undefined, path: string): readonly string[] {
  if (after === undefined) return [`${path} is gone`];
  const allowed = after.enum;
  return [
    ...same.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key])).map((key) => `${path}: ${key}`),
    ...upper
      .filter(
        (key) =>
          (numberOf(after[key]) ?? Number.POSITIVE_INFINITY) < (numberOf(before[key]) ?? Number.POSITIVE_INFINITY),
      )
      .map((key) => `${path}: a smaller ${key}`),
    ...lower
      .filter((key) => (numberOf(after[key]) ?? 0) > (numberOf(before[key]) ?? 0))
      .map((key) => `${path}: a larger ${key}`),
    ...(allowed !== undefined && !(before.enum ?? ['anything']).every((value) => allowed.includes(value))
      ? [`${path}: fewer values`]
      : []),
    ...after.required.filter((name) => !before.required.includes(name)).map((name) => `${path}.${name} is required`),
    ...Object.entries(before.properties).flatMap(([name, schema]) =>
      narrowed(schema, after.properties[name], `${path}.${name}`),
    ),
    ...(before.items === undefined ? [] : narrowed(before.items, after.items, `${path}[]`)),
  ];
}

const hasHistory = await hasHistoryOf(previousVersion.commit);
if (!hasHistory)
  console.warn(`This checkout has no history back to ${previousVersion.version}: its CRDs are not compared.`);

test.skipIf(!hasHistory)(`what the CRDs of ${previousVersion.version} accept is accepted by these`, async () => {
  const [before, after] = [schemasOf(await crdsOf(previousVersion.commit)), schemasOf(await crdsOfToday())];
  expect(before.size).toBeGreaterThan(0);
  expect([...before].flatMap(([name, schema]) => narrowed(schema, after.get(name), name))).toEqual([]);
});

test('a field that is gone, required, shorter, of another type or of fewer values is found', () => {
  const schema = (text: object): Schema => schemaSchema.parse(text);
  const before = schema({
    type: 'object',
    properties: {
      gone: {},
      type: { type: 'string' },
      short: { maxLength: 9 },
      values: { enum: ['a', 'b'] },
      list: { items: {} },
    },
  });
  const after = schema({
    type: 'object',
    required: ['added'],
    properties: {
      type: { type: 'integer' },
      short: { maxLength: 8 },
      values: { enum: ['b', 'c'] },
      list: { items: { minLength: 1 } },
      added: {},
    },
  });
  expect(narrowed(before, after, 'x')).toEqual([
    'x.added is required',
    'x.gone is gone',
    'x.type: type',
    'x.short: a smaller maxLength',
    'x.values: fewer values',
    'x.list[]: a larger minLength',
  ]);
  expect(narrowed(before, before, 'x')).toEqual([]);
});
