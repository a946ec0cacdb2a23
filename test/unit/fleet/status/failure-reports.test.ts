import { describe, expect, it } from 'vitest';
import { createFailureReports } from '../../../../src/fleet/status/failure-reports.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { always } from '../../../support/signal.ts';

describe('failures are written', () => {
  const setup = () => {
    const clock = new ManualClock();
    return { clock, reports: createFailureReports({ flowOf: (key) => key.slice(0, 1), clock }) };
  };

  const waiting = <T>(turn: Promise<T>) => {
    let over = false;
    void turn.then(() => {
      over = true;
    });
    return { turn, isOver: () => over };
  };

  it('one at a time for each account, and no account waits for another', async () => {
    const { clock, reports } = setup();
    const end = await reports.turn('a/1', always());
    const next = waiting(reports.turn('a/2', always()));
    await clock.advance(1_000);
    (await reports.turn('b/1', always()))();
    expect(next.isOver()).toBe(false);
    end();
    await clock.advance(500);
    (await next.turn)();
  });

  it('no more than fifty a second', async () => {
    const { clock, reports } = setup();
    let written = 0;
    const all = Array.from({ length: 200 }, async (_, at) => {
      const end = await reports.turn(`a/${at}`, always());
      written++;
      end();
    });
    for (let ms = 0; ms < 1_000; ms += 10) await clock.advance(10);
    expect(written).toBeGreaterThan(45);
    expect(written).toBeLessThanOrEqual(51);
    for (let ms = 0; ms < 4_000; ms += 10) await clock.advance(10);
    await Promise.all(all);
  });

  it.each([
    ['nine times as long as the write took', 40, 360],
    ['half a second, however long it took', 30_000, 500],
  ])('after a pause of %s', async (_, tookMs, pauseMs) => {
    const { clock, reports } = setup();
    const end = await reports.turn('a/1', always());
    const next = waiting(reports.turn('a/2', always()));
    await clock.advance(tookMs);
    end();
    await clock.advance(pauseMs - 1);
    expect(next.isOver()).toBe(false);
    await clock.advance(1);
    (await next.turn)();
  });

  it('after a pause that is shorter where many wait: none waits longer than half a minute for pauses', async () => {
    const { clock, reports } = setup();
    const end = await reports.turn('a/0', always());
    const [next, ...others] = Array.from({ length: 999 }, (_, at) => waiting(reports.turn(`a/${at + 1}`, always())));
    await clock.advance(30_000);
    end();
    await clock.advance(30);
    (await next?.turn)?.();
    expect(next?.isOver()).toBe(true);
    expect(others.some(({ isOver }) => isOver())).toBe(false);
  });

  it('by none that gave up waiting: the next one has the turn', async () => {
    const { clock, reports } = setup();
    const end = await reports.turn('a/1', always());
    const stop = new AbortController();
    const given = reports.turn('a/2', stop.signal);
    const next = reports.turn('a/3', always());
    stop.abort(new Error('stopped'));
    await expect(given).rejects.toThrow('stopped');
    end();
    await clock.advance(1_000);
    (await next)();
  });
});
