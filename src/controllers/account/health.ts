/**
 * From what was seen of an account to what its conditions say. Pure. What may pass in a moment changes nothing yet: a state that lasts does, and one that is
 * over for good; so an account that is well, and one that is not, are written once each.
 */

import type { ChangeFeedState } from '../../acronis/change-feed.ts';
import type { AcronisErrorKind } from '../../acronis/errors.ts';
import type { AccountHealth, AccountReason, FeedReason } from '../../api/account/conditions.ts';

/** What one reconcile saw. */
export type Sample =
  | { readonly kind: 'invalidSpec'; readonly problem: string }
  /** The Secret gives no credentials that may be used. */
  | {
      readonly kind: 'noCredentials';
      readonly reason: 'CredentialsMissing' | 'UrlNotAllowed';
      readonly problem: string;
    }
  | {
      readonly kind: 'account';
      /** A call that needs no right but that of the client itself; `undefined` where the feed shows that calls are served. */
      readonly probe: Probe | undefined;
      /** Why calls are left alone for a while, as a sentence; undefined while they are made. */
      readonly circuit: string | undefined;
      /** For how long nothing is sent, in milliseconds, since Acronis asked for it. */
      readonly heldMs: number;
      readonly feed: ChangeFeedState;
    };

export type Probe =
  | { readonly kind: 'served' }
  | { readonly kind: 'failed'; readonly cause: AcronisErrorKind; readonly message: string };

/** What is remembered between two samples; times by the steady clock, in milliseconds. */
export interface Memory {
  /** When Acronis was last seen to ask for a long pause. */
  readonly heldAt: number | undefined;
  /** Since when the feed has been in this state, which it was not in before. */
  readonly feed: { readonly kind: ChangeFeedState['kind']; readonly since: number } | undefined;
}

export const nothingSeen: Memory = { heldAt: undefined, feed: undefined };

export interface Before {
  readonly ready: string | undefined;
  readonly feed: string | undefined;
}

export interface HealthOptions {
  readonly driftIntervalMs: number;
  readonly now: number;
}

/** A pause that a reconcile sits out says nothing. */
const longHoldMs = 5_000;
/** An account is throttled until it was not for so long. */
const quietAfterHoldMs = 30_000;

/** @returns what the conditions shall say (`undefined` where they stay as they are), and what to remember. */
export function judge(
  sample: Sample,
  before: Before,
  memory: Memory,
  options: HealthOptions,
): { readonly health: Partial<AccountHealth>; readonly memory: Memory } {
  switch (sample.kind) {
    case 'invalidSpec':
      return without({ reason: 'InvalidSpec', message: `${sample.problem}. Correct the object.` });
    case 'noCredentials':
      return without({ reason: sample.reason, message: sample.problem });
    case 'account': {
      const seen = remember(sample, memory, options);
      const ready = readyOf(sample, before, seen, options);
      const feed = feedOf(sample, before, seen, options);
      return { health: { ...(ready && { ready }), ...(feed && { feed }) }, memory: seen };
    }
  }
}

const without = (ready: AccountHealth['ready']) => ({
  health: { ready, feed: feedSays('Refused', notAsked) },
  memory: nothingSeen,
});

const notAsked = 'It is not asked, for the reason that Ready has. Drift is not corrected until then.';

type Seen = Sample & { kind: 'account' };
type Says<R> = { readonly reason: R; readonly message: string };
const readySays = (reason: AccountReason, message: string): Says<AccountReason> => ({ reason, message });
const feedSays = (reason: FeedReason, message: string): Says<FeedReason> => ({ reason, message });

/** The API responded to the call, whatever it said. A refusal of another form, such as a redirect, may come from anything in its place, unless the feed is read. */
function isServed(probe: Probe | undefined, feed: ChangeFeedState): boolean {
  if (probe?.kind !== 'failed') return true;
  switch (probe.cause) {
    case 'forbidden':
    case 'notFound':
    case 'conflict':
      return true;
    case 'rejected':
      return feed.kind === 'following' || feed.kind === 'behind';
    case 'unavailable':
    case 'throttled':
    case 'credentials':
    case 'urlNotAllowed':
      return false;
  }
}

function remember({ heldMs, feed }: Seen, memory: Memory, { now }: HealthOptions): Memory {
  return {
    heldAt: heldMs > longHoldMs ? now : memory.heldAt,
    feed: memory.feed?.kind === feed.kind ? memory.feed : { kind: feed.kind, since: now },
  };
}

function readyOf(
  { probe, circuit, heldMs, feed }: Seen,
  { ready: before }: Before,
  { heldAt }: Memory,
  { now }: HealthOptions,
): Says<AccountReason> | undefined {
  if (probe?.kind === 'failed' && probe.cause === 'credentials')
    return readySays('CredentialsRejected', rejected(probe));
  if (probe?.kind === 'failed' && probe.cause === 'urlNotAllowed') return readySays('UrlNotAllowed', urlRefused(probe));
  if (circuit !== undefined) return readySays('Unavailable', unavailable(circuit));
  if (heldMs > longHoldMs || (before === 'Throttled' && heldAt !== undefined && now - heldAt < quietAfterHoldMs))
    return readySays('Throttled', throttled);
  if (probe?.kind !== 'failed' || isServed(probe, feed)) return readySays('Connected', connected);
  // A single failure: of the feed, which was read, nothing is wrong.
  if (before === 'Connected' && feed.kind !== 'refused') return undefined;
  return probe.cause === 'throttled'
    ? readySays('Throttled', throttled)
    : readySays('Unavailable', unavailable(probe.message));
}

function feedOf(
  { feed }: Seen,
  { feed: before }: Before,
  memory: Memory,
  { driftIntervalMs, now }: HealthOptions,
): Says<FeedReason> | undefined {
  const lasted = now - (memory.feed?.since ?? now);
  /** From one state to another: what was said last holds for so long, lest a feed that does both in turns be written with every poll. */
  const mayPass = (reason: FeedReason, ms: number) => before !== undefined && before !== reason && lasted < ms;
  switch (feed.kind) {
    case 'pending':
      return undefined;
    case 'following':
      return feedSays('Following', following);
    case 'behind':
      return mayPass('Behind', 4 * driftIntervalMs) ? undefined : feedSays('Behind', behind);
    case 'refused':
      return mayPass('Refused', 1.5 * driftIntervalMs) ? undefined : feedSays('Refused', refused(feed.why));
  }
}

const connected = 'Acronis serves this API client.';
const throttled =
  'Acronis asked for fewer requests; the work goes on when it allows. If this lasts, set ratePerSecond or lower concurrency.';
const rejected = ({ message }: Probe & { kind: 'failed' }): string =>
  `${message} Put the id and secret of an enabled API client of this data center into the Secret.`;
const urlRefused = ({ message }: Probe & { kind: 'failed' }): string =>
  `${message} Put the data center's own URL into the Secret, or correct what the cluster's DNS says of it.`;
const unavailable = (why: string): string => `${why} It is tried again until Acronis responds.`;

const following = 'Drift is seen as it happens.';
const behind =
  'More users change than one poll reads: it is worked off over several. Drift is seen late; what is missed is found by the resync.';
const refused = (why: string): string =>
  `${why} Drift is found by the resync (--resync-interval) until the feed is read again.`;
