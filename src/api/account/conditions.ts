/**
 * The words of `status.conditions` of an AcronisAccount: `Ready` (can Acronis be asked with it), `ChangeFeed` (is drift seen as it happens) and, while a
 * person has to do something, `Stalled`.
 */
import { type Condition, inPlaceOf, transitioned } from '../conditions.ts';

interface Meaning {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly stalled: boolean;
}

const readyMeanings = {
  Connected: { status: 'True', stalled: false },
  Pending: { status: 'Unknown', stalled: false },
  Throttled: { status: 'False', stalled: false },
  Unavailable: { status: 'False', stalled: false },
  CredentialsMissing: { status: 'False', stalled: true },
  CredentialsRejected: { status: 'False', stalled: true },
  UrlNotAllowed: { status: 'False', stalled: true },
  InvalidSpec: { status: 'False', stalled: true },
} as const satisfies Record<string, Meaning>;

const feedMeanings = { Following: 'True', Behind: 'False', Refused: 'False' } as const;

export type AccountReason = keyof typeof readyMeanings;
export type FeedReason = keyof typeof feedMeanings;
export const accountReasons = Object.keys(readyMeanings).filter((name): name is AccountReason =>
  Object.hasOwn(readyMeanings, name),
);
export const feedReasons = Object.keys(feedMeanings).filter((name): name is FeedReason =>
  Object.hasOwn(feedMeanings, name),
);
export const meaningOfAccount = (reason: AccountReason): Meaning => readyMeanings[reason];
export const meaningOfFeed = (reason: FeedReason): Meaning['status'] => feedMeanings[reason];

/** What is known of an account. The messages are sentences, and the same for as long as the same is the matter. */
export interface AccountHealth {
  readonly ready: { readonly reason: AccountReason; readonly message: string };
  /** Undefined before the feed was polled. */
  readonly feed: { readonly reason: FeedReason; readonly message: string } | undefined;
}

const ownTypes: ReadonlySet<string> = new Set(['Ready', 'Stalled', 'ChangeFeed']);

/** The conditions that say so, of generation `generation`, beside those of other writers. */
export function accountConditions(
  { ready, feed }: AccountHealth,
  generation: number,
  previous: readonly Condition[],
  nowMs: number,
): readonly Condition[] {
  const { status, stalled } = readyMeanings[ready.reason];
  const at = (condition: Parameters<typeof transitioned>[0]) => transitioned(condition, generation, previous, nowMs);
  const own = [at({ type: 'Ready', status, ...ready })];
  if (stalled) own.push(at({ type: 'Stalled', status: 'True', ...ready }));
  if (feed !== undefined) own.push(at({ type: 'ChangeFeed', status: feedMeanings[feed.reason], ...feed }));
  return inPlaceOf(previous, own, ownTypes);
}
