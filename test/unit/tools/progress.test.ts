import { expect, test } from 'vitest';
import type { Clock } from '../../../src/base/clock.ts';
import { plainProgress } from '../../../tools/progress.ts';

/** Time that the test moves. */
function ownedClock(): Clock & { pass(ms: number): void } {
  let now = 0;
  let timers: { at: number; fn: () => void }[] = [];
  return {
    now: () => now,
    wall: () => now,
    sleep: () => Promise.reject(new Error('no test sleeps here')),
    after(ms, fn) {
      const timer = { at: now + ms, fn };
      timers.push(timer);
      return {
        cancel() {
          timers = timers.filter((other) => other !== timer);
        },
      };
    },
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((other) => other !== next);
        now = next.at;
        next.fn();
      }
      now = end;
    },
  };
}

function shownBy(work: (clock: ReturnType<typeof ownedClock>, say: (text: string) => void) => Promise<unknown>) {
  const clock = ownedClock();
  const lines: string[] = [];
  const progress = plainProgress({ write: (text) => lines.push(text) }, clock);
  return { lines, clock, done: progress.step('building', (say) => work(clock, say)) };
}

test('a long step says every 15 seconds that it is still at it, and for how long', async () => {
  const { lines, done } = shownBy(async (clock, say) => {
    clock.pass(16_000);
    say('3 of 9 MB');
    clock.pass(60_000);
  });
  await done;

  expect(lines).toEqual([
    'building …\n',
    'building … 15 s\n',
    'building … 30 s, 3 of 9 MB\n',
    'building … 45 s, 3 of 9 MB\n',
    'building … 1 min 0 s, 3 of 9 MB\n',
    'building … 1 min 15 s, 3 of 9 MB\n',
    'building: done in 1 min 16 s\n',
  ]);
});

test('a step that fails passes its error on, claims nothing, and is silent afterwards', async () => {
  const { lines, clock, done } = shownBy(() => Promise.reject(new Error('no Go')));

  await expect(done).rejects.toThrow('no Go');
  clock.pass(60_000);
  expect(lines).toEqual(['building …\n']);
});
