import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Priority, WorkQueue } from '../../../../src/runtime/workqueue/queue.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { RecordedQueueMetrics } from '../recording.ts';

/** The queue said as plainly as possible: arrays, searched through. Turns that favour the less urgent come every eighth time, for retries and resyncs in turn. */
class Model {
  now = 0;
  turn = 0;
  ready: { key: string; rank: number }[] = [];
  delayed = new Map<string, { at: number; rank: number; order: number }>();
  processing = new Set<string>();
  dirty = new Map<string, number>();
  order = 0;

  add(key: string, rank: number): void {
    const waiting = this.delayed.get(key);
    this.delayed.delete(key);
    this.#ready(key, Math.min(rank, waiting?.rank ?? rank));
  }

  #ready(key: string, rank: number): void {
    if (this.processing.has(key)) {
      this.dirty.set(key, Math.min(rank, this.dirty.get(key) ?? rank));
      return;
    }
    const at = this.ready.findIndex((item) => item.key === key);
    const present = this.ready[at];
    if (present !== undefined && present.rank <= rank) return;
    if (present !== undefined) this.ready.splice(at, 1);
    this.ready.push({ key, rank });
  }

  addAfter(key: string, ms: number, rank: number): void {
    if (this.ready.some((item) => item.key === key) || this.dirty.has(key)) {
      this.#ready(key, rank);
      return;
    }
    const waiting = this.delayed.get(key);
    this.delayed.set(key, {
      at: Math.min(this.now + ms, waiting?.at ?? Number.POSITIVE_INFINITY),
      rank: Math.min(rank, waiting?.rank ?? rank),
      order: this.order++,
    });
  }

  advance(ms: number): void {
    this.now += ms;
    const due = [...this.delayed].filter(([, item]) => item.at <= this.now).sort(([, a], [, b]) => a.at - b.at);
    for (const [key, item] of due) {
      this.delayed.delete(key);
      this.#ready(key, item.rank);
    }
  }

  take(): { key: string; rank: number } | undefined {
    const order = this.turn % 16 === 15 ? [2, 0, 1] : this.turn % 16 === 7 ? [1, 0, 2] : [0, 1, 2];
    for (const rank of order) {
      const at = this.ready.findIndex((item) => item.rank === rank);
      const [item] = at < 0 ? [] : this.ready.splice(at, 1);
      if (item === undefined) continue;
      this.turn += 1;
      this.processing.add(item.key);
      return item;
    }
    return undefined;
  }

  done(key: string): void {
    if (!this.processing.delete(key)) return;
    const rank = this.dirty.get(key);
    // A flow that has nothing at all is forgotten, with its turn.
    if (rank === undefined && this.ready.length + this.delayed.size + this.processing.size === 0) this.turn = 0;
    if (rank === undefined) return;
    this.dirty.delete(key);
    this.ready.push({ key, rank });
  }
}

const priorities: readonly Priority[] = ['change', 'retry', 'resync'];
const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
const rank = fc.nat(2);
type Step =
  | { kind: 'add'; key: string; rank: number }
  | { kind: 'addAfter'; key: string; ms: number; rank: number }
  | { kind: 'take' }
  | { kind: 'done'; key: string }
  | { kind: 'advance'; ms: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), key, rank }) },
  // Odd times against even steps of the clock, and each once: what is due together may come in any order.
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('addAfter' as const), key, ms: fc.integer({ min: 1, max: 1_000 }), rank }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('done' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 700 }) }) },
);

