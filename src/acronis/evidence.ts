/**
 * What Acronis showed about a user, kept as what it proves and no more. Only `deleted_at` proves that a user is gone; that a user is not shown
 * can as well be another data center, another API client, or a tenant that closed itself.
 */
import type { User } from './user.ts';

export type UserEvidence =
  | { readonly kind: 'seen'; readonly user: User }
  /** The API showed the user with the time of its deletion. */
  | { readonly kind: 'gone' }
  /** The API knows no such user, or does not show it to this API client. */
  | { readonly kind: 'notVisible' };

export const gone: UserEvidence = { kind: 'gone' };
export const notVisible: UserEvidence = { kind: 'notVisible' };
