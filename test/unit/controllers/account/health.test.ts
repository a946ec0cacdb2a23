/** The table of what is said of an account, by what was seen of it now and before. */
import { describe, expect, it } from 'vitest';
import type { ChangeFeedState } from '../../../../src/acronis/change-feed.ts';
import type { AcronisErrorKind } from '../../../../src/acronis/errors.ts';
import {
  type Before,
  judge,
  type Memory,
  nothingSeen,
  type Probe,
  type Sample,
} from '../../../../src/controllers/account/health.ts';

const following: ChangeFeedState = { kind: 'following' };
const refused: ChangeFeedState = { kind: 'refused', why: 'The feed was refused.' };
const fresh: Before = { ready: 'Pending', feed: undefined };
const well: Before = { ready: 'Connected', feed: 'Following' };
const interval = 15_000;

type Given = Partial<Omit<Sample & { kind: 'account' }, 'kind'>>;
const sample = (given: Given = {}): Sample => ({
  kind: 'account',
  probe: undefined,
  circuit: undefined,
  heldMs: 0,
  feed: following,
  ...given,
});
const failed = (cause: AcronisErrorKind): Probe => ({ kind: 'failed', cause, message: 'Why it failed.' });

/** The reasons after one sample. */
function judged(seen: Sample, before: Before = fresh, memory: Memory = nothingSeen, now = 1_000_000) {
  const { health, memory: kept } = judge(seen, before, memory, { driftIntervalMs: interval, now });
  return { ready: health.ready?.reason, feed: health.feed?.reason, kept, health };
}

describe('Ready of an account', () => {
  it.each<[string, Sample, Before, string | undefined]>([
    ['whose feed is read', sample(), fresh, 'Connected'],
    [
      'whose feed was not polled, and whose call is served',
      sample({ feed: { kind: 'pending' }, probe: { kind: 'served' } }),
      fresh,
      'Connected',
    ],
    [
      'whose feed is refused, and whose call is served',
      sample({ feed: refused, probe: { kind: 'served' } }),
      well,
      'Connected',
    ],
    ['whose client may not read its own record', sample({ probe: failed('forbidden') }), fresh, 'Connected'],
    ['whose host redirects every call', sample({ feed: refused, probe: failed('rejected') }), fresh, 'Unavailable'],
    [
      'whose host redirects every call since lately',
      sample({ feed: refused, probe: failed('rejected') }),
      well,
      'Unavailable',
    ],
    ['whose own record is refused while the feed is read', sample({ probe: failed('rejected') }), fresh, 'Connected'],
    [
      'whose client is not accepted',
      sample({ feed: refused, probe: failed('credentials') }),
      well,
      'CredentialsRejected',
    ],
    [
      'whose host leads to a private address',
      sample({ feed: refused, probe: failed('urlNotAllowed') }),
      well,
      'UrlNotAllowed',
    ],
    ['whose circuit is open, though the feed is read', sample({ circuit: 'No response.' }), well, 'Unavailable'],
    ['without a response at first', sample({ feed: refused, probe: failed('unavailable') }), fresh, 'Unavailable'],
    [
      'without a response, of the feed and of a call',
      sample({ feed: refused, probe: failed('unavailable') }),
      well,
      'Unavailable',
    ],
    ['without one response while the feed is read', sample({ probe: failed('unavailable') }), well, undefined],
    ['that is to wait for 20 s', sample({ heldMs: 20_000 }), well, 'Throttled'],
    ['that is to wait for a moment', sample({ heldMs: 3_000 }), well, 'Connected'],
    ['throttled in feed and call', sample({ feed: refused, probe: failed('throttled') }), well, 'Throttled'],
  ])('%s', (_, seen, before, expected) => {
    expect(judged(seen, before).ready).toBe(expected);
  });

  it('is Throttled until Acronis asked for nothing for half a minute, so that it does not flap', () => {
    const throttled: Before = { ready: 'Throttled', feed: 'Following' };
    const first = judged(sample({ heldMs: 20_000 }), well, nothingSeen, 0);
    expect(judged(sample(), throttled, first.kept, 29_000).ready).toBe('Throttled');
    expect(judged(sample(), throttled, first.kept, 31_000).ready).toBe('Connected');
  });
});