describe('the work queue, over random interleavings', () => {
  it('does what the plain model does, step by step', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 150, size: 'max' }), async (steps) => {
        const clock = new ManualClock();
        const queue = new WorkQueue({ clock, random: () => 0, metrics: new RecordedQueueMetrics(), maxInFlight: 100 });
        const model = new Model();
        let used = 0;
        for (const one of steps) {
          switch (one.kind) {
            case 'add':
              queue.add(one.key, priorities[one.rank] ?? 'change');
              model.add(one.key, one.rank);
              break;
            case 'addAfter': {
              // A fraction of its own makes every time different, so that the order is never left open.
              used += 1;
              const ms = one.ms + used / 1_000;
              queue.addAfter(one.key, ms, priorities[one.rank] ?? 'change');
              model.addAfter(one.key, ms, one.rank);
              break;
            }
            case 'take':
              if (model.ready.length > 0) {
                const expected = model.take();
                const work = queue.take();
                expect(work).toEqual({ key: expected?.key, priority: priorities[expected?.rank ?? 0] });
              }
              break;
            case 'done':
              queue.done(one.key);
              model.done(one.key);
              break;
            case 'advance':
              // Timers are set for whole milliseconds, so a key may come out up to one late; compare only when none is about to.
              await clock.advance(one.ms + 1);
              model.advance(one.ms);
              model.advance(1);
              if ([...model.delayed.values()].some((item) => item.at - model.now < 1)) {
                await clock.advance(1);
                model.advance(1);
              }
              break;
          }
          expect(queue.depth).toBe(model.ready.length);
          expect(queue.delayed).toBe(model.delayed.size);
        }
      }),
      { numRuns: 400 },
    );
  }, 60_000);

  it('loses no key and never has one in flight twice, with reconciles that come, work, fail and change things', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 80, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, maxInFlight, flows) => {
          const clock = new ManualClock();
          const queue = new WorkQueue({
            clock,
            random: () => 0.5,
            metrics: new RecordedQueueMetrics(),
            maxInFlight,
            flowOf: (key) => String(key.charCodeAt(0) % flows),
          });
          const held = new Set<string>();
          /** What each key was last asked to show, and what a reconcile last saw of it. */
          const wanted = new Map<string, number>();
          const seen = new Map<string, number>();
          let version = 0;

          const reconcile = async (key: string): Promise<void> => {
            expect(held.has(key)).toBe(false);
            held.add(key);
            const sees = wanted.get(key) ?? 0;
            await clock.sleep(sees % 3 === 0 ? 2_000 : 50, new AbortController().signal);
            seen.set(key, sees);
            held.delete(key);
            if (sees % 5 === 4 && queue.failures(key) < 2) {
              queue.retry(key, { baseMs: 100, factor: 2, ceilingMs: 1_000, jitter: 0.5 });
            } else {
              queue.forget(key);
            }
            queue.done(key);
          };
          queue.onReady(() => {
            for (let work = queue.take(); work !== undefined; work = queue.take()) {
              const { key } = work;
              void reconcile(key);
              if (version % 2 === 0) clock.after(1_000, () => queue.releasePlace(key));
            }
          });
          for (const one of steps) {
            if (one.kind === 'add' || one.kind === 'addAfter') {
              version += 1;
              wanted.set(one.key, version);
              if (one.kind === 'add') queue.add(one.key, priorities[one.rank] ?? 'change');
              else queue.addAfter(one.key, one.ms, priorities[one.rank] ?? 'change');
            } else if (one.kind === 'advance') {
              await clock.advance(one.ms);
            }
          }
          await clock.advance(60_000);
          expect(seen).toEqual(wanted);
          expect(queue.depth).toBe(0);
          expect(clock.timers).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** A fleet of flows, each with so many keys that are always ready again, and each key in flight for so long. */
interface Load {
  readonly keys: number;
  readonly takesMs: number;
  readonly room: number;
}

/** How many reconciles each flow ended within a minute. A key that takes longer than a second gives its place back. */
async function minute(loads: readonly Load[], maxInFlight: number): Promise<number[]> {
  const clock = new ManualClock();
  const inFlight = loads.map(() => 0);
  const ended = loads.map(() => 0);
  const flowOf = (key: string) => key.split('/')[0] ?? '';
  const queue = new WorkQueue({
    clock,
    random: () => 0,
    metrics: new RecordedQueueMetrics(),
    maxInFlight,
    flowOf,
    room: (flow) => loads[Number(flow)]?.room ?? 0,
  });
  queue.onReady(() => {
    for (let work = queue.take(); work !== undefined; work = queue.take()) {
      const { key } = work;
      const flow = Number(flowOf(key));
      const load = loads[flow];
      if (load === undefined) throw new Error('there is such a flow');
      inFlight[flow] = (inFlight[flow] ?? 0) + 1;
      expect(inFlight[flow]).toBeLessThanOrEqual(Math.min(maxInFlight, Math.max(1, load.room)));
      if (load.takesMs > 1_000) clock.after(1_000, () => queue.releasePlace(key));
      clock.after(load.takesMs, () => {
        inFlight[flow] = (inFlight[flow] ?? 0) - 1;
        ended[flow] = (ended[flow] ?? 0) + 1;
        queue.add(key, 'change');
        queue.done(key);
      });
    }
  });
  for (const [flow, { keys }] of loads.entries()) for (let n = 0; n < keys; n++) queue.add(`${flow}/${n}`, 'change');
  await clock.advance(60_000);
  return ended;
}

const load: fc.Arbitrary<Load> = fc.record({
  keys: fc.integer({ min: 1, max: 40 }),
  takesMs: fc.constantFrom(400, 900, 5_000, 1_000_000),
  room: fc.constantFrom(0, 1, 3, 100),
});

describe('fairness between flows', () => {
  it('what a flow ends does not depend on how many keys others have, or on how slow they are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(load, { maxLength: 3 }),
        fc.integer({ min: 1, max: 6 }),
        async (others, maxInFlight) => {
          const ours: Load = { keys: 12, takesMs: 500, room: 100 };
          const [alone = 0] = await minute([ours], maxInFlight);
          const [beside = 0] = await minute([ours, ...others], maxInFlight);
          // What is in flight at the end, and the first second in which slow ones hold places, may differ.
          expect(beside).toBeGreaterThanOrEqual(alone - 4 * maxInFlight);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('no flow starves, however many others are slow and greedy', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(load, { minLength: 10, maxLength: 14 }),
        fc.integer({ min: 1, max: 3 }),
        async (others, maxInFlight) => {
          const ours: Load = { keys: 3, takesMs: 500, room: 100 };
          const [ended = 0] = await minute([...others, ours].reverse(), maxInFlight);
          expect(ended).toBeGreaterThan(20);
        },
      ),
      { numRuns: 5 },
    );
  });
});
