/**
 * Cuts a byte stream into lines. It searches for byte 10 only, which in UTF-8 is never part of another character, so a character cut between
 * two chunks is whole again before anything is decoded. (Node's readline decodes first, and also splits at U+2028.)
 */
const lineFeed = 10;

export class Lines {
  #parts: Buffer[] = [];
  #bytes = 0;

  /** How many bytes of a line wait for the rest of it. */
  get pending(): number {
    return this.#bytes;
  }

  /** The lines that `chunk` completes, without their newlines. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      lines.push(
        this.#parts.length === 0 ? chunk.toString('utf8', start, end) : this.#join(chunk.subarray(start, end)),
      );
      start = end + 1;
    }
    if (start < chunk.length) {
      const rest = start === 0 ? chunk : chunk.subarray(start);
      this.#parts.push(rest);
      this.#bytes += rest.length;
    }
    return lines;
  }

  /** What came after the last newline. */
  rest(): string {
    return this.#parts.length === 0 ? '' : this.#join(Buffer.alloc(0));
  }

  #join(last: Buffer): string {
    const text = Buffer.concat([...this.#parts, last]).toString('utf8');
    this.#parts = [];
    this.#bytes = 0;
    return text;
  }
}
