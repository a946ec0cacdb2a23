/**
 * Which account an object is served with. A deletion must not fail because the Secret went first: then the last good credentials are tried from memory.
 */
import type { Verdict } from '../../../api/conditions.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { Account } from '../../../fleet/accounts/accounts.ts';
import { sourceOf } from '../../../fleet/objects.ts';
import type { ReconcileContext } from '../context.ts';
import { verdictOfCredentials } from '../verdicts/verdicts.ts';

export type FoundAccount =
  | { readonly kind: 'found'; readonly account: Account }
  | { readonly kind: 'missing'; readonly verdict: Verdict };

/** @throws KubernetesError where a Secret could not be asked for, or the signal's reason. */
export async function accountOf(
  object: TenantUserUpsell,
  { sources, accounts }: Pick<ReconcileContext, 'sources' | 'accounts'>,
  signal: AbortSignal,
): Promise<FoundAccount> {
  const source = sourceOf(object);
  const read = await sources.read(source, signal);
  if (read.kind === 'found') return { kind: 'found', account: accounts.of(read.credentials) };
  const lastGood = object.deletedAt === undefined ? undefined : sources.lastGood(source);
  if (lastGood !== undefined) return { kind: 'found', account: accounts.of(lastGood) };
  return { kind: 'missing', verdict: verdictOfCredentials(read) };
}
