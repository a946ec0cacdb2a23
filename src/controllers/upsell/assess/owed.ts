/**
 * What is owed to an object next, as `assess` says it: one step, after which it is asked again. `report` and those after it end the reconcile.
 */
import type { BusinessTypesChange } from '../../../acronis/api.ts';
import type { User } from '../../../acronis/user.ts';
import type { Verdict } from '../../../api/conditions.ts';
import type { Assigned } from '../../../api/status.ts';
import type { BuyUrl } from '../../../fleet/brands/buy-url.ts';
import type { NamespaceGuard } from '../../../fleet/tenancy/guard.ts';
import type { Question } from './evidence.ts';
import type { Offer } from './offer.ts';

export type WriteAction = 'assign' | 'revoke';

export type Owed =
  | { readonly kind: 'ask'; readonly question: Question }
  | { readonly kind: 'addFinalizer' }
  | { readonly kind: 'removeFinalizer' }
  /** `status.assigned` has to be there before the first write leaves. */
  | { readonly kind: 'remember'; readonly assigned: Assigned }
  | {
      readonly kind: 'write';
      readonly action: WriteAction;
      readonly user: User;
      /** The types that this is about. */
      readonly types: readonly string[];
      readonly change: BusinessTypesChange;
    }
  /** What is in force for this tenant decides what the user is offered, and is not known yet. */
  | { readonly kind: 'askBuyUrl'; readonly tenantId: string }
  /** Nothing but to say so. */
  | { readonly kind: 'report'; readonly findings: Findings }
  /** The finalizer goes, and the object with it: nothing is left to revoke. `why` where that is worth an event. */
  | { readonly kind: 'release'; readonly why?: string }
  /** The finalizer goes although the types may still be assigned. */
  | { readonly kind: 'giveUp'; readonly verdict: Verdict }
  /** It is being deleted, and what still holds it is not this operator. */
  | { readonly kind: 'leave' };

/** What the status shall say. */
export interface Findings {
  readonly verdict: Verdict;
  readonly facts: Facts;
  readonly assigned: Assigned | undefined;
}

/** What is known of the user now. */
export type Facts =
  | { readonly kind: 'user'; readonly user: User; readonly offer: Offer }
  /** It could not be asked: what the status says stays. */
  | { readonly kind: 'unknown' }
  /** There is none, or the object has no right to know: what the status says goes. What it assigned stays remembered. */
  | { readonly kind: 'none' };

/** What `assess` has to know besides the object and the evidence. */
export interface Circumstances {
  readonly guard: NamespaceGuard;
  /** Another object that has this user: an older claimant, or, for one that is being deleted, one that remains. As its readers may know it. */
  readonly otherClaimant: string | undefined;
  /** Why no write is sent now although one is owed: it was refused or ignored lately. */
  readonly heldWrite: Verdict | undefined;
  /** Of the tenant of the user that was seen; undefined where it was not asked for yet. */
  readonly buyUrl: BuyUrl | undefined;
  /** A deletion was tried for as long as `--revoke-give-up-after` says. */
  readonly patienceIsOver: boolean;
}
