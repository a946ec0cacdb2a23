import { describe, expect, onTestFinished, test } from 'vitest';
import { createTokenSource, type TokenOptions } from '../../../../src/acronis/calls/token.ts';
import { createRateLimiter } from '../../../../src/acronis/limits/rate-limiter.ts';
import { failure } from '../../../support/failure.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { quietAcronisMetrics } from '../../../support/quiet.ts';
import { always } from '../../../support/signal.ts';
import { acronisFailure, network, refused, url } from '../support.ts';

const minute = 60_000;

/** A token source whose n-th token is `token-n`, with `fields` beside it. */
function source(response: (count: number) => unknown, options: Partial<TokenOptions> = {}) {
  const clock = new ManualClock();
  const { send, sent } = network((_, count) => response(count));
  const limiter = createRateLimiter({ limits: () => ({ concurrency: 8, rate: 0 }), clock, random: () => 0 });
  const tokens = createTokenSource({
    url,
    clientId: 'client',
    clientSecret: 'sécret:with colon',
    send,
    limiter,
    clock,
    metrics: quietAcronisMetrics,
    lifetime: always(),
    ...options,
  });
  return { tokens, clock, sent };
}

const token = (count: number, fields: Readonly<Record<string, unknown>> = {}) => ({
  access_token: `token-${count}`,
  token_type: 'bearer',
  id_token: 'x',
  ...fields,
});

