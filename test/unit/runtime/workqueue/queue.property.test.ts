import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Priority, type Work, WorkQueue } from '../../../../src/runtime/workqueue/queue.ts';
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
        const queue = new WorkQueue({ clock, random: () => 0, metrics: new RecordedQueueMetrics() });
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
                const work = await queue.get();
                expect(work).toEqual({ key: expected?.key, priority: priorities[expected?.rank ?? 0] });
              }
              break;
            case 'done':
              queue.done(one.key);
              model.done(one.key);
              break;
            case 'advance':
              // Timers are set for whole milliseconds, so a key may come out up to one late; look only when none is about to.
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
  });

  it('loses no key and never gives one to two workers at once, with workers that come, work, fail and change things', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 80, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, workers) => {
          const clock = new ManualClock();
          const queue = new WorkQueue({ clock, random: () => 0.5, metrics: new RecordedQueueMetrics() });
          const stop = new AbortController();
          const held = new Set<string>();
          /** What each key was last asked to show, and what a worker last saw of it. */
          const wanted = new Map<string, number>();
          const seen = new Map<string, number>();
          let version = 0;

          const worker = async (): Promise<void> => {
            for (let work: Work | undefined; ; ) {
              work = await queue.get(stop.signal);
              if (work === undefined) return;
              expect(held.has(work.key)).toBe(false);
              held.add(work.key);
              const look = wanted.get(work.key) ?? 0;
              await clock.sleep(50, new AbortController().signal);
              seen.set(work.key, look);
              held.delete(work.key);
              if (look % 5 === 4 && queue.failures(work.key) < 2) {
                queue.retry(work.key, { baseMs: 100, factor: 2, ceilingMs: 1_000, jitter: 0.5 });
              } else {
                queue.forget(work.key);
              }
              queue.done(work.key);
            }
          };
          const running = Array.from({ length: workers }, worker);
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
          stop.abort();
          await Promise.all(running);
        },
      ),
      { numRuns: 100 },
    );
  });
});
