/** What keeps a part of the operator from its work just now, as probes and people hear it. */
export interface Problem {
  /** One word for counting, such as `Forbidden`. */
  readonly reason: string;
  /** A sentence: what is wrong, and what to do about it. */
  readonly message: string;
}

/** The problem of one part, if it has one. It is reported once, not each time it is met again. */
export class ProblemReport {
  #current: Problem | undefined;

  get current(): Problem | undefined {
    return this.#current;
  }

  /** @returns whether this is news. */
  is(problem: Problem): boolean {
    const isNew = this.#current?.reason !== problem.reason;
    this.#current = problem;
    return isNew;
  }

  /** @returns whether there was one. */
  isOver(): boolean {
    const was = this.#current !== undefined;
    this.#current = undefined;
    return was;
  }
}
