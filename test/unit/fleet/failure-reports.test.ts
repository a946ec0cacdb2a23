import { describe, expect, it } from 'vitest';
import { createFailureReports } from '../../../src/fleet/failure-reports.ts';
import { always } from '../../support/signal.ts';

describe('failures are written', () => {
  const flowOf = (key: string) => key.slice(0, 1);

  it('one at a time for each account, and no account waits for another', async () => {
    const reports = createFailureReports(flowOf);
    const end = await reports.turn('a/1', always());
    let second = false;
    const next = reports.turn('a/2', always()).then((turn) => {
      second = true;
      return turn;
    });
    (await reports.turn('b/1', always()))();
    expect(second).toBe(false);
    end();
    (await next)();
    expect(second).toBe(true);
  });

  it('by none that gave up waiting: the next one has the turn', async () => {
    const reports = createFailureReports(flowOf);
    const end = await reports.turn('a/1', always());
    const stop = new AbortController();
    const given = reports.turn('a/2', stop.signal);
    const next = reports.turn('a/3', always());
    stop.abort(new Error('stopped'));
    await expect(given).rejects.toThrow('stopped');
    end();
    (await next)();
    (await reports.turn('a/4', always()))();
  });
});
