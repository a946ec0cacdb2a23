/**
 * The work queue: which object is to be reconciled next, and when. It has client-go's guarantees:
 * - a key is in flight once at a time;
 * - adding a key that waits already merges the two (the higher priority, the earlier time);
 * - adding a key that is in flight marks it, and it waits again as soon as it is given back;
 * - failures are counted by key and backoff policy, and each one waits longer than the one before, until `forget`.
 *
 * Besides, it is fair between flows (`fair-turns.ts`): each has its own limits and its own rate of retries, and none waits for another.
 * A key that waits for a later time and is added now runs now, and the later time is dropped: the reconcile that runs now says when the next one is due.
 * Everything known of a key is one small object, in a list (ready) or a heap (delayed); there is one timer for all of them.
 */
import { type BackoffPolicy, delayMs } from '../../base/backoff.ts';
import type { Clock, Random } from '../../base/clock.ts';
import { DelayHeap } from './delay-heap.ts';
import { addFailure, countFailures, type Entry, newEntry } from './entry.ts';
import { FairTurns, type Limits } from './fair-turns.ts';
import { type Flow, Flows } from './flow.ts';
import type { QueueMetrics } from './metrics.ts';
import type { RetryRate } from './retry-limiter.ts';
import { WakeTimer } from './wake-timer.ts';

/** Why a key is reconciled, the most urgent first. */
export type Priority = 'change' | 'retry' | 'resync';
const priorities: readonly [Priority, Priority, Priority] = ['change', 'retry', 'resync'];
const ranks: Readonly<Record<Priority, number>> = { change: 0, retry: 1, resync: 2 };

/** Nothing comes back sooner than asked for; up to this share later, so that what was given the same time does not come back together. */
const atLeastSpread = 0.1;

export interface WorkQueueOptions extends Limits {
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: QueueMetrics;
  /** The flow that a key belongs to as it is now. Absent: all belong to one. */
  readonly flowOf?: (key: string) => string;
  /** How fast the keys of one flow may be retried. Absent: as their policies say. */
  readonly retryRate?: RetryRate;
}

/** What is handed out. The key is in flight until `done`. */
export interface Work {
  readonly key: string;
  readonly priority: Priority;
}

