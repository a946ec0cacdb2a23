/**
 * A page made from the CRDs: every field of every kind with its type, bounds and default, and every rule with the sentence that the API server gives.
 * `docs/reference` explains; this page is complete by construction.
 */
import { parse } from 'yaml';
import * as z from 'zod';

export const schemasPage = 'reference/schemas.md';

const ruleSchema = z.object({ rule: z.string(), message: z.string().optional() });
const fieldSchema = z.looseObject({
  type: z.string().optional(),
  format: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  pattern: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  required: z.array(z.string()).optional(),
  'x-kubernetes-list-type': z.string().optional(),
  'x-kubernetes-validations': z.array(ruleSchema).optional(),
  get properties() {
    return z.record(z.string(), fieldSchema).optional();
  },
  get items() {
    return fieldSchema.optional();
  },
});
type Field = z.infer<typeof fieldSchema>;

const crdSchema = z.object({
  spec: z.object({
    group: z.string(),
    names: z.object({ kind: z.string(), plural: z.string(), shortNames: z.array(z.string()).optional() }),
    versions: z.array(z.object({ name: z.string(), schema: z.object({ openAPIV3Schema: fieldSchema }) })),
  }),
});

/** @throws ZodError where a text is no CRD. */
export function schemasOf(crds: readonly string[]): string {
  return [
    '# Schemas',
    '',
    'Every field of every kind, made from the CRDs: what `kubectl explain` shows, and the sentences with which the API server refuses an object.',
    '',
    ...crds.flatMap((text) => kindOf(crdSchema.parse(parse(text)))),
  ].join('\n');
}

function kindOf({ spec: { group, names, versions } }: z.infer<typeof crdSchema>): readonly string[] {
  return versions.flatMap(({ name, schema: { openAPIV3Schema: root } }) => [
    `## ${names.kind} ${name}`,
    '',
    `\`${group}/${name}\`, plural \`${names.plural}\`, short ${(names.shortNames ?? []).map(code).join(', ')}.`,
    '',
    ...['spec', 'status'].flatMap((part) => {
      const field = root.properties?.[part];
      return field === undefined ? [] : partOf(names.kind, part, field);
    }),
  ]);
}

function partOf(kind: string, part: string, field: Field): readonly string[] {
  const rows = fieldsOf(part, field, new Set(field.required ?? []));
  const rules = rulesOf(part, field);
  return [
    `### ${part} of ${kind}`,
    '',
    '| Field | Type | Default | |',
    '|---|---|---|---|',
    ...rows,
    '',
    ...(rules.length === 0 ? [] : ['Rules that the API server checks:', '', ...rules, '']),
  ];
}

function fieldsOf(path: string, { properties = {} }: Field, required: ReadonlySet<string>): readonly string[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const at = `${path}.${name}`;
    const inner = field.items?.properties === undefined ? field : field.items;
    const byDefault = field.default === undefined ? '' : code(JSON.stringify(field.default));
    const description = [required.has(name) ? 'Required.' : '', cell(field.description ?? '')].join(' ').trim();
    return [
      `| ${code(at)} | ${typeOf(field)} | ${byDefault} | ${description} |`,
      ...fieldsOf(inner === field ? at : `${at}[]`, inner, new Set(inner.required ?? [])),
    ];
  });
}

function typeOf(field: Field): string {
  if (field.enum !== undefined) return field.enum.map((each) => code(String(each))).join(', ');
  const kind =
    field.type === 'array'
      ? `${field['x-kubernetes-list-type'] === 'set' ? 'set' : 'list'} of ${field.items === undefined ? 'any' : typeOf(field.items)}`
      : (field.format ?? field.type ?? 'any');
  const bounds = [
    range(field.minLength, field.maxLength, 'characters'),
    range(field.minItems, field.maxItems, 'items'),
    range(field.minimum, field.maximum, ''),
    field.pattern === undefined ? '' : `matches ${code(field.pattern)}`,
  ];
  return [kind, ...bounds.filter((bound) => bound !== '')].join('; ');
}

function range(from: number | undefined, to: number | undefined, what: string): string {
  const unit = what === '' ? '' : ` ${what}`;
  if (from !== undefined && to !== undefined) return `${from} to ${to}${unit}`;
  if (from !== undefined) return `at least ${from}${unit}`;
  return to === undefined ? '' : `at most ${to}${unit}`;
}

function rulesOf(path: string, field: Field): readonly string[] {
  const own = (field['x-kubernetes-validations'] ?? []).map(
    ({ rule, message }) => `- ${code(path)}: ${message ?? ''}\n  \`\`\`\n  ${rule.replaceAll('\n', '\n  ')}\n  \`\`\``,
  );
  const below = Object.entries(field.properties ?? {}).flatMap(([name, each]) => rulesOf(`${path}.${name}`, each));
  return [...own, ...below, ...(field.items === undefined ? [] : rulesOf(`${path}[]`, field.items))];
}

/** In a table a `|` ends the cell, also in code. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text: string): string => `\`${cell(text)}\``;
