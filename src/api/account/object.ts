/** An AcronisAccount as the cache keeps it. */
import * as z from 'zod';
import { problemOf } from '../object.ts';
import { type AccountSpec, accountSpecSchema } from './spec.ts';
import { type AccountStatus, storedAccountStatusSchema } from './status.ts';

export interface AcronisAccount {
  /** namespace/name */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  /** The parsed spec, or the sentence that says what is wrong with it (an object written under an older or looser CRD). */
  readonly spec: { readonly ok: true; readonly value: AccountSpec } | { readonly ok: false; readonly problem: string };
  readonly status: AccountStatus;
}

const envelope = z.object({
  metadata: z.object({
    namespace: z.string(),
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    generation: z.number().default(0),
  }),
  spec: z.unknown().optional(),
  status: z.unknown().optional(),
});

/** The transform of an account as the API server sent it, or undefined where it is none. */
export function transformAccount(raw: unknown): AcronisAccount | undefined {
  const parsed = envelope.safeParse(raw).data;
  if (parsed === undefined) return undefined;
  const { namespace, name, uid, resourceVersion, generation } = parsed.metadata;
  const status = storedAccountStatusSchema.safeParse(parsed.status ?? {}).data ?? {};
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    uid,
    resourceVersion,
    generation,
    spec: transformSpec(parsed.spec),
    status,
  };
}

function transformSpec(raw: unknown): AcronisAccount['spec'] {
  const parsed = accountSpecSchema.safeParse(raw ?? {});
  if (!parsed.success) return { ok: false, problem: problemOf(parsed.error) };
  const { tenantIDs, ...spec } = parsed.data;
  // Compared with what the API sends, which is lower case.
  const lower = tenantIDs?.map((id) => id.toLowerCase());
  return { ok: true, value: { ...spec, ...(lower === undefined ? {} : { tenantIDs: lower }) } };
}
