import { beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesReader, WatchListener } from '../../../../../src/kubernetes/calls/client.ts';
import type { VersionSince } from '../../../../../src/runtime/reflector/watch/confirm-version.ts';
import { followWatch } from '../../../../../src/runtime/reflector/watch/follow.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

const bookmark = { kind: 'bookmark', resourceVersion: '2', endsInitial: false } as const;

describe('a watch that was silent for as long as it may be', () => {
  let clock: ManualClock;
  let listener: WatchListener;
  let stop: AbortController;
  let asked: number;
  let respond: (version: VersionSince) => void;
  let missed: number;
  let ended: unknown;

  beforeEach(async () => {
    [clock, stop, asked, missed, ended] = [new ManualClock(), new AbortController(), 0, 0, undefined];
    const client: KubernetesReader = {
      request: () => Promise.reject(new Error('nothing is read')),
      watch: (_call, given, signal) => {
        listener = given;
        listener.onAccepted();
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    };
    const following = followWatch(
      {
        client,
        call: { path: '/apis/x', query: {}, idleTimeoutMs: 600_000 },
        clock,
        silenceMs: () => 90_000,
        versionSince: () => {
          asked += 1;
          return new Promise((resolve) => {
            respond = resolve;
          });
        },
        onMissed: () => {
          missed += 1;
        },
        onAccepted: () => {},
        onEvent: () => {},
      },
      stop.signal,
    );
    following.catch((error: unknown) => {
      ended = error;
    });
    await clock.advance(90_000);
    expect(asked).toBe(1);
  });

  it('is given up where the server had something to say', async () => {
    respond('moved');
    await clock.advance(2_000);
    expect(ended).toMatchObject({ reason: 'Silent' });
    expect(missed).toBe(1);
  });

  it.each([
    ['while the server is asked', 0],
    ['within a second of what the server says', 900],
  ])('is kept where something comes %s, and judged again 90 s later', async (_, ms) => {
    if (ms === 0) listener.onEvent(bookmark);
    respond('moved');
    await clock.advance(ms);
    if (ms > 0) listener.onEvent(bookmark);
    await clock.advance(89_000);
    expect([ended, asked]).toEqual([undefined, 1]);
    await clock.advance(2_000);
    expect(asked).toBe(2);
    respond('moved');
    await clock.advance(2_000);
    expect(ended).toMatchObject({ reason: 'Silent' });
    expect(missed).toBe(1);
  });

  it('is kept where there was nothing to say', async () => {
    respond('same');
    await clock.advance(89_000);
    expect([ended, asked]).toEqual([undefined, 1]);
    await clock.advance(2_000);
    expect([ended, asked]).toEqual([undefined, 2]);
    stop.abort(new Error('stopped'));
    await clock.advance(1);
    expect(ended).toMatchObject({ message: 'stopped' });
  });
});
