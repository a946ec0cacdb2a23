/** How a reflector is doing, for probes and people: whether what it holds is kept true just now, and what is wrong if not. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { type Problem, ProblemReport } from '../../base/problem.ts';
import type { Recovery } from './recovery/recovery.ts';

export interface WatchHealthOptions {
  readonly clock: Clock;
  /** With the resource on every line. */
  readonly log: Log;
}

/** Out of touch for longer is not healthy. */
const outOfTouchMs = 120_000;
/** One failure happens; what people hear of is the second consecutive one. */
const failuresUntilProblem = 2;

export class WatchHealth {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #report: ProblemReport;
  /** A watch is open and was seen to work. */
  #isFollowing = false;
  #lastWellAt: number | undefined;

  constructor(options: WatchHealthOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#report = new ProblemReport();
  }

  get problem(): Problem | undefined {
    return this.#report.current;
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** How long nothing was seen to work; 0 while a watch does. */
  get outOfTouchForMs(): number {
    if (this.#isFollowing) return 0;
    return this.#clock.now() - (this.#lastWellAt ?? Number.NEGATIVE_INFINITY);
  }

  get inTouch(): boolean {
    return this.outOfTouchForMs <= outOfTouchMs;
  }

  /** An open watch brought something, or was seen to have nothing to bring. */
  following(): void {
    this.#isFollowing = true;
    this.well();
  }

  /** A list was complete, or more. */
  well(): void {
    this.#lastWellAt = this.#clock.now();
    if (this.#report.isOver()) this.#log.info('in touch with the API server again');
  }

  /** No watch is open now; one that was well has been so until now. */
  closed(): void {
    if (this.#isFollowing) this.#lastWellAt = this.#clock.now();
    this.#isFollowing = false;
  }

  failed(recovery: Recovery, problem: Problem): void {
    // It is not known since when a silent watch has been dead.
    if (recovery.failure.reason === 'Silent') this.#isFollowing = false;
    this.closed();
    const fields = {
      reason: recovery.failure.reason,
      detail: problem.message,
      relist: recovery.relist,
      retryInMs: Math.round(recovery.waitMs),
    };
    const isProblem = recovery.failure.needsPerson || recovery.consecutive >= failuresUntilProblem;
    if (isProblem && this.#report.is(problem)) {
      this.#log.warn('cannot keep up with a resource; it is tried again until it works', fields);
    } else {
      this.#log.debug('a list or watch failed and is tried again', fields);
    }
  }
}
