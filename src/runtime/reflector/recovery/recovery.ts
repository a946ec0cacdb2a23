/**
 * The memory of a reflector's failures: what is done after one, and when, given those before it. It holds what keeps a reflector from a hot loop,
 * from a storm of relists, and from asking again and again for what this server does not give.
 */

import { type BackoffPolicy, delayMs } from '../../../base/backoff.ts';
import type { Random } from '../../../base/clock.ts';
import { classifyFailure, type During, type Failure } from './failure.ts';

/** As kube-rs' watcher waits, and much like client-go's reflector. */
export const reflectorBackoff: BackoffPolicy = { baseMs: 800, factor: 2, ceilingMs: 30_000, jitter: 0.5 };

/** What a person has to put right is checked more often: who has just applied the CRD or the Role does not want to wait, and asking costs little. */
const waitingForPerson: BackoffPolicy = { ...reflectorBackoff, ceilingMs: 5_000 };

/** A watch that ended in order after this time is simply opened again; one that broke after it starts the backoff from the beginning. */
const goodWatchMs = 5_000;
/** Relists are dear: they come faster one after the other only when the last one is this long ago. */
const relistsForgottenMs = 120_000;
/** An immediate close may be how a server, or a proxy in front of it, reports that the version is too old. */
const maxFutileWatches = 3;
const maxFutileLists = 2;
/**
 * For how long lists are read in pages after a streaming list did not work: a refusal is forgotten too, since servers are upgraded, and a failure that may have been
 * a balancer's is forgotten sooner.
 */
const refusedForMs = 3_600_000;
const failedForMs = 600_000;

export interface Attempt {
  readonly during: During;
  /** How long a watch was open that was seen to work; 0 while it is tried and while listing. */
  readonly openMs: number;
  /** Whether it brought an event. */
  readonly broughtEvents: boolean;
}

export interface Recovery {
  readonly failure: Failure;
  readonly relist: boolean;
  readonly waitMs: number;
  /** How many consecutive failures this makes; 0 when it was none, but something learnt. */
  readonly consecutive: number;
}

export class WatchRecovery {
  readonly #random: Random;
  /** Lists are read in pages until then. */
  #pagesUntil = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #relists = 0;
  #futileWatches = 0;
  #futileLists = 0;
  #listedAt = Number.NEGATIVE_INFINITY;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Whether a list is asked for as a stream, or in pages because that did not work lately. */
  listsByStream(now: number): boolean {
    return now >= this.#pagesUntil;
  }

  listed(now: number): void {
    this.#listedAt = now;
    this.#futileWatches = 0;
    this.#futileLists = 0;
  }

  broughtEvent(): void {
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
    const failure = classifyFailure(error, attempt.during);
    if (attempt.openMs >= goodWatchMs) this.#failures = 0;
    if (now - this.#listedAt >= relistsForgottenMs) this.#relists = 0;
    if (this.#turnsToPages(failure, attempt, now))
      return { failure, relist: true, waitMs: failure.atLeastMs, consecutive: 0 };
    this.#failures += 1;

    const relist = attempt.during !== 'watch' || failure.next === 'relist' || this.#isFutile(failure, attempt);
    // Counted when a list that was good is thrown away. A list that fails is a failure like any other.
    if (relist && attempt.during === 'watch') this.#relists += 1;
    const consecutive = relist ? Math.max(this.#failures, this.#relists) : this.#failures;
    const policy = failure.needsPerson ? waitingForPerson : reflectorBackoff;
    const backoffMs = delayMs(policy, consecutive - 1, this.#random);
    return { failure, relist, waitMs: Math.max(backoffMs, failure.atLeastMs), consecutive };
  }

  /** Cannot come again before the pages have had their time, so it needs no backoff. */
  #turnsToPages(failure: Failure, attempt: Attempt, now: number): boolean {
    if (attempt.during !== 'streaming list') return false;
    if (failure.blamesRequest) this.#futileLists += 1;
    if (failure.next !== 'pages' && this.#futileLists < maxFutileLists) return false;
    this.#futileLists = 0;
    this.#pagesUntil = now + (failure.reason === 'Refused' ? refusedForMs : failedForMs);
    return true;
  }

  #isFutile(failure: Failure, attempt: Attempt): boolean {
    if (!failure.blamesRequest || attempt.broughtEvents || attempt.openMs >= goodWatchMs) return false;
    this.#futileWatches += 1;
    if (this.#futileWatches < maxFutileWatches) return false;
    this.#futileWatches = 0;
    return true;
  }
}
