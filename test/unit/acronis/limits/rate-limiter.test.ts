import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import {
  type AccountLimits,
  createRateLimiter,
  type RateLimiterOptions,
} from '../../../../src/acronis/limits/rate-limiter.ts';
import { failure } from '../../../support/failure.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { always } from '../../../support/signal.ts';
import { acronisFailure, refused } from '../support.ts';

type Given = Partial<Omit<RateLimiterOptions, 'limits'> & AccountLimits>;
function setup({ concurrency = 8, rate = 0, ...options }: Given = {}) {
  const clock = new ManualClock();
  const held: number[] = [];
  const limits = { concurrency, rate };
  const limiter = createRateLimiter({
    limits: () => limits,
    clock,
    random: () => 0,
    onThrottled: (seconds) => void held.push(seconds),
    ...options,
  });
  return { clock, limiter, limits, held };
}

const throttled = (retryAfterMs?: number) => refused('throttled', { status: 429, retryAfterMs, detail: 'HTTP 429' });

/** Calls that stay open until the test ends them. */
function openCalls() {
  const open: { readonly end: () => void; readonly fail: (error: unknown) => void }[] = [];
  let most = 0;
  let count = 0;
  const call = async (): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    open.push({ end: resolve, fail: reject });
    most = Math.max(most, ++count);
    await promise.finally(() => count--);
  };
  return { call, open, most: () => most, running: () => count };
}

describe('concurrent requests', () => {
  test('are never more than the limit, and the next goes when one ends', async () => {
    const { limiter } = setup({ concurrency: 3 });
    const calls = openCalls();
    const all = Array.from({ length: 10 }, () => limiter.run(calls.call, always()));
    await settle();
    expect(calls.running()).toBe(3);
    for (let i = 0; i < 10; i++) {
      calls.open[i]?.end();
      await settle();
    }
    await Promise.all(all);
    expect(calls.most()).toBe(3);
  });

  test('a failed one makes room as a successful one does, and its error comes through as it is', async () => {
    const { limiter, held } = setup({ concurrency: 1 });
    for (const error of [refused('unavailable'), refused('conflict'), new Error('x')])
      expect(await failure(limiter.run(() => Promise.reject(error), always()))).toBe(error);
    expect(await limiter.run(async () => 5, always())).toBe(5);
    expect(limiter.limit).toBe(1);
    expect(held).toEqual([]);
  });

  test('a call that throws before it returns a promise makes room too', async () => {
    const { limiter } = setup({ concurrency: 1 });
    const broken = () => {
      throw new Error('x');
    };
    await failure(limiter.run(broken, always()));
    expect(await limiter.run(async () => 5, always())).toBe(5);
  });

  test('no call starves: first come, first served, whichever comes meanwhile', async () => {
    const { limiter } = setup({ concurrency: 1 });
    const order: number[] = [];
    let next = 0;
    const ask = (): Promise<void> => {
      const mine = next++;
      return limiter.run(async () => {
        order.push(mine);
        // Each one that is served brings another one in.
        if (next < 200) later.push(ask());
      }, always());
    };
    const later: Promise<void>[] = [];
    await Promise.all(Array.from({ length: 50 }, ask));
    while (later.length > 0) await later.shift();
    expect(order).toEqual(Array.from({ length: 200 }, (_, at) => at));
  });
});

describe('requests a second', () => {
  test('are spread evenly, with no burst after a pause', async () => {
    const { limiter, clock } = setup({ rate: 4 });
    const at: number[] = [];
    const ask = (count: number) =>
      Promise.all(Array.from({ length: count }, () => limiter.run(async () => void at.push(clock.now()), always())));
    const first = ask(4);
    await clock.advance(750);
    await first;
    await clock.advance(10_000);
    const second = ask(3);
    await clock.advance(500);
    await second;
    expect(at).toEqual([0, 250, 500, 750, 10_750, 11_000, 11_250]);
  });
});

