/**
 * The proof that users match no more. That a complete list leaves one out is not enough: a tenant may have hidden itself, or a right may be gone. So each is read
 * by its id, and is proved by its deletion, or by what is shown of it and does not match. A user that is not shown proves nothing. One that the list showed and
 * could not judge may be judged so, too.
 */
import type { UserJudgement } from '../../../fleet/selection/judge-users.ts';
import type { Hidden } from '../../../fleet/selection/select.ts';

export type Proofs =
  | {
      readonly kind: 'read';
      /** They match no more. */
      readonly proved: readonly string[];
      /** Users that the list could not judge, and that match. */
      readonly matching: readonly string[];
      /** Users that may match: what is not shown of them. */
      readonly unjudged: ReadonlyMap<string, Hidden>;
    }
  /** A user matches that the list left out: the list was not what it seemed, or is out of date. */
  | { readonly kind: 'contradiction' };

/**
 * @param judgements of users that a complete list left out or could not judge, each read by its id.
 * @param listed what the list did not show of those that it could not judge.
 */
export function proofsOf(judgements: ReadonlyMap<string, UserJudgement>, listed: ReadonlyMap<string, Hidden>): Proofs {
  const proved: string[] = [];
  const matching: string[] = [];
  const unjudged = new Map(listed);
  for (const [id, judgement] of judgements) {
    switch (judgement.kind) {
      case 'match':
        if (!unjudged.delete(id)) return { kind: 'contradiction' };
        matching.push(id);
        break;
      case 'noMatch':
        unjudged.delete(id);
        proved.push(id);
        break;
      case 'unjudged':
        unjudged.set(id, judgement.why);
        break;
      case 'notShown':
        break;
    }
  }
  return { kind: 'read', proved, matching, unjudged };
}
