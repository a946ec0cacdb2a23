/**
 * A question about a user, asked of Acronis: by id, or by the login or the partner's own id that it has in a tenant. Both are compared exactly: search
 * matches beginnings of any of login, name and e-mail, and lags behind, so that a hit is read once more by its id. A list by the partner's ids shows whole
 * users, as one by ids does.
 */
import type { Verdict } from '../../../api/conditions.ts';
import type { Account } from '../../../fleet/accounts/accounts.ts';
import type { Evidence, FoundBy, Question } from '../assess/evidence.ts';
import { externalIdsNotShownVerdict } from '../verdicts/verdicts.ts';

type Asked = Pick<Account, 'api' | 'users'>;

/** @throws AcronisError, or the signal's reason once it is aborted. */
export function ask(question: Question, account: Asked, signal: AbortSignal): Promise<Evidence> {
  switch (question.kind) {
    case 'id':
      return read(question.id, 'id', account, signal);
    case 'login':
      return search(question, account, signal);
    case 'externalID':
      return readByExternalId(question, account, signal);
  }
}

/** The user as it is now. @throws as `ask`. */
export async function read(id: string, by: FoundBy, account: Asked, signal: AbortSignal): Promise<Evidence> {
  const evidence = await account.users.read(id, signal);
  return evidence.kind === 'seen' ? { ...evidence, by } : evidence;
}

async function search(
  { login, tenantId, mayNameOthers }: Question & { kind: 'login' },
  account: Asked,
  signal: AbortSignal,
): Promise<Evidence> {
  const { users, complete } = await account.api.search(tenantId, login, signal);
  const inTenant = users.filter((hit) => hit.tenantId === '' || hit.tenantId === tenantId);
  const exact = inTenant.filter((hit) => hit.login === login);
  const [only] = exact;
  if (only !== undefined && exact.length === 1) {
    const evidence = await read(only.id, 'login', account, signal);
    if (evidence.kind === 'seen' && evidence.user.login === login) return evidence;
    return noMatch(
      'UserNotFound',
      'The user with this login was just deleted or has another login now. Correct login, or name the user by userID.',
    );
  }
  if (exact.length > 1)
    return noMatch(
      'UserAmbiguous',
      `${exact.length} users of this tenant have this login. Name the one that is meant by userID instead.`,
    );
  if (inTenant.some((hit) => hit.login.toLowerCase() === login.toLowerCase()))
    return noMatch(
      'UserNotFound',
      'A user of this tenant has this login in other letter case. Write login exactly as the API shows it.',
    );
  if (mayNameOthers && users.some((hit) => hit.login === login))
    return noMatch(
      'UserNotFound',
      'The user with this login is in a tenant below spec.tenantID. Give the id of that tenant.',
    );
  if (!complete)
    return noMatch('UserNotFound', 'The search found too many others first. Name the user by userID instead.');
  return noMatch(
    'UserNotFound',
    'No user of this tenant has this login. Correct login and tenantID, or name the user by userID.',
  );
}

async function readByExternalId(
  { externalId, tenantId, mayNameOthers }: Question & { kind: 'externalID' },
  account: Asked,
  signal: AbortSignal,
): Promise<Evidence> {
  const users = await account.users.readByExternalId(tenantId, externalId, signal);
  const inTenant = users.filter((user) => user.tenantId === tenantId);
  const exact = inTenant.filter((user) => user.externalId === externalId);
  const [only] = exact;
  if (only !== undefined && exact.length === 1) return { kind: 'seen', user: only, by: 'externalID' };
  if (exact.length > 1)
    return noMatch(
      'UserAmbiguous',
      `${exact.length} users of this tenant have this external id. Name the one that is meant by userID instead.`,
    );
  // It proves nothing: neither that no user has it, nor that the one that was assigned has another.
  if (users.some((user) => user.externalId === '')) return { kind: 'failed', verdict: externalIdsNotShownVerdict };
  if (inTenant.length > 0)
    return noMatch(
      'UserNotFound',
      'A user of this tenant has this external id in other letter case. Write externalID exactly as the API shows it.',
    );
  if (mayNameOthers && users.some((user) => user.externalId === externalId))
    return noMatch(
      'UserNotFound',
      'The user with this external id is in a tenant below spec.tenantID. Give the id of that tenant.',
    );
  return noMatch(
    'UserNotFound',
    'No user of this tenant has this external id. Correct externalID and tenantID, or name the user by userID.',
  );
}

const noMatch = (reason: Verdict['reason'], message: string): Evidence => ({
  kind: 'noMatch',
  verdict: { reason, message },
});
