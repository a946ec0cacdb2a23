/**
 * What the API server and `kubectl apply` would refuse of an object: the CRD's rules, by the schemas that the CRD is generated from, an unknown field, and a name
 * that is none. A test on a real API server holds that what passes here passes there.
 */
import * as z from 'zod';
import { accountSpecSchema } from '../../api/account/spec.ts';
import { structural } from '../../api/crd.ts';
import { problemOf } from '../../api/envelope.ts';
import { acronisAccounts, apiGroup, apiVersion, tenantUpsellPolicies, tenantUserUpsells } from '../../api/names.ts';
import { policySpecSchema } from '../../api/policy/spec.ts';
import { checkUpdate, specSchema } from '../../api/spec.ts';
import type { Document } from './documents.ts';

const specs: Readonly<Record<string, z.ZodType>> = {
  [tenantUserUpsells.kind]: specSchema,
  [acronisAccounts.kind]: accountSpecSchema,
  [tenantUpsellPolicies.kind]: policySpecSchema,
};

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const objectName = new RegExp(`^${label}(\\.${label})*$`);
const namespaceName = new RegExp(`^${label}$`);
const texts = z.record(z.string(), z.string()).nullish();
const metadata = z.looseObject({
  name: z
    .string()
    .max(253)
    .regex(objectName, 'metadata.name is of lower-case letters, digits, - and ., such as john-doe'),
  namespace: z.string().max(63).regex(namespaceName, 'metadata.namespace is the name of a namespace').nullish(),
  labels: texts,
  annotations: texts,
});

/** The sentence that says what is wrong, or undefined where nothing is. */
export function problemIn({ apiVersion: version, kind, raw }: Document): string | undefined {
  const spec = specs[kind];
  if (version !== `${apiGroup}/${apiVersion}` || spec === undefined)
    return `There is no ${kind} in ${version}. Write apiVersion ${apiGroup}/${apiVersion} and a kind that the CRDs have.`;
  const meta = metadata.safeParse(raw['metadata'] ?? {});
  if (!meta.success)
    return meta.error.issues.map(({ path, message }) => sentence(['metadata', ...path], message)).join('; ');
  if (raw['spec'] === undefined || raw['spec'] === null) return 'spec is missing.';
  const parsed = spec.safeParse(raw['spec']);
  if (!parsed.success) return problemOf(parsed.error);
  const unknown = unknownField(raw['spec'], structural(spec, 'spec'), 'spec');
  return unknown === undefined
    ? undefined
    : `${unknown} is no field of a ${kind}: kubectl apply refuses it. Correct or remove it.`;
}

const sentence = (path: readonly PropertyKey[], message: string): string =>
  message.startsWith(path.join('.')) ? message : `${path.join('.')}: ${message}`;

/** The path of the first field that the schema does not have. */
function unknownField(value: unknown, schema: unknown, path: string): string | undefined {
  if (!isRecord(schema)) return undefined;
  if (Array.isArray(value))
    return first(value.map((item, at) => unknownField(item, schema['items'], `${path}[${at}]`)));
  const { properties } = schema;
  if (!isRecord(value) || !isRecord(properties)) return undefined;
  return first(
    Object.entries(value).map(([name, field]) =>
      Object.hasOwn(properties, name) ? unknownField(field, properties[name], `${path}.${name}`) : `${path}.${name}`,
    ),
  );
}

const first = (paths: readonly (string | undefined)[]): string | undefined => paths.find((each) => each !== undefined);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The sentence with which the API server refuses a change of an object that is there. */
export function brokenChange(spec: unknown, oldSpec: unknown): string | undefined {
  const [now, before] = [specSchema.safeParse(spec), specSchema.safeParse(oldSpec)];
  return now.success && before.success ? checkUpdate(now.data, before.data) : undefined;
}
