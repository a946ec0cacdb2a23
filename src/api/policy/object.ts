/** A TenantUpsellPolicy as the cache keeps it. */
import * as z from 'zod';
import { envelopeOf, type Identity, identityOf, metadataSchema, problemOf, type StoredSpec } from '../envelope.ts';
import { approveAnnotation, requestedAtAnnotation } from '../names.ts';
import { type PolicySpec, policySpecSchema } from './spec.ts';
import { type PolicyStatus, storedPolicyStatusSchema } from './status.ts';

export interface TenantUpsellPolicy extends Identity {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970; undefined while it is not being deleted. */
  readonly deletedAt: number | undefined;
  /** How many removals a person has approved; undefined where none, or no number. */
  readonly approved: number | undefined;
  readonly requestedAt: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: StoredSpec<PolicySpec>;
  readonly status: PolicyStatus;
}

const envelope = envelopeOf(
  metadataSchema.extend({
    creationTimestamp: z.string(),
    deletionTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
);

/** The transform of a policy as the API server sent it, or undefined where it is none. */
export function transformPolicy(raw: unknown): TenantUpsellPolicy | undefined {
  const parsed = envelope.safeParse(raw).data;
  if (parsed === undefined) return undefined;
  const { creationTimestamp, deletionTimestamp, labels, annotations } = parsed.metadata;
  return {
    ...identityOf(parsed.metadata),
    createdAt: Date.parse(creationTimestamp),
    deletedAt: deletionTimestamp === undefined ? undefined : Date.parse(deletionTimestamp),
    approved: approvedOf(annotations?.[approveAnnotation]),
    requestedAt: annotations?.[requestedAtAnnotation],
    labels: labels ?? {},
    spec: transformSpec(parsed.spec),
    status: storedPolicyStatusSchema.safeParse(parsed.status ?? {}).data ?? {},
  };
}

/** As the message says it: the annotation goes only as the text of its number. */
const approvedOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined;

function transformSpec(raw: unknown): TenantUpsellPolicy['spec'] {
  const parsed = policySpecSchema.safeParse(raw ?? {});
  if (!parsed.success) return { ok: false, problem: problemOf(parsed.error) };
  // Compared with what the API sends, which is lower case.
  return { ok: true, value: { ...parsed.data, tenantID: parsed.data.tenantID.toLowerCase() } };
}
