/** What keeps a part of the operator from its work just now, as probes and people are told it. */
import type { Log } from './log.ts';

export interface Problem {
  /** One word for counting, such as `Forbidden`. */
  readonly reason: string;
  /** A sentence: what is wrong, and what to do about it. */
  readonly message: string;
}

/** Told what is wrong when it goes wrong (or goes wrong for another reason), and `undefined` once all is well again. */
export type ProblemListener = (problem: Problem | undefined) => void;

/** The problem of one part, if it has one. It is told of once, not each time it is met again. */
export class ProblemReport {
  readonly #log: Log;
  readonly #listener: ProblemListener | undefined;
  #current: Problem | undefined;

  constructor(log: Log, listener: ProblemListener | undefined) {
    this.#log = log;
    this.#listener = listener;
  }

  get current(): Problem | undefined {
    return this.#current;
  }

  /** @returns whether this is news. */
  is(problem: Problem): boolean {
    if (this.#current?.reason === problem.reason) return false;
    this.#tell(problem);
    return true;
  }

  /** @returns whether there was one. */
  isOver(): boolean {
    if (this.#current === undefined) return false;
    this.#tell(undefined);
    return true;
  }

  #tell(problem: Problem | undefined): void {
    this.#current = problem;
    try {
      this.#listener?.(problem);
    } catch (error) {
      this.#log.error('a listener for problems failed', { detail: String(error) });
    }
  }
}
