/**
 * Whom failures that may be one user's were about, since the last call that was served. One user's trouble, however often it is tried, is one suspect;
 * when it repeats for different ones it is not theirs.
 */
export class Suspects {
  readonly #subjects = new Set<string>();

  /** @param subject the user, or the users of a batch, or undefined for a call that is about none. @returns whether it is a new one. */
  add(subject: string | undefined): boolean {
    const before = this.#subjects.size;
    this.#subjects.add(subject ?? '');
    return this.#subjects.size > before;
  }

  has(subject: string | undefined): boolean {
    return this.#subjects.has(subject ?? '');
  }

  clear(): void {
    if (this.#subjects.size > 0) this.#subjects.clear();
  }

  get size(): number {
    return this.#subjects.size;
  }
}
