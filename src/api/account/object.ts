/** An AcronisAccount as the cache keeps it. */
import { envelopeOf, type Identity, identityOf, metadataSchema, problemOf, type StoredSpec } from '../envelope.ts';
import { type AccountSpec, accountSpecSchema } from './spec.ts';
import { type AccountStatus, storedAccountStatusSchema } from './status.ts';

export interface AcronisAccount extends Identity {
  readonly spec: StoredSpec<AccountSpec>;
  readonly status: AccountStatus;
}

const envelope = envelopeOf(metadataSchema);

/** The transform of an account as the API server sent it, or undefined where it is none. */
export function transformAccount(raw: unknown): AcronisAccount | undefined {
  const parsed = envelope.safeParse(raw).data;
  if (parsed === undefined) return undefined;
  const status = storedAccountStatusSchema.safeParse(parsed.status ?? {}).data ?? {};
  return {
    ...identityOf(parsed.metadata),
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