export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #metrics: QueueMetrics;
  readonly #flowOf: (key: string) => string;
  readonly #entries = new Map<string, Entry>();
  readonly #flows: Flows;
  readonly #ready: FairTurns;
  readonly #delayed = new DelayHeap();
  readonly #timer: WakeTimer;
  #onReady: (() => void) | undefined;
  #announced = false;
  #shutDown = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#metrics = options.metrics;
    this.#flowOf = options.flowOf ?? (() => '');
    this.#flows = new Flows(options.retryRate);
    this.#ready = new FairTurns(options);
    this.#timer = new WakeTimer(options.clock, () => {
      this.#releaseDue();
      this.#arm();
    });
  }

  /** How many keys are ready to be handed out. */
  get depth(): number {
    return this.#ready.size;
  }

  /** How many keys wait for their time. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** How often the key failed since it was last forgotten. */
  failures(key: string): number {
    return countFailures(this.#entries.get(key));
  }

  /** The key is to be reconciled now. */
  add(key: string, priority: Priority): void {
    if (this.#shutDown) return;
    this.#metrics.added();
    this.#makeReady(this.#entry(key), ranks[priority]);
    this.#changed();
  }

  /** The key is to be reconciled in `ms` milliseconds at the latest. */
  addAfter(key: string, ms: number, priority: Priority): void {
    if (this.#shutDown) return;
    if (!(ms > 0)) {
      this.add(key, priority);
      return;
    }
    const entry = this.#entry(key);
    const rank = ranks[priority];
    if (entry.state === 'ready' || entry.state === 'dirty') {
      // It runs sooner than asked for, but must not wait behind less urgent ones for longer than that.
      if (rank < entry.rank) this.#makeReady(entry, rank);
      return;
    }
    const due = this.#clock.now() + ms;
    if (entry.state === 'delayed') {
      entry.rank = Math.min(entry.rank, rank);
      if (due < entry.at) this.#delayed.advance(entry, due);
    } else {
      entry.state = 'delayed';
      entry.rank = rank;
      entry.at = due;
      if (entry.flow === undefined) this.#join(entry);
      this.#delayed.push(entry);
    }
    this.#arm();
  }

  /**
   * The key failed, and is to be tried again: after the policy's delay for this many failures under it, and not before `atLeastMs`.
   * @returns the delay in milliseconds.
   */
  retry(key: string, policy: BackoffPolicy, atLeastMs = 0): number {
    if (this.#shutDown) return 0;
    this.#metrics.retried();
    const entry = this.#entry(key);
    const flow = entry.flow ?? this.#join(entry);
    const ms = Math.max(
      delayMs(policy, addFailure(entry, policy), this.#random),
      atLeastMs * (1 + atLeastSpread * this.#random()),
      flow.retries?.reserve(this.#clock.now()) ?? 0,
    );
    this.addAfter(key, ms, 'retry');
    return ms;
  }

  /** The key's failures no longer count. Whether and when it is to be reconciled stays as it is. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.failures = undefined;
    this.#dropIfUnused(entry);
  }

  /** Calls `listener`, in a microtask, whenever `take` may have something to give. There is one listener. */
  onReady(listener: () => void): void {
    this.#onReady = listener;
    this.#changed();
  }

  /** The next key that may be in flight, if there is one. Every key taken must be given back with `done`. */
  take(): Work | undefined {
    const entry = this.#takeReady();
    if (entry === undefined) return undefined;
    const now = this.#clock.now();
    entry.state = 'none';
    entry.inFlight = true;
    entry.takenAt = now;
    this.#metrics.waited((now - entry.at) / 1000);
    this.#metrics.depth(this.#ready.size);
    return { key: entry.key, priority: priorities[entry.rank] ?? 'change' };
  }

  /** The key that is in flight takes long: from now on it counts in its own flow only, and holds up no other one. */
  releasePlace(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry?.inFlight || entry.flow === undefined) return;
    this.#ready.releasePlace(entry, entry.flow);
    this.#changed();
  }

  /** The key is given back. */
  done(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry?.inFlight || entry.flow === undefined) return;
    entry.inFlight = false;
    this.#ready.end(entry, entry.flow);
    this.#metrics.worked((this.#clock.now() - entry.takenAt) / 1000);
    if (entry.state === 'dirty') {
      entry.state = 'ready';
      this.#ready.push(entry, this.#join(entry));
    } else {
      this.#dropIfUnused(entry);
    }
    this.#changed();
  }

  /** No work is accepted any more, and what waits for its time is dropped. What is ready is still handed out. */
  shutDown(): void {
    if (this.#shutDown) return;
    this.#shutDown = true;
    this.#timer.cancel();
    for (let entry = this.#delayed.pop(); entry !== undefined; entry = this.#delayed.pop()) {
      entry.state = 'none';
      this.#dropIfUnused(entry);
    }
  }

  #entry(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry = newEntry(key);
    this.#entries.set(key, entry);
    return entry;
  }

  #dropIfUnused(entry: Entry): void {
    if (entry.state !== 'none' || entry.inFlight || entry.failures !== undefined) return;
    this.#entries.delete(entry.key);
    this.#flows.leave(entry);
  }

  /** Sees to it that the entry, which is neither ready nor in flight, is in the flow that its key belongs to now. */
  #join(entry: Entry): Flow {
    return this.#flows.join(entry, this.#flowOf(entry.key));
  }

  /** Keys wait for long, and whose they are may have been learnt meanwhile: they go to their flow then, and wait for its room. */
  #takeReady(): Entry | undefined {
    for (let entry = this.#ready.take(); entry !== undefined; entry = this.#ready.take()) {
      const { flow } = entry;
      if (flow === undefined || flow.name === this.#flowOf(entry.key)) return entry;
      this.#ready.end(entry, flow);
      this.#ready.push(entry, this.#join(entry));
    }
    return undefined;
  }

  #makeReady(entry: Entry, rank: number): void {
    if (entry.state === 'ready' && entry.flow !== undefined) {
      const { flow } = entry;
      if (flow.name !== this.#flowOf(entry.key)) {
        this.#ready.remove(entry, flow);
        entry.rank = Math.min(entry.rank, rank);
        this.#ready.push(entry, this.#join(entry));
      } else if (rank < entry.rank) {
        this.#ready.raise(entry, rank, flow);
      }
      return;
    }
    if (entry.state === 'dirty') {
      entry.rank = Math.min(entry.rank, rank);
      return;
    }
    if (entry.state === 'delayed') {
      this.#delayed.remove(entry);
      entry.rank = Math.min(entry.rank, rank);
    } else {
      entry.rank = rank;
    }
    entry.at = this.#clock.now();
    entry.state = entry.inFlight ? 'dirty' : 'ready';
    if (entry.state === 'ready') this.#ready.push(entry, this.#join(entry));
  }

  /** Lets the listener know, once for all that happens in one go, and counts how many keys are ready. */
  #changed(): void {
    this.#metrics.depth(this.#ready.size);
    if (this.#announced || this.#onReady === undefined || this.#ready.size === 0) return;
    this.#announced = true;
    queueMicrotask(this.#announce);
  }

  readonly #announce = (): void => {
    this.#announced = false;
    this.#onReady?.();
  };

  #arm(): void {
    const { first } = this.#delayed;
    if (first !== undefined) this.#timer.setFor(first.at);
  }

  #releaseDue(): void {
    const now = this.#clock.now();
    for (let entry = this.#delayed.first; entry !== undefined && entry.at <= now; entry = this.#delayed.first) {
      this.#metrics.added();
      this.#makeReady(entry, entry.rank);
    }
    this.#changed();
  }
}
