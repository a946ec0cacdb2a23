/** How a reflector is doing, for probes and for people: when the server was last heard from, and what is wrong just now. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { type Problem, type ProblemListener, ProblemReport } from '../../base/problem.ts';
import type { Recovery } from './recovery.ts';

export interface WatchHealthOptions {
  readonly clock: Clock;
  /** With the resource on every line. */
  readonly log: Log;
  readonly onProblem: ProblemListener | undefined;
}

/** An open watch that has not failed by now is open indeed, even if nothing was heard on it: connecting takes less, or fails. */
export const surelyOpenMs = 40_000;
/** Out of touch for longer is not healthy. */
const outOfTouchMs = 120_000;
/** One failure happens; what people are told of is the second in a row. */
const failuresUntilProblem = 2;

export class WatchHealth {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #report: ProblemReport;
  #lastHeardAt: number | undefined;
  #lastWellAt: number | undefined;
  #openSince: number | undefined;

  constructor(options: WatchHealthOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#report = new ProblemReport(options.log, options.onProblem);
  }

  get lastHeardAt(): number | undefined {
    return this.#lastHeardAt;
  }

  get problem(): Problem | undefined {
    return this.#report.current;
  }

  /** How long the present watch has been open; 0 when there is none. */
  get openMs(): number {
    return this.#openSince === undefined ? 0 : this.#clock.now() - this.#openSince;
  }

  get inTouch(): boolean {
    if (this.openMs >= surelyOpenMs) return true;
    return this.#lastWellAt !== undefined && this.#clock.now() - this.#lastWellAt <= outOfTouchMs;
  }

  heard(): void {
    this.#lastHeardAt = this.#clock.now();
  }

  opened(): void {
    this.#openSince = this.#clock.now();
  }

  closed(): void {
    this.#openSince = undefined;
  }

  well(): void {
    this.#lastWellAt = this.#clock.now();
    if (this.#report.isOver()) this.#log.info('in touch with the API server again');
  }

  failed(recovery: Recovery, problem: Problem): void {
    const fields = {
      reason: recovery.verdict.reason,
      detail: problem.message,
      relist: recovery.relist,
      retryInMs: Math.round(recovery.waitMs),
    };
    const tellPeople = recovery.verdict.needsSomebody || recovery.inARow >= failuresUntilProblem;
    if (tellPeople && this.#report.is(problem)) {
      this.#log.warn('cannot keep up with a resource; it is tried again until it works', fields);
    } else {
      this.#log.debug('a list or watch failed and is taken up again', fields);
    }
  }
}
