/**
 * Which account an object is served with. A deletion must not fail because the Secret went first: then the last good credentials are tried from memory.
 */
import type { Credentials } from '../../../acronis/credentials.ts';
import type { Verdict } from '../../../api/conditions.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { Account, Accounts } from '../../../fleet/accounts/accounts.ts';
import { boundedTo } from '../../../fleet/accounts/bounded.ts';
import { sourceOf } from '../../../fleet/cache/objects.ts';
import { boundsOf } from '../../../fleet/tenancy/tenancy.ts';
import type { ReconcileContext } from '../context.ts';
import { verdictOfCredentials } from '../verdicts/verdicts.ts';

export type FoundAccount<W> =
  | { readonly kind: 'found'; readonly account: Account<W> }
  | { readonly kind: 'missing'; readonly verdict: Verdict };

export interface AccountSources<W> extends Pick<ReconcileContext, 'sources' | 'accountObjects'> {
  readonly accounts: Pick<Accounts<W>, 'of'>;
}

/** @throws KubernetesError where a Secret could not be asked for, or the signal's reason. */
export async function accountOf<W>(
  object: TenantUserUpsell,
  { sources, accounts, accountObjects }: AccountSources<W>,
  signal: AbortSignal,
): Promise<FoundAccount<W>> {
  const source = sourceOf(object);
  const bounds = boundsOf(object, accountObjects);
  // It went while this reconcile was in flight: what its Secret said must not serve without its bounds.
  if (bounds.kind === 'noAccount') return { kind: 'missing', verdict: bounds.verdict };
  const found = (credentials: Credentials): FoundAccount<W> => {
    const account = accounts.of(credentials);
    return { kind: 'found', account: bounds.kind === 'none' ? account : boundedTo(bounds.tenantIDs, account) };
  };
  const read = await sources.read(source, signal);
  if (read.kind === 'found') return found(read.credentials);
  const lastGood = object.deletedAt === undefined ? undefined : sources.lastGood(source);
  if (lastGood !== undefined) return found(lastGood);
  return { kind: 'missing', verdict: verdictOfCredentials(read) };
}
