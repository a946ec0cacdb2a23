/**
 * Whether a policy may list users at all, and with which API client: its spec, its namespace, its account. What stands against it is a verdict, and its children
 * stay as they are.
 */
import { createHash } from 'node:crypto';
import type { AcronisWrites } from '../../acronis/api.ts';
import type { Credentials } from '../../acronis/credentials.ts';
import { AcronisError } from '../../acronis/errors.ts';
import type { Verdict } from '../../api/conditions.ts';
import { type PolicyVerdict, policyReasonOf } from '../../api/policy/conditions.ts';
import type { TenantUpsellPolicy } from '../../api/policy/object.ts';
import type { PolicySpec, Selection } from '../../api/policy/spec.ts';
import type { Account, Accounts } from '../../fleet/accounts/accounts.ts';
import { boundedTo } from '../../fleet/accounts/bounded.ts';
import { sourceOf } from '../../fleet/cache/objects.ts';
import { boundsOf, forbidsAll, namespaceGuard, type TenancyOptions } from '../../fleet/tenancy/tenancy.ts';
import type { PolicyContext } from './context.ts';
import { invalidSpecVerdict, listingFailed, outsideTheLabel, suspendedVerdict } from './verdicts.ts';

/** What users are listed of: a policy writes nothing there. */
export type ListingAccount = Pick<Account, 'id' | 'api' | 'tenants'>;

/** What is read to find out. A caller that has no more than this cannot write. @typeParam W what an account has for writes. */
export interface StandingContext<W = AcronisWrites> extends TenancyOptions, Pick<PolicyContext, 'sources'> {
  readonly accounts: Pick<Accounts<W>, 'of'>;
}

export type Standing =
  | { readonly kind: 'stopped'; readonly verdict: PolicyVerdict }
  /** Acronis could not be asked where the tenant is, which passes by itself. */
  | { readonly kind: 'unplaced'; readonly verdict: PolicyVerdict; readonly retryAfterMs: number }
  | {
      readonly kind: 'served';
      readonly spec: PolicySpec;
      readonly account: ListingAccount;
      /** One for each API client, whatever their secret is at the moment; it reveals nothing of the credentials. */
      readonly client: string;
      readonly selection: Selection;
      /** The selection, how many users of it are kept, and whom it is asked of: a list of another one says nothing about this one. */
      readonly asked: string;
    };

export type Served = Extract<Standing, { kind: 'served' }>;

/** @throws KubernetesError where a Secret or the namespace could not be asked for, or the signal's reason. */
export async function standingOf<W>(
  policy: TenantUpsellPolicy,
  context: StandingContext<W>,
  signal: AbortSignal,
): Promise<Standing> {
  if (!policy.spec.ok) return stopped(invalidSpecVerdict(policy.spec.problem));
  const spec = policy.spec.value;
  if (spec.suspend) return stopped(suspendedVerdict);
  const guard = await namespaceGuard(policy, context, signal);
  const forbidden = forbidsAll(guard);
  if (forbidden !== undefined) return stopped(ofPolicy(forbidden));
  const bounds = boundsOf(policy, context.accountObjects);
  if (bounds.kind === 'noAccount') return stopped(ofPolicy(bounds.verdict));
  const read = await context.sources.read(sourceOf(policy), signal);
  if (read.kind !== 'found')
    return stopped({
      reason: read.kind === 'missing' ? 'CredentialsMissing' : 'UrlNotAllowed',
      message: read.problem,
    });
  const account = context.accounts.of(read.credentials);
  const client = clientOf(read.credentials);
  const label = guard.kind === 'tenant' ? guard.tenantId : undefined;
  const outside = label === undefined ? undefined : await outsideOf(label, spec.tenantID, account, signal);
  if (outside !== undefined) return outside;
  const selection = selectionOf(spec);
  const bound = bounds.kind === 'tenants' ? bounds.tenantIDs : undefined;
  return {
    kind: 'served',
    spec,
    account: bound === undefined ? account : boundedTo(bound, account),
    client,
    selection,
    asked: JSON.stringify([selection, spec.limits.maxUsers, client, bound]),
  };
}

const stopped = (verdict: PolicyVerdict): Standing => ({ kind: 'stopped', verdict });

const ofPolicy = ({ reason, message }: Verdict): PolicyVerdict => ({
  reason: policyReasonOf(reason) ?? 'Unavailable',
  message,
});

const selectionOf = ({ tenantID, includeSubtenants, tenantKinds, users }: PolicySpec): Selection => ({
  tenantID,
  includeSubtenants,
  tenantKinds,
  users,
});

/** Why a policy may not select there, if it may not: its tenant has to be the label's, or one below it as Acronis shows. */
async function outsideOf(
  label: string,
  tenantID: string,
  { tenants }: Pick<Account, 'tenants'>,
  signal: AbortSignal,
): Promise<Standing | undefined> {
  try {
    return (await tenants.isWithin(tenantID.toLowerCase(), [label], signal)) ? undefined : stopped(outsideTheLabel);
  } catch (error) {
    if (!(error instanceof AcronisError)) throw error;
    return { kind: 'unplaced', verdict: listingFailed(error), retryAfterMs: error.retryAfterMs ?? 0 };
  }
}

const clientOf = ({ url, clientId }: Credentials): string =>
  createHash('sha256')
    .update(JSON.stringify([url, clientId]))
    .digest('hex')
    .slice(0, 16);
