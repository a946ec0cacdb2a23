/** The fields of the kinds: as this program knows them, and as the API server serves them (OpenAPI v3, which every authenticated caller may read). */
import * as z from 'zod';
import { accountDefinition } from '../../api/account/crd.ts';
import { customResourceDefinition, type JsonSchema } from '../../api/crd.ts';
import { apiGroup, apiVersion } from '../../api/names.ts';
import { policyDefinition } from '../../api/policy/crd.ts';
import type { CrdFields } from './cluster.ts';

/** Where the API server describes the kinds. */
export const openApiPath = `/openapi/v3/apis/${apiGroup}/${apiVersion}`;

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly items?: Schema | undefined;
}
const schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({ properties: z.record(z.string(), schema).optional(), items: schema.optional() }),
);
const document = z.object({
  components: z.object({
    schemas: z.record(
      z.string(),
      z.looseObject({ 'x-kubernetes-group-version-kind': z.array(z.object({ kind: z.string() })).optional() }),
    ),
  }),
});
const definition = z.object({
  spec: z.object({
    names: z.object({ kind: z.string() }),
    versions: z.tuple([z.object({ schema: z.object({ openAPIV3Schema: schema }) })]),
  }),
});

/** The paths of all fields below spec and status, such as `spec.accountRef.name`. */
function fieldsOf({ properties, items }: Schema, path = ''): readonly string[] {
  const below = Object.entries(properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    return [...(path === '' ? [] : [at]), ...fieldsOf(field, at)];
  });
  return items === undefined ? below : [...below, ...fieldsOf(items, path)];
}
const ofObject = ({ properties = {} }: Schema): readonly string[] =>
  fieldsOf({
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => name === 'spec' || name === 'status')),
  });

/** By kind. */
export function knownFields(
  definitions: readonly JsonSchema[] = [customResourceDefinition(), accountDefinition(), policyDefinition()],
): ReadonlyMap<string, readonly string[]> {
  return new Map(
    definitions.map((each) => {
      const { spec } = definition.parse(each);
      return [spec.names.kind, ofObject(spec.versions[0].schema.openAPIV3Schema)];
    }),
  );
}

/** @param raw the response of `openApiPath`. @returns undefined where it is none. */
export function servedFields(
  raw: unknown,
  known: ReadonlyMap<string, readonly string[]>,
): { readonly served: readonly CrdFields[]; readonly absent: readonly string[] } | undefined {
  const parsed = document.safeParse(raw).data;
  if (parsed === undefined) return undefined;
  const found = new Map<string, readonly string[]>();
  for (const each of Object.values(parsed.components.schemas)) {
    const kind = each['x-kubernetes-group-version-kind']?.[0]?.kind;
    if (kind !== undefined && known.has(kind)) found.set(kind, ofObject(schema.parse(each)));
  }
  return {
    served: [...found].map(([kind, served]) => ({ kind, served, known: known.get(kind) ?? [] })),
    absent: [...known.keys()].filter((kind) => !found.has(kind)),
  };
}
