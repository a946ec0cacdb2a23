/**
 * The work queue: which object is to be looked at next, and when. It has client-go's guarantees:
 * - a key is with one worker at a time;
 * - adding a key that waits already merges the two (the higher priority, the earlier time);
 * - adding a key that is being worked on marks it, and it waits again as soon as the worker is done with it;
 * - failures are counted by key, and each one waits longer than the one before, until `forget`.
 *
 * A key that waits for a later time and is added now runs now, and the later time is dropped: whoever looks at it now says anew when to look again.
 *
 * Everything known of a key is one small object, in a list (ready) or a heap (delayed); there is one timer for all of them.
 */

import { type BackoffPolicy, delayMs } from '../../base/backoff.ts';
import type { Clock, Random, Timer } from '../../base/clock.ts';
import { DelayHeap } from './delay-heap.ts';
import { type Entry, newEntry } from './entry.ts';
import type { QueueMetrics } from './metrics.ts';
import { ReadyLists } from './ready-lists.ts';
import type { RetryPace } from './retry-limiter.ts';

/** Why a key is looked at, the most urgent first. */
export type Priority = 'change' | 'retry' | 'resync';

const priorities: readonly [Priority, Priority, Priority] = ['change', 'retry', 'resync'];
const ranks: Readonly<Record<Priority, number>> = { change: 0, retry: 1, resync: 2 };

/** Nothing comes back sooner than asked for; this share more, by chance, keeps those that were all told the same time from coming back at once. */
const atLeastSpread = 0.1;
/** The longest a timer can be set for (Node fires a longer one at once); what is due later is looked at again then. */
const longestTimerMs = 2 ** 31 - 1;

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: QueueMetrics;
  /** Bounds the retries of all keys together, so that everything failing at once does not become a flood. */
  readonly retryPace?: RetryPace;
}

/** A key as a worker gets it. It is the worker's until `done`. */
export interface Work {
  readonly key: string;
  readonly priority: Priority;
}

interface Waiting {
  readonly give: (work: Work | undefined) => void;
  readonly signal: AbortSignal | undefined;
}

