/**
 * From what an object names (an id, or a login in a tenant) to the user as it is now.
 * A login is compared exactly: search matches beginnings of any of login, name and e-mail. What it once resolved to stands in the status and spares the
 * next search, as long as that user still has the login.
 */

import type { User } from '../../acronis/user.ts';
import type { Verdict } from '../../api/conditions.ts';
import type { Spec } from '../../api/spec.ts';
import type { Account } from '../../fleet/accounts/accounts.ts';

export type Resolution =
  | { readonly kind: 'found'; readonly user: User }
  | { readonly kind: 'not'; readonly verdict: Verdict };

/** @throws AcronisError, or the signal's reason once it is aborted. */
export async function resolveUser(
  spec: Spec,
  knownId: string | undefined,
  account: Account,
  signal: AbortSignal,
): Promise<Resolution> {
  if (spec.userID !== undefined) {
    const user = await seen(spec.userID, account, signal);
    return user !== undefined
      ? { kind: 'found', user }
      : not(
          'UserNotFound',
          'No user has the id spec.userID at this data center. Correct it: delete this object and create it with the right id.',
        );
  }
  if (spec.login === undefined || spec.tenantID === undefined) throw new Error('a parsed spec names a user');
  const known = knownId === undefined ? undefined : await seen(knownId, account, signal);
  if (known?.login === spec.login && known.tenantId === spec.tenantID) return { kind: 'found', user: known };
  return await searchByLogin(spec.login, spec.tenantID, account, signal);
}

async function searchByLogin(
  login: string,
  tenantId: string,
  account: Account,
  signal: AbortSignal,
): Promise<Resolution> {
  const { users, complete } = await account.api.search(tenantId, login, signal);
  const inTenant = users.filter((hit) => hit.tenantId === '' || hit.tenantId === tenantId);
  const exact = inTenant.filter((hit) => hit.login === login);
  const [only] = exact;
  if (only !== undefined && exact.length === 1) {
    const user = await seen(only.id, account, signal);
    if (user?.login === login) return { kind: 'found', user };
    // The search lags behind.
    return not(
      'UserNotFound',
      'The user with this login was just deleted or has another login now. Correct login, or name the user by userID.',
    );
  }
  if (exact.length > 1)
    return not(
      'UserAmbiguous',
      `${exact.length} users of this tenant have this login. Name the one that is meant by userID instead.`,
    );
  if (inTenant.some((hit) => hit.login.toLowerCase() === login.toLowerCase()))
    return not(
      'UserNotFound',
      'A user of this tenant has this login in other letter case. Write login exactly as the API shows it.',
    );
  if (users.some((hit) => hit.login === login))
    return not(
      'UserNotFound',
      'The user with this login is in a tenant below spec.tenantID. Give the id of that tenant.',
    );
  if (!complete) return not('UserNotFound', 'The search found too many others first. Name the user by userID instead.');
  return not(
    'UserNotFound',
    'No user of this tenant has this login. Correct login and tenantID, or name the user by userID.',
  );
}

const not = (reason: Verdict['reason'], message: string): Resolution => ({ kind: 'not', verdict: { reason, message } });

async function seen(id: string, account: Account, signal: AbortSignal): Promise<User | undefined> {
  const evidence = await account.users.read(id, signal);
  return evidence.kind === 'seen' ? evidence.user : undefined;
}
