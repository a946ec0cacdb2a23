import { getEventListeners } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { orAborted } from '../../../src/base/abort.ts';
import { failure } from '../../support/failure.ts';
import { settle } from '../../support/manual-clock.ts';
import { always } from '../../support/signal.ts';

describe('waiting together', () => {
  test('the value comes through, and the signal is released', async () => {
    const signal = always();
    expect(await orAborted(Promise.resolve(5), signal)).toBe(5);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('a failure comes through, and the signal is released', async () => {
    const signal = always();
    expect(await failure(orAborted(Promise.reject(new Error('no')), signal))).toEqual(new Error('no'));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('a caller that is aborted gets the reason immediately, and the others go on', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const abort = new AbortController();
    const leaving = failure(orAborted(promise, abort.signal));
    const staying = orAborted(promise, always());
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await leaving).toBe(reason);
    resolve(5);
    expect(await staying).toBe(5);
  });

  test('a failure that no caller waits for any more does not end the process', async () => {
    const unheard: unknown[] = [];
    const hear = (error: unknown) => void unheard.push(error);
    process.on('unhandledRejection', hear);
    onTestFinished(() => void process.off('unhandledRejection', hear));
    for (const late of [false, true]) {
      const { promise, reject } = Promise.withResolvers<number>();
      const abort = new AbortController();
      if (!late) abort.abort(new Error('enough'));
      const waiting = failure(orAborted(promise, abort.signal));
      abort.abort(new Error('enough'));
      await waiting;
      reject(new Error('no caller hears this'));
    }
    await settle();
    await settle();
    expect(unheard).toEqual([]);
  });
});
