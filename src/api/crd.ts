/**
 * The CustomResourceDefinition, made from the zod schemas. zod writes OpenAPI 3.0; this turns it into the narrower
 * "structural schema" of Kubernetes and refuses, by throwing, whatever that cannot say, so that no rule is lost on the way.
 */
import * as z from 'zod';
import { apiGroup, apiVersion, tenantUserUpsells } from './names.ts';
import { celKey } from './rules.ts';
import { specSchema } from './spec.ts';
import { statusDefault, statusSchema } from './status.ts';

export type JsonSchema = { [key: string]: unknown };

/** The keywords of a structural schema that are used here. Any other is refused: the API server drops, with a warning at most, what it does not know. */
const structuralKeywords: ReadonlySet<string> = new Set([
  'type',
  'description',
  'format',
  'default',
  'nullable',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'items',
  'minItems',
  'maxItems',
  'properties',
  'required',
  'additionalProperties',
  'minProperties',
  'maxProperties',
  'x-kubernetes-validations',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
]);

/** @throws Error naming the path of what has no structural form. */
export function structural(schema: z.ZodType, path: string): JsonSchema {
  const json = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    // What has no JSON Schema comes out without a type, and is refused below unless its own meta says the type.
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // An integer that is a bigint where a number would not hold it.
      if (jsonSchema.type === 'integer' && jsonSchema.format === 'int64') delete jsonSchema.anyOf;
      // Pruning drops unknown fields already, and the API server does not accept both together.
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  refuseUnstructural(json, path);
  return { ...json };
}

function refuseUnstructural(schema: unknown, path: string): void {
  if (!isRecord(schema)) return;
  for (const key of Object.keys(schema)) {
    if (!structuralKeywords.has(key)) throw new Error(`${path}: ${key} has no place in a CRD; write the rule in CEL`);
  }
  if (schema['type'] === undefined) throw new Error(`${path}: it has no type that a CRD could say`);
  const { properties, items, additionalProperties } = schema;
  if (properties !== undefined && additionalProperties !== undefined)
    throw new Error(`${path}: named fields and free ones have no place in one object of a CRD; drop one of the two`);
  // The keys below properties are names of fields, whatever they are.
  for (const [name, field] of Object.entries(isRecord(properties) ? properties : {}))
    refuseUnstructural(field, `${path}.${name}`);
  refuseUnstructural(items, `${path}[]`);
  refuseUnstructural(additionalProperties, `${path}{}`);
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** What the CRD of one kind says besides what all of them do. */
export interface Definition {
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  readonly description: string;
  readonly columns: readonly Readonly<Record<string, unknown>>[];
  /** Paths that `--field-selector` takes, eight at most: what people group objects by. No personal data: selectors are in audit logs. */
  readonly selectable: readonly string[];
  /** Rules about the object as a whole, such as its name. */
  readonly rules?: readonly { readonly rule: string; readonly message: string }[];
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  /** What the API server gives an object that no operator has seen. */
  readonly statusDefault: unknown;
}

/** A field of a condition, for a column. */
export const conditionPath = (type: string, field: string): string =>
  `.status.conditions[?(@.type=="${type}")].${field}`;

export function definitionOf(definition: Definition): JsonSchema {
  const {
    kind,
    plural,
    shortName,
    description,
    columns,
    selectable,
    rules,
    spec,
    status,
    statusDefault: byDefault,
  } = definition;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${apiGroup}` },
    spec: {
      group: apiGroup,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ['acronis'],
      },
      versions: [
        {
          name: apiVersion,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          selectableFields: selectable.map((jsonPath) => ({ jsonPath })),
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description,
              required: ['spec'],
              ...(rules === undefined ? {} : { [celKey]: rules }),
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: { description: 'What shall be true.', ...structural(spec, 'spec') },
                status: {
                  description: 'What the operator found. It changes only when a fact changes.',
                  ...structural(status, 'status'),
                  default: byDefault,
                },
              },
            },
          },
        },
      ],
    },
  };
}

export const customResourceDefinition = (): JsonSchema =>
  definitionOf({
    ...tenantUserUpsells,
    shortName: 'tuu',
    description:
      'Keeps one user of Acronis Cyber Protect Cloud marked with business types, such as buyer, so that the user sees offers when a quota runs out.',
    columns: [
      { name: 'User', type: 'string', jsonPath: '.status.userID', description: 'The Acronis user' },
      {
        name: 'Version',
        type: 'integer',
        jsonPath: '.status.observedVersion',
        description: "The user's revision as last seen",
      },
      {
        name: 'Offer',
        type: 'string',
        jsonPath: '.status.offer',
        description: 'What the user sees when a quota runs out',
      },
      { name: 'Ready', type: 'string', jsonPath: conditionPath('Ready', 'status') },
      { name: 'Reason', type: 'string', jsonPath: conditionPath('Ready', 'reason') },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      { name: 'Message', type: 'string', jsonPath: conditionPath('Ready', 'message'), priority: 1 },
    ],
    selectable: [
      '.spec.userID',
      '.spec.tenantID',
      '.spec.accountRef.name',
      '.spec.managementPolicy',
      '.spec.suspend',
      '.status.userID',
      '.status.offer',
    ],
    spec: specSchema,
    status: statusSchema,
    statusDefault,
  });
