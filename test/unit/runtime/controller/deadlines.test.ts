import { beforeEach, expect, it } from 'vitest';
import { Deadlines } from '../../../../src/runtime/controller/deadlines.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

let clock: ManualClock;
let overdue: { readonly item: string; readonly at: number }[];
let deadlines: Deadlines<string>;

beforeEach(() => {
  clock = new ManualClock();
  overdue = [];
  const began = clock.now();
  deadlines = new Deadlines(clock, 100, (item) => overdue.push({ item, at: clock.now() - began }));
});

it('each is overdue at its own time, once, however many share the timer', async () => {
  deadlines.begin('a');
  await clock.advance(30);
  deadlines.begin('b');
  deadlines.begin('c');
  await clock.advance(500);
  expect(overdue).toEqual([
    { item: 'a', at: 100 },
    { item: 'b', at: 130 },
    { item: 'c', at: 130 },
  ]);
  expect(clock.timers).toBe(0);
});

it('what ends in time is never overdue, and what begins again counts from then', async () => {
  deadlines.begin('a');
  deadlines.begin('b');
  await clock.advance(60);
  deadlines.end('a');
  deadlines.end('b');
  deadlines.begin('a');
  await clock.advance(99);
  expect(overdue).toEqual([]);
  await clock.advance(1);
  expect(overdue).toEqual([{ item: 'a', at: 160 }]);
});

it('there is one timer at the most, and none for long when nothing is in flight', async () => {
  for (let round = 0; round < 50; round++) {
    deadlines.begin('quick');
    expect(clock.timers).toBe(1);
    await clock.advance(1);
    deadlines.end('quick');
  }
  await clock.advance(100);
  expect(clock.timers).toBe(0);
  expect(overdue).toEqual([]);
});

it('the callback may begin again', async () => {
  const again = new Deadlines<string>(clock, 100, (item) => {
    overdue.push({ item, at: clock.now() });
    if (overdue.length < 3) again.begin(item);
  });
  again.begin('a');
  await clock.advance(1_000);
  expect(overdue).toHaveLength(3);
  expect(clock.timers).toBe(0);
});

it('once it is stopped nothing is overdue any more', async () => {
  deadlines.begin('a');
  deadlines.stop();
  expect(clock.timers).toBe(0);
  await clock.advance(1_000);
  expect(overdue).toEqual([]);
});
