/**
 * JSON schemas of the objects, made from the CRDs, for editors (yaml-language-server) and kubeconform. Strict: a field that the CRD does not have is an error, as `kubectl
 * apply` says with its own validation. Rules in CEL have no JSON schema, and are left to the API server.
 */
import * as z from 'zod';

const crdSchema = z.object({
  spec: z.object({
    group: z.string(),
    names: z.object({ kind: z.string() }),
    versions: z.array(
      z.object({ name: z.string(), schema: z.object({ openAPIV3Schema: z.record(z.string(), z.unknown()) }) }),
    ),
  }),
});

/** Schemas by file name, as kubeconform finds them: `<kind>_<version>.json`. @throws ZodError where it is no CRD. */
export function schemasOf(crd: unknown): ReadonlyMap<string, object> {
  const { group, names, versions } = crdSchema.parse(crd).spec;
  return new Map(
    versions.map(({ name, schema: { openAPIV3Schema } }) => {
      const content = strict(openAPIV3Schema);
      const properties = isRecord(content['properties']) ? content['properties'] : {};
      return [
        `${names.kind.toLowerCase()}_${name}.json`,
        {
          $schema: 'http://json-schema.org/draft-07/schema#',
          ...content,
          properties: {
            ...properties,
            apiVersion: { type: 'string', enum: [`${group}/${name}`] },
            kind: { type: 'string', enum: [names.kind] },
            metadata: { type: 'object' },
          },
          required: [...new Set(['apiVersion', 'kind', 'metadata', ...requiredOf(content)])],
        },
      ];
    }),
  );
}

/** Without what only Kubernetes reads, and closed where properties are named. */
function strict(schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key.startsWith('x-kubernetes-')) continue;
    if (key === 'nullable') continue;
    kept[key] = key === 'properties' && isRecord(value) ? mapped(value) : nested(value);
  }
  if (isRecord(kept['properties']) && !('additionalProperties' in kept)) kept['additionalProperties'] = false;
  if (schema['nullable'] === true && typeof kept['type'] === 'string') kept['type'] = [kept['type'], 'null'];
  return kept;
}

const mapped = (properties: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, nested(value)]));

function nested(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nested);
  return isRecord(value) ? strict(value) : value;
}

const requiredOf = (schema: Readonly<Record<string, unknown>>): string[] =>
  z.array(z.string()).catch([]).parse(schema['required']);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
