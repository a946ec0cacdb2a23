import { expect, it } from 'vitest';
import { createOutput } from '../../../../src/observability/log/output.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

/** A pipe of so many bytes, which is read only when the test does. */
function pipe(capacity: number) {
  const clock = new ManualClock();
  const resumed: number[] = [];
  let [free, text] = [capacity, ''];
  let broken: string | undefined;
  const output = createOutput({
    writeBytes(bytes) {
      const code = broken ?? (free === 0 ? 'EAGAIN' : undefined);
      if (code !== undefined) throw Object.assign(new Error(code), { code });
      const taken = bytes.subarray(0, free);
      free -= taken.length;
      text += Buffer.from(taken).toString();
      return taken.length;
    },
    clock,
    onResumed: (dropped) => resumed.push(dropped),
  });
  return {
    clock,
    output,
    resumed,
    read: () => {
      const read = text;
      [free, text] = [capacity, ''];
      return read;
    },
    fail: (code: string | undefined) => {
      broken = code;
    },
  };
}

it('what the pipe takes is there when the call returns', () => {
  const { output, read, clock } = pipe(100);
  output.write('a\n');
  expect(read()).toBe('a\n');
  expect(clock.timers).toBe(0);
});

it('what a full pipe does not take follows in order once it is read, no byte lost or twice', async () => {
  const { output, read, clock, resumed } = pipe(3);
  output.write('first\n');
  output.write('second\n');
  let all = '';
  for (let round = 0; round < 10; round++) {
    all += read();
    await clock.advance(50);
  }
  expect(all).toBe('first\nsecond\n');
  expect(resumed).toEqual([]);
  expect(clock.timers, 'nothing waits while there is nothing to write').toBe(0);
});

it('while nothing reads, whole lines beyond one MiB are dropped, counted, and reported once when lines are written again', async () => {
  const { output, read, clock, resumed } = pipe(10_000_000);
  output.write(`${'x'.repeat(9_999_999)}\n`);
  const line = `${'y'.repeat(999)}\n`;
  for (let count = 0; count < 1_000; count++) output.write(line.repeat(2));
  expect(output.dropped).toBeGreaterThan(900);
  expect(resumed).toEqual([]);
  read();
  await clock.advance(50);
  const kept = read().split('\n').length - 1;
  expect(kept + output.dropped).toBe(2_000);
  expect(resumed).toEqual([output.dropped]);
});

it('a reader that is gone, or a full disk, drops lines and throws nothing', () => {
  const { output, read, fail, resumed, clock } = pipe(100);
  for (const code of ['EPIPE', 'ENOSPC']) {
    fail(code);
    output.write('a\nb\n');
  }
  expect(output.dropped).toBe(4);
  expect(clock.timers).toBe(0);
  fail(undefined);
  output.write('c\n');
  expect(read()).toBe('c\n');
  expect(resumed).toEqual([4]);
});