describe('"later"', () => {
  test('holds everything of the account back for as long as Retry-After said', async () => {
    const { limiter, clock, held } = setup();
    const error = await acronisFailure(limiter.run(() => Promise.reject(throttled(2_000)), always()));
    expect(error).toMatchObject({ kind: 'throttled', status: 429, retryAfterMs: 2_000, detail: 'HTTP 429' });
    let went = 0;
    const waiting = Promise.all(Array.from({ length: 3 }, () => limiter.run(async () => void went++, always())));
    await clock.advance(1_999);
    expect(went).toBe(0);
    await clock.advance(1);
    await waiting;
    expect(went).toBe(3);
    expect(held).toEqual([2]);
  });

  test('is kept a little longer than asked, so that not all calls come back in the same millisecond', async () => {
    const { limiter } = setup({ random: () => 0.5 });
    expect((await acronisFailure(limiter.run(() => Promise.reject(throttled(2_000)), always()))).retryAfterMs).toBe(
      2_100,
    );
  });

  test.each([
    ['nothing', undefined, 4_000],
    ['immediately', 0, 100],
    ['a year', 365 * 24 * 3_600_000, 15 * 60_000],
    ['more than a number holds', Number.POSITIVE_INFINITY, 15 * 60_000],
  ])('with %s is kept within bounds, and a call that was refused gets what is kept', async (_, asked, kept) => {
    for (const random of [() => 0, () => 0.999]) {
      const { limiter } = setup({ random });
      const error = await acronisFailure(limiter.run(() => Promise.reject(throttled(asked)), always()));
      expect(error.retryAfterMs).toBeGreaterThanOrEqual(kept);
      expect(error.retryAfterMs).toBeLessThanOrEqual(Math.min(kept * 1.1, 15 * 60_000));
    }
  });

  test('without a time is short enough to be sat out', async () => {
    const { limiter, clock } = setup({ random: () => 0.999 });
    await failure(limiter.run(() => Promise.reject(throttled()), always()));
    const waiting = limiter.run(async () => 5, always());
    await clock.advance(4_400);
    expect(await waiting).toBe(5);
  });

  test('for long fails all calls that wait and that come immediately, with the time that is left', async () => {
    const { limiter, clock } = setup({ concurrency: 1 });
    const calls = openCalls();
    const first = acronisFailure(limiter.run(calls.call, always()));
    const waiting = [
      acronisFailure(limiter.run(calls.call, always())),
      acronisFailure(limiter.run(calls.call, always())),
    ];
    await settle();
    calls.open[0]?.fail(throttled(60_000));
    for (const error of await Promise.all([first, ...waiting]))
      expect(error).toMatchObject({ kind: 'throttled', retryAfterMs: 60_000 });
    await clock.advance(10_000);
    const late = await acronisFailure(limiter.run(calls.call, always()));
    expect(late).toMatchObject({
      kind: 'throttled',
      retryAfterMs: 50_000,
      message: 'refused: throttled',
    });
    expect(calls.open).toHaveLength(1);
    expect(clock.timers).toBe(0);
    await clock.advance(50_000);
    expect(await limiter.run(async () => 5, always())).toBe(5);
  });

  test('that sends away all who wait leaves no timer that was to serve them', async () => {
    const { limiter, clock } = setup({ concurrency: 8 });
    const calls = openCalls();
    const [first, second] = [
      acronisFailure(limiter.run(calls.call, always())),
      acronisFailure(limiter.run(calls.call, always())),
    ];
    await settle();
    calls.open[0]?.fail(throttled());
    await first;
    const third = acronisFailure(limiter.run(calls.call, always()));
    await settle();
    expect(clock.timers).toBe(1);
    calls.open[1]?.fail(throttled(60_000));
    expect(await second).toMatchObject({ kind: 'throttled' });
    expect(await third).toMatchObject({ kind: 'throttled' });
    expect(clock.timers).toBe(0);
  });

  test('is never shortened by a later response that asks for less, and no second is counted twice', async () => {
    const { limiter, clock, held } = setup();
    const calls = openCalls();
    const all = [acronisFailure(limiter.run(calls.call, always())), acronisFailure(limiter.run(calls.call, always()))];
    await settle();
    calls.open[0]?.fail(throttled(4_000));
    await clock.advance(1_000);
    calls.open[1]?.fail(throttled(1_000));
    expect((await Promise.all(all)).map((error) => error.retryAfterMs)).toEqual([4_000, 3_000]);
    expect(held).toEqual([4]);
  });
});

describe('how many may go concurrently', () => {
  test('is halved once for requests that were refused together', async () => {
    const { limiter, clock } = setup();
    const calls = openCalls();
    const all = Array.from({ length: 8 }, () => failure(limiter.run(calls.call, always())));
    await settle();
    for (const each of calls.open) {
      await clock.advance(1);
      each.fail(throttled(1_000));
    }
    await Promise.all(all);
    expect(limiter.limit).toBe(4);
  });

  test('is halved once even where the clock stood still between them', async () => {
    const { limiter } = setup();
    const calls = openCalls();
    const all = Array.from({ length: 8 }, () => failure(limiter.run(calls.call, always())));
    await settle();
    for (const each of calls.open) each.fail(throttled(1_000));
    await Promise.all(all);
    expect(limiter.limit).toBe(4);
  });

  test('is halved again by one that went later, down to one and never to none', async () => {
    const { limiter, clock } = setup();
    const limits: number[] = [];
    for (let i = 0; i < 6; i++) {
      await failure(limiter.run(() => Promise.reject(throttled(1_000)), always()));
      limits.push(limiter.limit);
      await clock.advance(2_000);
    }
    expect(limits).toEqual([4, 2, 1, 1, 1, 1]);
    expect(await limiter.run(async () => 5, always())).toBe(5);
  });

  test('grows back by one with every 20 successes, up to what it was', async () => {
    const { limiter, clock } = setup({ concurrency: 4 });
    for (let i = 0; i < 3; i++) {
      await failure(limiter.run(() => Promise.reject(throttled(1_000)), always()));
      await clock.advance(2_000);
    }
    expect(limiter.limit).toBe(1);
    const limits: number[] = [];
    for (let i = 0; i < 100; i++) {
      await limiter.run(async () => {}, always());
      limits.push(limiter.limit);
    }
    expect([18, 19, 38, 39, 58, 59, 99].map((at) => limits[at])).toEqual([1, 2, 2, 3, 3, 4, 4]);
  });

  test('once grown, is used by those who wait', async () => {
    const { limiter, clock } = setup({ concurrency: 2 });
    await failure(limiter.run(() => Promise.reject(throttled(100)), always()));
    await clock.advance(200);
    for (let i = 0; i < 19; i++) await limiter.run(async () => {}, always());
    const calls = openCalls();
    const all = Array.from({ length: 3 }, () => limiter.run(calls.call, always()));
    await settle();
    expect(calls.running()).toBe(1);
    calls.open[0]?.end();
    await settle();
    expect(calls.running()).toBe(2);
    for (const each of calls.open) each.end();
    await settle();
    for (const each of calls.open) each.end();
    await Promise.all(all);
  });
});

