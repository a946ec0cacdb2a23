import { expect, it } from 'vitest';
import { createProgress, elapsed } from '../../../src/cli/terminal/progress.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function recorded(isTerminal: boolean) {
  const written: string[] = [];
  const err = {
    isTerminal,
    width: 40,
    height: undefined,
    style: (_: string, text: string) => text,
    write: async (text: string) => void written.push(text),
  };
  return { written, err };
}

it('progress shows counts and elapsed time on a terminal, within its width, and takes its line back', async () => {
  const { written, err } = recorded(true);
  const clock = new ManualClock();
  const progress = createProgress({ err, clock });
  progress.show('Reading users', 1, 30_000);
  expect(written).toEqual([]);
  await clock.advance(11_500);
  progress.show('Reading users', 1_200, 30_000);
  expect(written.at(-1)).toBe('\r\x1b[2KReading users 1,200 of 30,000 · 11 s');
  progress.end();
  expect(written.at(-1)).toBe('\r\x1b[2K');
});

it('the time goes on while nothing else does, until it ends', async () => {
  const { written, err } = recorded(true);
  const clock = new ManualClock();
  {
    using progress = createProgress({ err, clock });
    progress.show('Reading users');
    await clock.advance(1_000);
    await clock.advance(1_000);
  }
  const shown = ['\r\x1b[2KReading users · 1 s', '\r\x1b[2KReading users · 2 s', '\r\x1b[2K'];
  expect(written).toEqual(shown);
  await clock.advance(10_000);
  expect(written).toEqual(shown);
});

it('in a pipe nothing of it is written', async () => {
  const { written, err } = recorded(false);
  const clock = new ManualClock();
  const progress = createProgress({ err, clock });
  await clock.advance(60_000);
  progress.show('Reading users', 1);
  progress.end();
  expect(written).toEqual([]);
});

it.each([
  [4_000, '4 s'],
  [80_000, '1 min 20 s'],
])('%i ms are %s', (ms, text) => {
  expect(elapsed(ms)).toBe(text);
});