describe('ChangeFeed', () => {
  const since = (kind: ChangeFeedState['kind'], ms: number): Memory => ({
    ...nothingSeen,
    feed: { kind, since: 1_000_000 - ms },
  });
  it.each<[string, ChangeFeedState, Before, Memory, string | undefined]>([
    ['says nothing before it was polled', { kind: 'pending' }, fresh, nothingSeen, undefined],
    ['is Following once it was read', following, fresh, nothingSeen, 'Following'],
    ['is Refused at once where it was never read', refused, fresh, nothingSeen, 'Refused'],
    ['stays where one poll failed', refused, well, nothingSeen, undefined],
    ['is Refused where the second failed', refused, well, since('refused', 1.6 * interval), 'Refused'],
    ['stays where one poll was not enough', { kind: 'behind' }, well, since('behind', interval), undefined],
    ['is Behind where four were not', { kind: 'behind' }, well, since('behind', 4 * interval), 'Behind'],
    [
      'is Following as soon as it is read again',
      following,
      { ready: 'Connected', feed: 'Refused' },
      since('refused', 9e6),
      'Following',
    ],
  ])('%s', (_, feed, before, memory, expected) => {
    expect(judged(sample({ feed }), before, memory).feed).toBe(expected);
  });
});

describe('ChangeFeed of a feed that is refused and behind in turns', () => {
  it('is not written with every poll', () => {
    const said: (string | undefined)[] = [];
    let [before, memory]: [Before, Memory] = [{ ready: 'Connected', feed: 'Refused' }, nothingSeen];
    for (let poll = 0; poll < 10; poll++)
      for (let at = 0; at < interval; at += 5_000) {
        const feed: ChangeFeedState = poll % 2 === 0 ? { kind: 'behind' } : refused;
        const one = judged(sample({ feed }), before, memory, poll * interval + at);
        if (one.feed !== undefined && one.feed !== before.feed) said.push(one.feed);
        memory = one.kept;
        before = { ...before, feed: one.feed ?? before.feed };
      }
    expect(said).toEqual([]);
  });
});

describe('an account that cannot be asked', () => {
  it.each<[Sample, string]>([
    [{ kind: 'invalidSpec', problem: 'spec.tenantIDs: wrong' }, 'InvalidSpec'],
    [{ kind: 'noCredentials', reason: 'CredentialsMissing', problem: 'There is no Secret.' }, 'CredentialsMissing'],
    [{ kind: 'noCredentials', reason: 'UrlNotAllowed', problem: 'The URL is not https.' }, 'UrlNotAllowed'],
  ])('says so, and that its feed is not asked: %j', (seen, reason) => {
    expect(judged(seen, well)).toMatchObject({ ready: reason, feed: 'Refused' });
  });
});

it('the same sample has the same words, and each is a sentence', () => {
  for (const seen of [
    sample(),
    sample({ heldMs: 9_000 }),
    sample({ heldMs: 20_000 }),
    sample({ circuit: 'Why.' }),
    sample({ feed: refused, probe: failed('credentials') }),
  ]) {
    const [first, second] = [judged(seen, fresh, nothingSeen, 0), judged(seen, fresh, nothingSeen, 99_000)];
    expect(first.health).toEqual(second.health);
    for (const said of [first.health.ready, first.health.feed]) expect(said?.message).toMatch(/^[A-Z].*\.$/);
  }
  expect(judged(sample({ heldMs: 9_000 })).health.ready?.message).toBe(
    judged(sample({ heldMs: 20_000 })).health.ready?.message,
  );
});