describe('the request for a token', () => {
  test('is the one that the guide has', async () => {
    const { tokens, sent } = source(token);
    expect(await tokens.get(always())).toBe('token-1');
    expect(sent).toEqual([
      {
        method: 'POST',
        url: 'https://eu2-cloud.acronis.com/api/2/idp/token',
        headers: {
          authorization: `Basic ${Buffer.from('client:sécret:with colon').toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: 'grant_type=client_credentials',
      },
    ]);
  });

  test('is sent once, however many wait', async () => {
    const response = Promise.withResolvers<unknown>();
    const { tokens, sent } = source(() => response.promise);
    const all = Promise.all(Array.from({ length: 1_000 }, () => tokens.get(always())));
    await settle();
    response.resolve(token(1));
    expect(new Set(await all)).toEqual(new Set(['token-1']));
    expect(sent).toHaveLength(1);
  });

  test('is not sent for a caller that is aborted already, and a failure without a caller does not end the process', async () => {
    const unheard: unknown[] = [];
    const hear = (error: unknown) => void unheard.push(error);
    process.on('unhandledRejection', hear);
    onTestFinished(() => void process.off('unhandledRejection', hear));
    const { tokens, sent } = source(() => {
      throw refused('unavailable');
    });
    const reason = new Error('enough');
    expect(await failure(tokens.get(AbortSignal.abort(reason)))).toBe(reason);
    await settle();
    await settle();
    expect(unheard).toEqual([]);
    expect(sent).toHaveLength(0);
  });

  test('goes on for the others when one waiter is aborted, even the one who set it off', async () => {
    const response = Promise.withResolvers<unknown>();
    const { tokens, sent } = source(() => response.promise);
    const abort = new AbortController();
    const first = failure(tokens.get(abort.signal));
    const second = tokens.get(always());
    await settle();
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await first).toBe(reason);
    response.resolve(token(1));
    expect(await second).toBe('token-1');
    expect(sent).toHaveLength(1);
  });

  test('ends with the account', async () => {
    const end = new AbortController();
    const { tokens, sent } = source(token, { lifetime: end.signal });
    const reason = refused('unavailable');
    end.abort(reason);
    expect(await failure(tokens.get(always()))).toBe(reason);
    expect(sent).toHaveLength(0);
  });
});

describe('renewal', () => {
  /** When the second request is sent, in minutes after the first. */
  async function renewedAfter(fields: Readonly<Record<string, unknown>>): Promise<number> {
    const { tokens, clock, sent } = source((count) => token(count, fields));
    await tokens.get(always());
    while (sent.length === 1 && clock.now() < 3 * 24 * 60 * minute) {
      await clock.advance(minute / 6);
      await tokens.get(always());
    }
    return clock.now() / minute;
  }
  const wall = new ManualClock().wall() / 1000;

  test.each([
    ['expires_in', { expires_in: 7200 }, 105],
    ['expires_on', { expires_on: wall + 7200 }, 105],
    ['both', { expires_in: 7200, expires_on: wall + 7200 }, 105],
    ['neither: two hours', {}, 105],
    ['texts', { expires_in: '7200' }, 105],
    ['a clock of ours that is a day ahead', { expires_in: 7200, expires_on: wall + 7200 - 86_400 }, 105],
    ['an expiry that is over, which only says that a clock is wrong', { expires_on: wall - 3600 }, 105],
    ['zero', { expires_in: 0 }, 105],
    ['a negative one', { expires_in: -5 }, 105],
    ['null', { expires_in: null, expires_on: null }, 105],
    ['no number at all', { expires_in: {}, expires_on: 'tomorrow' }, 105],
    ['more than a number holds', JSON.parse('{"expires_in":1e999}'), 105],
    ['an hour', { expires_in: 3600 }, 45],
    ['twenty minutes: half of them', { expires_in: 1200 }, 10],
    ['one minute: never sooner than that', { expires_in: 60 }, 1],
    ['a second: never sooner than a minute', { expires_in: 1 }, 1],
    ['ten seconds ahead: never sooner than a minute', { expires_on: wall + 10 }, 1],
  ])('comes before the end, said as %s', async (_, fields, minutes) => {
    expect(await renewedAfter(fields)).toBeCloseTo(minutes, 5);
  });

  test('that fails leaves the old token in use until its end, asking now and then', async () => {
    let down = false;
    const { tokens, clock, sent } = source((count) => {
      if (down) throw refused('unavailable');
      return token(count, { expires_in: 7200 });
    });
    await tokens.get(always());
    down = true;
    await clock.advance(106 * minute);
    for (let i = 0; i < 100; i++) expect(await tokens.get(always())).toBe('token-1');
    expect(sent).toHaveLength(2);
    await clock.advance(minute);
    expect(await tokens.get(always())).toBe('token-1');
    expect(sent).toHaveLength(3);
    await clock.advance(13 * minute);
    expect((await acronisFailure(tokens.get(always()))).kind).toBe('unavailable');
    down = false;
    expect(await tokens.get(always())).toBe('token-5');
  });

  test('that is refused ends the old token too', async () => {
    const { tokens, clock } = source((count) => {
      if (count > 1) throw refused('credentials', { status: 401 });
      return token(count, { expires_in: 7200 });
    });
    await tokens.get(always());
    await clock.advance(106 * minute);
    expect((await acronisFailure(tokens.get(always()))).kind).toBe('credentials');
  });
});

describe('a dropped token', () => {
  test('is replaced, once for all who were refused with it', async () => {
    const { tokens, sent } = source(token);
    const old = await tokens.get(always());
    for (let i = 0; i < 10; i++) tokens.refused(old, 401);
    expect(await Promise.all([tokens.get(always()), tokens.get(always())])).toEqual(['token-2', 'token-2']);
    tokens.refused(old, 401);
    expect(await tokens.get(always())).toBe('token-2');
    expect(sent).toHaveLength(2);
  });

  test('does not come back when the renewal in flight fails', async () => {
    const { tokens, clock } = source((count) => {
      if (count > 1) throw refused('unavailable');
      return token(count, { expires_in: 7200 });
    });
    const old = await tokens.get(always());
    await clock.advance(106 * minute);
    const renewing = failure(tokens.get(always()));
    tokens.refused(old, 401);
    expect(await renewing).toMatchObject({ kind: 'unavailable' });
  });
});

describe('a token that calls are refused with', () => {
  test('brings one new one, and when that is no better a few an hour', async () => {
    const { tokens, clock, sent } = source(token);
    for (let second = 0; second < 60 * 60; second += 10) {
      const given = await tokens.get(always());
      tokens.refused(given, 401);
      await clock.advance(10_000);
    }
    expect(sent.length).toBeLessThanOrEqual(8);
  });

  test('by one endpoint, while others are served with it, is renewed a few times an hour', async () => {
    const { tokens, clock, sent } = source(token);
    for (let second = 0; second < 60 * 60; second += 15) {
      tokens.accepted(await tokens.get(always()));
      const given = await tokens.get(always());
      // As a call does it: once more with the new one.
      if (tokens.refused(given, 401)) tokens.refused(await tokens.get(always()), 401);
      await clock.advance(15_000);
    }
    expect(sent.length).toBeLessThanOrEqual(10);
  });

  test('is renewed immediately each time, where it was accepted before', async () => {
    const { tokens, sent } = source((count) => token(count, { expires_in: 1 }));
    for (let i = 1; i <= 5; i++) {
      const given = await tokens.get(always());
      tokens.accepted(given);
      expect(tokens.refused(given, 401)).toBe(true);
      expect(sent).toHaveLength(i);
    }
  });

  test('for want of a right (403) is renewed once, and then not for a while', async () => {
    const { tokens, clock, sent } = source(token);
    tokens.accepted(await tokens.get(always()));
    await clock.advance(5 * minute);
    for (let i = 0; i < 100; i++) tokens.refused(await tokens.get(always()), 403);
    expect(sent).toHaveLength(2);
    await clock.advance(10 * minute);
    for (let i = 0; i < 100; i++) tokens.refused(await tokens.get(always()), 403);
    expect(sent).toHaveLength(3);
  });
});

describe('a client that Acronis does not accept', () => {
  test.each([400, 401, 403, 404])('with %d: kind credentials, without a word of the body', async (status) => {
    const { tokens } = source(() => {
      throw refused(status === 400 ? 'rejected' : 'forbidden', { status });
    });
    const error = await acronisFailure(tokens.get(always()));
    // The call that needed the token got no status: it was never sent.
    expect(error).toMatchObject({ kind: 'credentials', status: 0, outcomeUnknown: false });
    expect(error.message).toContain(`eu2-cloud.acronis.com did not accept the API client (HTTP ${status}). Put the id`);
  });

  test('is tried a few times an hour, and no more, however many objects need it', async () => {
    const { tokens, clock, sent } = source(() => {
      throw refused('credentials', { status: 401 });
    });
    const inMinutes: number[] = [];
    for (let second = 0; second < 2 * 60 * 60; second += 10) {
      const before = sent.length;
      for (let i = 0; i < 10; i++) await failure(tokens.get(always()));
      if (sent.length > before) inMinutes.push(second / 60);
      await clock.advance(10_000);
    }
    expect(inMinutes).toEqual([0, 0.5, 2.5, 10.5, 30.5, 50.5, 70.5, 90.5, 110.5]);
  });

  test('is remembered for 30 seconds: a thousand objects ask once, and each gets the same error', async () => {
    let accepted = false;
    const { tokens, clock, sent } = source((count) => {
      if (!accepted) throw refused('credentials', { status: 401 });
      return token(count);
    });
    const first = await acronisFailure(tokens.get(always()));
    for (let i = 0; i < 1_000; i++) expect(await failure(tokens.get(always()))).toBe(first);
    await clock.advance(29_999);
    expect(await failure(tokens.get(always()))).toBe(first);
    expect(sent).toHaveLength(1);
    accepted = true;
    await clock.advance(1);
    expect(await tokens.get(always())).toBe('token-2');
  });

  test.each([
    ['throttled', 429],
    ['unavailable', 408],
    ['unavailable', 500],
    ['unavailable', 401],
    ['unavailable', 403],
    ['unavailable', 0],
    ['rejected', 302],
  ] as const)('is not what %s (%d) says: nothing is remembered', async (kind, status) => {
    const { tokens, sent } = source((count) => {
      if (count === 1) throw refused(kind, { status, retryAfterMs: 0 });
      return token(count);
    });
    expect((await acronisFailure(tokens.get(always()))).kind).toBe(kind);
    expect(sent).toHaveLength(1);
  });
});

describe('a response without a token that can be used', () => {
  test.each([
    {},
    null,
    [],
    { access_token: '' },
    { access_token: null },
    { access_token: 5 },
    { access_token: 'two words' },
    { access_token: 'a\r\nx-injected: 1' },
    { access_token: 'umläut' },
    JSON.parse('{"__proto__":{"access_token":"x"}}'),
  ])('%j is no token and no refusal', async (body) => {
    const { tokens } = source((count) => (count === 1 ? body : token(count)));
    expect(await acronisFailure(tokens.get(always()))).toMatchObject({ kind: 'unavailable', detail: 'no token' });
    expect(await tokens.get(always())).toBe('token-2');
  });
});

test('the token endpoint keeps to the rate limit of the account', async () => {
  const clock = new ManualClock();
  const limiter = createRateLimiter({ limits: () => ({ concurrency: 8, rate: 0 }), clock, random: () => 0 });
  const { tokens, sent } = source(
    () => {
      throw refused('throttled', { status: 429, retryAfterMs: 60_000 });
    },
    { limiter, clock },
  );
  for (let i = 0; i < 100; i++) expect((await acronisFailure(tokens.get(always()))).kind).toBe('throttled');
  expect(sent).toHaveLength(1);
});

test('every request for a token is counted by what came of it', async () => {
  const counted: string[] = [];
  const metrics = {
    ...quietAcronisMetrics,
    requested: (operation: string, outcome: string) => void counted.push(`${operation} ${outcome}`),
  };
  const { tokens } = source(
    (count) => {
      if (count === 1) throw refused('unavailable');
      if (count === 2) return {};
      return token(count);
    },
    { metrics },
  );
  await failure(tokens.get(always()));
  await failure(tokens.get(always()));
  await tokens.get(always());
  expect(counted).toEqual(['token unavailable', 'token unavailable', 'token ok']);
});