export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #metrics: QueueMetrics;
  readonly #retryPace: RetryPace | undefined;
  readonly #entries = new Map<string, Entry>();
  readonly #ready = new ReadyLists();
  readonly #delayed = new DelayHeap();
  /** Who waits for work. The last to come is served first: a few workers that are always busy make less garbage than many that take turns. */
  readonly #idle: Waiting[] = [];
  /** The signals that are listened to, once each, however often somebody waits with them. */
  readonly #heard = new WeakSet<AbortSignal>();
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #shutDown = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#metrics = options.metrics;
    this.#retryPace = options.retryPace;
  }

  /** How many keys are ready and wait for a worker. */
  get depth(): number {
    return this.#ready.size;
  }

  /** How many keys wait for their time. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** How often the key failed since it was last forgotten. */
  failures(key: string): number {
    return this.#entries.get(key)?.failures ?? 0;
  }

  /** The key is to be looked at now. */
  add(key: string, priority: Priority): void {
    if (this.#shutDown) return;
    this.#metrics.added();
    this.#makeReady(this.#entry(key), ranks[priority]);
    this.#changed();
  }

  /** The key is to be looked at in `ms` milliseconds at the latest. Nothing changes when it is to be looked at sooner anyway. */
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
      this.#delayed.push(entry);
    }
    this.#arm();
  }

  /**
   * The key failed, and is to be tried again: after the policy's delay for this many failures, and not before `atLeastMs`.
   * @returns the delay in milliseconds.
   */
  retry(key: string, policy: BackoffPolicy, atLeastMs = 0): number {
    if (this.#shutDown) return 0;
    this.#metrics.retried();
    const entry = this.#entry(key);
    const ms = Math.max(
      delayMs(policy, entry.failures, this.#random),
      atLeastMs * (1 + atLeastSpread * this.#random()),
      this.#retryPace?.reserve(this.#clock.now()) ?? 0,
    );
    entry.failures += 1;
    this.addAfter(key, ms, 'retry');
    return ms;
  }

  /** The key's failures no longer count. Whether and when it is to be looked at stays as it is. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.failures = 0;
    this.#dropIfUnused(entry);
  }

  /**
   * The next key, as soon as there is one. Every key got must be given back with `done`.
   * @param signal one of few that live long: the queue listens to each as long as it lives.
   * @returns undefined once the queue is shut down and drained, or the signal is aborted.
   */
  get(signal?: AbortSignal): Promise<Work | undefined> {
    if (signal?.aborted) return Promise.resolve(undefined);
    const work = this.#take();
    if (work !== undefined || this.#shutDown) return Promise.resolve(work);
    if (signal !== undefined) this.#listenTo(signal);
    return new Promise((give) => {
      this.#idle.push({ give, signal });
    });
  }

  /** The worker has finished with the key. */
  done(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry?.processing) return;
    entry.processing = false;
    this.#metrics.worked((this.#clock.now() - entry.takenAt) / 1000);
    if (entry.state === 'dirty') {
      entry.state = 'ready';
      this.#ready.push(entry);
      this.#changed();
    } else {
      this.#dropIfUnused(entry);
    }
  }

  /** No work is taken any more, and what waits for its time is dropped. What is ready is still handed out; then every `get` resolves to undefined. */
  shutDown(): void {
    if (this.#shutDown) return;
    this.#shutDown = true;
    this.#timer?.cancel();
    for (let entry = this.#delayed.pop(); entry !== undefined; entry = this.#delayed.pop()) {
      entry.state = 'none';
      this.#dropIfUnused(entry);
    }
    for (const { give } of this.#idle.splice(0)) give(undefined);
  }

  #listenTo(signal: AbortSignal): void {
    if (this.#heard.has(signal)) return;
    this.#heard.add(signal);
    const sendAway = () => {
      for (const waiting of this.#idle.splice(0)) {
        if (waiting.signal === signal) waiting.give(undefined);
        else this.#idle.push(waiting);
      }
    };
    signal.addEventListener('abort', sendAway, { once: true });
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = newEntry(key);
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #dropIfUnused(entry: Entry): void {
    if (entry.state === 'none' && !entry.processing && entry.failures === 0) this.#entries.delete(entry.key);
  }

  #makeReady(entry: Entry, rank: number): void {
    if (entry.state === 'ready') {
      if (rank < entry.rank) this.#ready.raise(entry, rank);
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
    entry.state = entry.processing ? 'dirty' : 'ready';
    if (entry.state === 'ready') this.#ready.push(entry);
  }

  /** Hands what is ready to workers that wait for it, and tells how much is left. */
  #changed(): void {
    while (this.#idle.length > 0) {
      const work = this.#take();
      if (work === undefined) break;
      this.#idle.pop()?.give(work);
    }
    this.#metrics.depth(this.#ready.size);
  }

  #take(): Work | undefined {
    const entry = this.#ready.shift();
    if (entry === undefined) return undefined;
    const now = this.#clock.now();
    entry.state = 'none';
    entry.processing = true;
    entry.takenAt = now;
    this.#metrics.waited((now - entry.at) / 1000);
    this.#metrics.depth(this.#ready.size);
    return { key: entry.key, priority: priorities[entry.rank] ?? 'change' };
  }

  /** Sees to it that the timer fires when the first delayed key is due. One that fires too early does no harm: it is set again. */
  #arm(): void {
    const first = this.#delayed.first;
    if (first === undefined || this.#timerAt <= first.at) return;
    this.#timer?.cancel();
    const now = this.#clock.now();
    const wait = Math.min(longestTimerMs, Math.max(1, Math.ceil(first.at - now)));
    this.#timerAt = now + wait;
    this.#timer = this.#clock.after(wait, () => {
      this.#timer = undefined;
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#releaseDue();
      this.#arm();
    });
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
