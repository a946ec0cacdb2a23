/**
 * What a reconcile has found out so far about the user that an object means, and how it was found. It starts with nothing and is replaced as a whole by
 * each question and each write; `assess` reads it and nothing else of the remote side.
 */
import type { User } from '../../../acronis/user.ts';
import type { Verdict } from '../../../api/conditions.ts';

/** By the id that the object names or remembers, by a search for its login, or by the partner's own id. */
export type FoundBy = 'id' | 'login' | 'externalID';

export type Evidence =
  | { readonly kind: 'nothing' }
  /** Acronis could not be asked, or said no: it proves nothing about the user. */
  | { readonly kind: 'failed'; readonly verdict: Verdict; readonly atLeastMs?: number | undefined }
  | { readonly kind: 'seen'; readonly user: User; readonly by: FoundBy }
  | { readonly kind: 'gone' }
  | { readonly kind: 'notVisible' }
  /** No user has the login, or the partner's own id, or several have. */
  | { readonly kind: 'noMatch'; readonly verdict: Verdict };

export const nothingYet: Evidence = { kind: 'nothing' };

/** What to ask Acronis. */
export type Question =
  | { readonly kind: 'id'; readonly id: string }
  | {
      readonly kind: 'login';
      readonly login: string;
      readonly tenantId: string;
      /** Whether the object may learn that a tenant below has the login. */
      readonly mayNameOthers: boolean;
    }
  | {
      readonly kind: 'externalID';
      readonly externalId: string;
      readonly tenantId: string;
      /** Likewise. */
      readonly mayNameOthers: boolean;
    };
