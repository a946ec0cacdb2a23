/**
 * The proof that users match no more. That a complete list leaves one out is not enough: a tenant may have hidden itself, or a right may be gone. So each is read
 * by its id, and is proved by its deletion, or by what is shown of it and does not match. A user that is not shown proves nothing.
 */
import type { UserJudgement } from '../../../fleet/selection/judge-users.ts';

export type Proofs =
  | { readonly kind: 'read'; readonly proved: ReadonlySet<string> }
  /** A user matches that the list left out: the list was not what it seemed, or is out of date. */
  | { readonly kind: 'contradiction' };

/** @param judgements of users that a complete list left out. */
export function proofsOf(judgements: ReadonlyMap<string, UserJudgement>): Proofs {
  const proved = new Set<string>();
  for (const [id, { kind }] of judgements) {
    if (kind === 'match') return { kind: 'contradiction' };
    if (kind === 'noMatch') proved.add(id);
  }
  return { kind: 'read', proved };
}