describe('a call that is aborted', () => {
  test('before asking is not served', async () => {
    const { limiter } = setup();
    const reason = new Error('enough');
    let went = 0;
    expect(await failure(limiter.run(async () => void went++, AbortSignal.abort(reason)))).toBe(reason);
    expect(went).toBe(0);
  });

  test('while waiting leaves immediately, and the others keep their places', async () => {
    const { limiter } = setup({ concurrency: 1 });
    const calls = openCalls();
    const running = limiter.run(calls.call, always());
    const abort = new AbortController();
    const leaving = failure(limiter.run(calls.call, abort.signal));
    const staying = limiter.run(async () => 'served', always());
    await settle();
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await leaving).toBe(reason);
    calls.open[0]?.end();
    await running;
    expect(await staying).toBe('served');
    expect(calls.open).toHaveLength(1);
  });

  test('while all is held back leaves no timer behind', async () => {
    const { limiter, clock } = setup();
    await failure(limiter.run(() => Promise.reject(throttled(3_000)), always()));
    const abort = new AbortController();
    const leaving = failure(limiter.run(async () => {}, abort.signal));
    await settle();
    expect(clock.timers).toBe(1);
    abort.abort(new Error('enough'));
    await leaving;
    expect(clock.timers).toBe(0);
  });

  test('after being served is released: no listener stays', async () => {
    const { limiter } = setup();
    const { signal } = new AbortController();
    await limiter.run(async () => {}, signal);
    await failure(limiter.run(() => Promise.reject(throttled(60_000)), signal));
    await failure(limiter.run(async () => {}, signal));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('"later" about one user', () => {
  const later = refused('throttled', { status: 503, retryAfterMs: 600_000, scope: 'user' });
  const refuse = (limiter: ReturnType<typeof setup>['limiter'], user: string) =>
    acronisFailure(limiter.run(() => Promise.reject(later), always(), user));

  test('holds that user back and no other, however often it is given', async () => {
    const { limiter, held } = setup();
    for (let i = 0; i < 10; i++)
      expect(await refuse(limiter, 'a')).toMatchObject({ scope: 'user', retryAfterMs: 600_000 });
    expect(await limiter.run(async () => 'served', always(), 'b')).toBe('served');
    expect([held, limiter.limit, limiter.isHeld]).toEqual([[], 8, false]);
  });

  test("is the whole account's where three users are given it and none is served in between", async () => {
    const { limiter, held } = setup();
    await refuse(limiter, 'a');
    await refuse(limiter, 'b');
    await limiter.run(async () => 'served', always(), 'c');
    await refuse(limiter, 'a');
    await refuse(limiter, 'b');
    expect(limiter.isHeld).toBe(false);
    await refuse(limiter, 'd');
    expect([held, limiter.isHeld]).toEqual([[600], true]);
  });

  test("is the whole account's where the call is about none", async () => {
    const { limiter } = setup();
    await acronisFailure(
      limiter.run(() => Promise.reject(refused('throttled', { status: 503, retryAfterMs: 600_000 })), always()),
    );
    expect(limiter.isHeld).toBe(true);
  });
});

test('a limit that is changed counts from the next request on, in both directions', async () => {
  const { limiter, limits, clock } = setup({ concurrency: 1 });
  const { call, open, running } = openCalls();
  const calls = Array.from({ length: 4 }, () => limiter.run(call, always()));
  await settle();
  expect(running()).toBe(1);
  limits.concurrency = 3;
  open[0]?.end();
  await settle();
  expect(running()).toBe(3);
  limits.concurrency = 1;
  const more = limiter.run(call, always());
  open[1]?.end();
  await settle();
  expect(running()).toBe(2);
  open[2]?.end();
  open[3]?.end();
  await settle();
  expect(running()).toBe(1);
  open[4]?.end();
  await clock.advance(0);
  await Promise.all([...calls, more]);
});
