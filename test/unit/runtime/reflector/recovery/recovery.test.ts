import { beforeEach, describe, expect, it } from 'vitest';
import { KubernetesError } from '../../../../../src/kubernetes/calls/errors.ts';
import type { During } from '../../../../../src/runtime/reflector/recovery/failure.ts';
import { WatchRecovery } from '../../../../../src/runtime/reflector/recovery/recovery.ts';

const cut = new KubernetesError('cut', { reason: 'ConnectionFailed' });
const expired = new KubernetesError('too old', { status: 410, reason: 'Expired' });

let now: number;
let recovery: WatchRecovery;
beforeEach(() => {
  now = 0;
  recovery = new WatchRecovery(() => 0);
});

const fail = (error: unknown, during: During, openMs = 0, broughtEvents = false) => {
  now += openMs;
  return recovery.failed(error, { during, openMs, broughtEvents }, now);
};

describe('the way back of a reflector', () => {
  it('gets longer with each failure, up to half a minute', () => {
    const waits = Array.from({ length: 8 }, () => fail(cut, 'paged list').waitMs);
    expect(waits).toEqual([800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  });

  it('is never longer than five seconds where a person has to put something right', () => {
    const missing = new KubernetesError('no such kind', { status: 404 });
    const waits = Array.from({ length: 6 }, () => fail(missing, 'streaming list').waitMs);
    expect(waits).toEqual([800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  it('starts again when a watch was open for five seconds', () => {
    for (let i = 0; i < 5; i++) fail(cut, 'watch');
    expect(fail(cut, 'watch', 4_999).waitMs).toBeGreaterThan(800);
    expect(fail(cut, 'watch', 5_000)).toMatchObject({ waitMs: 800, consecutive: 1, relist: false });
  });

  it('gets longer from relist to relist even when the watches between them were open for a while', () => {
    const waits = Array.from({ length: 4 }, () => {
      recovery.listed(now);
      return fail(expired, 'watch', 20_000, true).waitMs;
    });
    expect(waits).toEqual([800, 1_600, 3_200, 6_400]);
    recovery.listed(now);
    expect(fail(expired, 'watch', 120_000, true).waitMs).toBe(800);
  });

  it('gives a version up after three consecutive watches that ended immediately and brought nothing', () => {
    expect([fail(cut, 'watch'), fail(cut, 'watch'), fail(cut, 'watch')].map((step) => step.relist)).toEqual([
      false,
      false,
      true,
    ]);
    expect(fail(cut, 'watch').relist).toBe(false);
  });

  it('blames the version neither for a watch that brought something nor for one that lasted', () => {
    for (let i = 0; i < 10; i++) {
      expect(fail(cut, 'watch', 0, true).relist).toBe(false);
      expect(fail(cut, 'watch', 6_000).relist).toBe(false);
    }
    fail(cut, 'watch');
    fail(cut, 'watch');
    recovery.broughtEvent();
    expect(fail(cut, 'watch').relist).toBe(false);
  });

  it('counts an end in order as a failure only when it comes immediately', () => {
    expect(recovery.endedWell(4_999)).toBe(false);
    for (let i = 0; i < 5; i++) fail(cut, 'watch');
    expect(recovery.endedWell(5_000)).toBe(true);
    expect(fail(cut, 'watch').waitMs).toBe(800);
  });

  it('turns to pages without a wait where a streaming list is refused, and tries a stream again after an hour', () => {
    expect(recovery.listsByStream(now)).toBe(true);
    expect(fail(new KubernetesError('no', { status: 422 }), 'streaming list')).toMatchObject({
      relist: true,
      waitMs: 0,
    });
    expect(recovery.listsByStream(now)).toBe(false);
    expect(fail(cut, 'paged list').waitMs).toBeGreaterThan(0);
    expect(recovery.listsByStream(now + 3_599_999)).toBe(false);
    expect(recovery.listsByStream(now + 3_600_000)).toBe(true);
  });

  it('tries a streaming list again ten minutes after one that was only cut off', () => {
    fail(new KubernetesError('cut off', { reason: 'ListUnfinished' }), 'streaming list');
    expect(recovery.listsByStream(now + 599_999)).toBe(false);
    expect(recovery.listsByStream(now + 600_000)).toBe(true);
  });

  it('waits as long as the server asks for even then', () => {
    const busy = new KubernetesError('busy', { status: 422, retryAfterMs: 7_000 });
    expect(fail(busy, 'streaming list').waitMs).toBe(7_000);
  });
});
