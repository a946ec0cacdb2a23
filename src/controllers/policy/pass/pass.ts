/**
 * One full pass: all users of a selection, listed to the end, and a proof for each child whose user is not among them. A list that is not complete says nothing:
 * its end is a failure, and what was known before stays. Single users that it shows and that cannot be judged are read by their ids, and set aside where that
 * shows no more. Memory is bounded by `maxUsers`: of more users only the number is kept.
 */
import { AcronisError } from '../../../acronis/errors.ts';
import type { PolicyVerdict } from '../../../api/policy/conditions.ts';
import type { Selection } from '../../../api/policy/spec.ts';
import type { Clock } from '../../../base/clock.ts';
import type { UserJudgement } from '../../../fleet/selection/judge-users.ts';
import type { Hidden } from '../../../fleet/selection/select.ts';
import type { Completeness, Match, SelectionGap } from '../../../fleet/selection/select-users.ts';
import type { ListingAccount } from '../standing.ts';
import { hiddenWords, listingFailed, listingIncomplete, tenantNotFound } from '../verdicts.ts';
import { proofsOf } from './proof.ts';

export interface Pass {
  /** What was asked, and of which API client. */
  readonly asked: string;
  /** When it ended, by the steady clock in milliseconds: the proofs were read last. */
  readonly endedAt: number;
  /** The same by wall time. */
  readonly endedAtWall: number;
  readonly matched: number;
  /** Ids, no more than `maxUsers` and one. */
  readonly users: ReadonlySet<string>;
  /** Users of children of whom it is proved that they match no more. */
  readonly proved: ReadonlySet<string>;
  /** By id, users that may match, and what is not shown of each: they neither get a child nor lose theirs. */
  readonly unjudged: ReadonlyMap<string, Hidden>;
}

export type PassEnd =
  | { readonly kind: 'complete'; readonly pass: Pass }
  | {
      readonly kind: 'incomplete' | 'failed';
      readonly verdict: PolicyVerdict;
      readonly retryAfterMs?: number | undefined;
    };

/** Where users are listed. */
export interface Lister {
  /** The users that match, page by page, and what the list proves. */
  list(
    account: ListingAccount,
    selection: Selection,
    signal: AbortSignal,
  ): AsyncGenerator<Pick<Match, 'userId'>, Completeness, undefined>;
  /** Single users, read by their ids; one judgement for each. @throws AcronisError, or the signal's reason. */
  judge(
    account: ListingAccount,
    selection: Selection,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, UserJudgement>>;
}

export interface PassOptions {
  readonly lister: Lister;
  readonly account: ListingAccount;
  readonly selection: Selection;
  readonly asked: string;
  readonly maxUsers: number;
  /** The users of the children that this API client listed, as they are when the list has ended. */
  readonly childUsers: () => Iterable<string>;
  readonly clock: Clock;
}

/** @throws the signal's reason. */
export async function runPass(options: PassOptions, signal: AbortSignal): Promise<PassEnd> {
  const { lister, account, selection, asked, maxUsers, clock } = options;
  const users = new Set<string>();
  let matched = 0;
  const pages = lister.list(account, selection, signal);
  try {
    let next = await pages.next();
    for (; next.done !== true; next = await pages.next()) {
      matched++;
      if (users.size <= maxUsers) users.add(next.value.userId);
    }
    if (next.value.kind === 'incomplete') return incomplete(next.value.why);
    const listed = next.value.unjudged;
    const tooMany = matched > maxUsers;
    const own = new Set(options.childUsers());
    const doubtful = tooMany ? [] : [...new Set([...listed.keys(), ...own])].filter((id) => !users.has(id));
    const judged = doubtful.length === 0 ? new Map() : await lister.judge(account, selection, doubtful, signal);
    const proofs = proofsOf(judged, listed);
    if (proofs.kind === 'contradiction') return { kind: 'incomplete', verdict: listingIncomplete(contradiction) };
    for (const id of proofs.matching) if (users.size <= maxUsers) users.add(id);
    matched += proofs.matching.length;
    const { unjudged } = proofs;
    const proved = new Set(proofs.proved.filter((id) => own.has(id)));
    return {
      kind: 'complete',
      pass: { asked, endedAt: clock.now(), endedAtWall: clock.wall(), matched, users, proved, unjudged },
    };
  } catch (error) {
    if (!(error instanceof AcronisError)) throw error;
    return failed(error);
  }
}

const contradiction = 'it leaves out users that match when they are read one by one';

function incomplete(why: SelectionGap): PassEnd {
  const because = (text: string): PassEnd => ({ kind: 'incomplete', verdict: listingIncomplete(text) });
  switch (why.kind) {
    case 'failed':
      return failed(why.error);
    case 'rootNotShown':
      return { kind: 'failed', verdict: tenantNotFound };
    case 'repeated':
      return because('users came twice');
    case 'endless':
      return because('its pages do not come to an end');
    case 'unreadable':
      return because('some of its items cannot be read');
    case 'unjudged':
      return because(`of ${why.users} users it does not show the ${hiddenWords[why.what]}`);
  }
}

const failed = (error: AcronisError): PassEnd => ({
  kind: 'failed',
  verdict: listingFailed(error),
  retryAfterMs: error.retryAfterMs,
});
