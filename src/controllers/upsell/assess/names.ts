/**
 * How an object names its user other than by id: by a login or by the partner's own id (`externalID`), in a tenant. Both can be given to another user at
 * Acronis, so a user that was read by id is compared with them.
 */
import type { User } from '../../../acronis/user.ts';
import type { Verdict } from '../../../api/conditions.ts';
import type { Spec } from '../../../api/spec.ts';
import { externalIdChangedVerdict, loginChangedVerdict } from '../verdicts/verdicts.ts';
import type { FoundBy, Question } from './evidence.ts';

export type Name =
  | { readonly kind: 'login'; readonly login: string; readonly tenantId: string }
  | { readonly kind: 'externalID'; readonly externalId: string; readonly tenantId: string };

/** Undefined for an object that names its user by id. */
export function nameOf({ login, externalID: externalId, tenantID: tenantId }: Spec): Name | undefined {
  if (tenantId === undefined) return undefined;
  if (login !== undefined) return { kind: 'login', login, tenantId };
  return externalId === undefined ? undefined : { kind: 'externalID', externalId, tenantId };
}

/**
 * Whether the user has this name. A response without a login says nothing against it; one without an external id may be of a user that has none any more,
 * which a question for it shows.
 */
export function has(user: User, name: Name, by: FoundBy): 'yes' | 'no' | 'notShown' {
  switch (name.kind) {
    case 'login':
      return user.login === '' || user.login === name.login ? 'yes' : 'no';
    case 'externalID':
      if (user.externalId === name.externalId || by === 'externalID') return 'yes';
      return user.externalId === '' ? 'notShown' : 'no';
  }
}

/** @param mayNameOthers whether the object may learn that a tenant below has the user. */
export const questionFor = (name: Name, mayNameOthers: boolean): Question => ({ ...name, mayNameOthers });

/** That the user that the object assigned has this name no more. */
export function changedVerdict({ kind }: Name): Verdict {
  switch (kind) {
    case 'login':
      return loginChangedVerdict;
    case 'externalID':
      return externalIdChangedVerdict;
  }
}
