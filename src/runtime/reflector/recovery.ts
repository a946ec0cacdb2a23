/**
 * The memory of a reflector's failures: what is done after one, and when, given those before it. It holds what keeps a reflector from a hot loop,
 * from a storm of relists, and from asking for ever for what this server cannot give.
 */

import { type BackoffPolicy, delayMs } from '../../base/backoff.ts';
import type { Random } from '../../base/clock.ts';
import { classifyFailure, type During, type Verdict } from './failure.ts';

/** As kube-rs' watcher waits, and much like client-go's reflector. */
export const reflectorBackoff: BackoffPolicy = { baseMs: 800, factor: 2, ceilingMs: 30_000, jitter: 0.5 };

/** What somebody has to put right is looked for more often: whoever has just applied the CRD or the Role does not want to wait, and asking costs little. */
const waitingForSomebody: BackoffPolicy = { ...reflectorBackoff, ceilingMs: 5_000 };

/** A watch that ended in order after this time is simply opened again; one that broke after it starts the backoff anew. */
const goodWatchMs = 5_000;
/** Relists are dear: they come faster one after the other only when the last one is this long ago. */
const relistsForgottenMs = 120_000;
/** A close at once may be how a server, or what stands before it, says that the version is too old. */
const mostFutileWatches = 3;
const mostFutileLists = 2;

export interface Attempt {
  readonly during: During;
  /** How long the watch was open; 0 while listing. */
  readonly openMs: number;
  /** Whether it brought an event. */
  readonly heard: boolean;
}

export interface Recovery {
  readonly verdict: Verdict;
  readonly relist: boolean;
  readonly waitMs: number;
  /** Which failure in a row this is, from 1; 0 when it was none, but something learnt. */
  readonly inARow: number;
}

export class WatchRecovery {
  readonly #random: Random;
  #listsByStream = true;
  #failures = 0;
  #relists = 0;
  #futileWatches = 0;
  #futileLists = 0;
  #listedAt = Number.NEGATIVE_INFINITY;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Until this server has shown that it does not do streaming lists. */
  get listsByStream(): boolean {
    return this.#listsByStream;
  }

  listed(now: number): void {
    this.#listedAt = now;
    this.#futileWatches = 0;
    this.#futileLists = 0;
  }

  heard(): void {
    this.#futileWatches = 0;
  }

  /** A watch ended in order. False: it was too short for that, and counts as a failure. */
  endedWell(openMs: number): boolean {
    if (openMs < goodWatchMs) return false;
    this.#failures = 0;
    this.#futileWatches = 0;
    return true;
  }

  failed(error: unknown, attempt: Attempt, now: number): Recovery {
    const verdict = classifyFailure(error, attempt.during);
    if (attempt.openMs >= goodWatchMs) this.#failures = 0;
    if (now - this.#listedAt >= relistsForgottenMs) this.#relists = 0;
    if (this.#learnsToPage(verdict, attempt)) return { verdict, relist: true, waitMs: verdict.atLeastMs, inARow: 0 };
    this.#failures += 1;

    const relist = attempt.during !== 'watch' || verdict.next === 'relist' || this.#isFutile(verdict, attempt);
    // Counted when a list that was good is thrown away. A list that fails is a failure like any other.
    if (relist && attempt.during === 'watch') this.#relists += 1;
    const inARow = relist ? Math.max(this.#failures, this.#relists) : this.#failures;
    const policy = verdict.needsSomebody ? waitingForSomebody : reflectorBackoff;
    const backoffMs = delayMs(policy, inARow - 1, this.#random);
    return { verdict, relist, waitMs: Math.max(backoffMs, verdict.atLeastMs), inARow };
  }

  /** Happens once at most, so it needs no backoff. */
  #learnsToPage(verdict: Verdict, attempt: Attempt): boolean {
    if (attempt.during !== 'streaming list') return false;
    if (verdict.blamesRequest) this.#futileLists += 1;
    if (verdict.next !== 'pages' && this.#futileLists < mostFutileLists) return false;
    this.#listsByStream = false;
    return true;
  }

  #isFutile(verdict: Verdict, attempt: Attempt): boolean {
    if (!verdict.blamesRequest || attempt.heard || attempt.openMs >= goodWatchMs) return false;
    this.#futileWatches += 1;
    if (this.#futileWatches < mostFutileWatches) return false;
    this.#futileWatches = 0;
    return true;
  }
}
