/** A TenantUpsellPolicy as the cache keeps it. */
import * as z from 'zod';
import { approveAnnotation, requestedAtAnnotation } from '../names.ts';
import { problemOf } from '../object.ts';
import { type PolicySpec, policySpecSchema } from './spec.ts';
import { type PolicyStatus, storedPolicyStatusSchema } from './status.ts';

export interface TenantUpsellPolicy {
  /** namespace/name */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970; undefined while it is not being deleted. */
  readonly deletedAt: number | undefined;
  /** How many removals a person has approved; undefined where none, or no number. */
  readonly approved: number | undefined;
  readonly requestedAt: string | undefined;
  /** The parsed spec, or the sentence that says what is wrong with it (an object written under an older or looser CRD). */
  readonly spec: { readonly ok: true; readonly value: PolicySpec } | { readonly ok: false; readonly problem: string };
  readonly status: PolicyStatus;
}

const envelope = z.object({
  metadata: z.object({
    namespace: z.string(),
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    generation: z.number().default(0),
    creationTimestamp: z.string(),
    deletionTimestamp: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.unknown().optional(),
  status: z.unknown().optional(),
});

/** The transform of a policy as the API server sent it, or undefined where it is none. */
export function transformPolicy(raw: unknown): TenantUpsellPolicy | undefined {
  const parsed = envelope.safeParse(raw).data;
  if (parsed === undefined) return undefined;
  const { namespace, name, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp, annotations } =
    parsed.metadata;
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    uid,
    resourceVersion,
    generation,
    createdAt: Date.parse(creationTimestamp),
    deletedAt: deletionTimestamp === undefined ? undefined : Date.parse(deletionTimestamp),
    approved: approvedOf(annotations?.[approveAnnotation]),
    requestedAt: annotations?.[requestedAtAnnotation],
    spec: transformSpec(parsed.spec),
    status: storedPolicyStatusSchema.safeParse(parsed.status ?? {}).data ?? {},
  };
}

const approvedOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;

function transformSpec(raw: unknown): TenantUpsellPolicy['spec'] {
  const parsed = policySpecSchema.safeParse(raw ?? {});
  if (!parsed.success) return { ok: false, problem: problemOf(parsed.error) };
  // Compared with what the API sends, which is lower case.
  return { ok: true, value: { ...parsed.data, tenantID: parsed.data.tenantID.toLowerCase() } };
}
