/** Passes an open watch on line by line, and does to it what faults ask for. A streaming list counts as `list` until it is complete. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ProxyFaults, RequestFault, StreamFault } from './faults.ts';
import type { KubeRequest } from './request-kind.ts';
import { statusObject } from './responses.ts';

export class WatchRelay {
  readonly #from: IncomingMessage;
  readonly #to: ServerResponse;
  readonly #faults: ProxyFaults;
  readonly #whole: Extract<RequestFault, { kind: 'cut' | 'drip' }> | undefined;
  #listing: boolean;
  #silent = false;

  /** @param whole what is done to the watch as to any response: it comes a few bytes at a time, or is cut in its first line */
  constructor(
    request: KubeRequest,
    from: IncomingMessage,
    to: ServerResponse,
    faults: ProxyFaults,
    whole: Extract<RequestFault, { kind: 'cut' | 'drip' }> | undefined,
  ) {
    this.#whole = whole;
    this.#from = from;
    this.#to = to;
    this.#faults = faults;
    this.#listing = request.streamsList;
  }

  /** Resolves when the watch is over on either side. */
  async run(): Promise<void> {
    this.#to.writeHead(this.#from.statusCode ?? 200, { 'content-type': 'application/json' });
    this.#to.flushHeaders();
    const look = () => this.#strikeNow();
    const forget = this.#faults.onAdded(look);
    const gone = () => this.#from.destroy();
    this.#to.once('close', gone);
    try {
      look();
      for await (const line of linesOf(this.#from)) {
        if (this.#to.destroyed) return;
        if (!this.#silent && !(await this.#pass(line))) return;
      }
      if (!this.#silent) this.#to.end();
    } catch {
      this.#to.destroy();
    } finally {
      forget();
    }
  }

  #strikeNow(): void {
    if (this.#silent || this.#to.destroyed) return;
    const fault = this.#faults.forStream(this.#listing ? 'list' : 'watch', false);
    if (fault?.kind === 'silent') this.#silent = true;
    if (fault?.kind === 'cutNow') this.#to.destroy();
  }

  /** @returns false when nothing more is to come. */
  async #pass(line: Buffer): Promise<boolean> {
    const isBookmark = line.subarray(0, 24).includes('"BOOKMARK"');
    const fault = isBookmark ? undefined : this.#faults.forStream(this.#listing ? 'list' : 'watch', true);
    if (this.#whole?.kind === 'cut') return await this.#strike({ kind: 'cutLine' }, line);
    if (this.#whole?.kind === 'drip') await this.#drip(this.#whole, line);
    const goesOn =
      fault === undefined ? this.#whole !== undefined || this.#send(line) : await this.#strike(fault, line);
    if (this.#listing && isBookmark && line.includes('k8s.io/initial-events-end')) {
      this.#listing = false;
      this.#strikeNow();
    }
    return goesOn;
  }

  async #strike(fault: StreamFault, line: Buffer): Promise<boolean> {
    switch (fault.kind) {
      case 'cutLine':
        await this.#flush(line.subarray(0, Math.floor(line.length / 2)));
        return this.#cut();
      case 'garbageLine':
        return this.#send(Buffer.from('<html>gateway time-out</html>\n')) && this.#send(line);
      case 'errorEvent':
        return this.#error(fault.code, fault.reason);
      case 'duplicate':
        return this.#send(line) && this.#send(line);
      case 'dropThenCut':
        return this.#cut();
      case 'dropThenExpire':
        return this.#error(410, 'Expired');
      case 'splitCharacter': {
        // The first byte of a longer character; its second one comes in the next chunk.
        const at = line.findIndex((byte) => byte >= 0xc0);
        const cut = at < 0 ? Math.floor(line.length / 2) : at + 1;
        await this.#flush(line.subarray(0, cut));
        await new Promise((resolve) => setTimeout(resolve, 50));
        return this.#send(line.subarray(cut));
      }
      case 'pad': {
        const text = line.toString().replace('"metadata":{', `"padding":"${'ß'.repeat(fault.bytes / 2)}","metadata":{`);
        return this.#send(Buffer.from(text));
      }
      case 'silent':
      case 'cutNow':
        return this.#send(line);
    }
  }

  #send(bytes: Buffer): boolean {
    this.#to.write(bytes);
    return true;
  }

  async #drip({ bytes, everyMs }: Extract<RequestFault, { kind: 'drip' }>, line: Buffer): Promise<void> {
    for (let at = 0; at < line.length && !this.#to.destroyed; at += bytes) {
      this.#to.write(line.subarray(at, at + bytes));
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  #flush(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => this.#to.write(bytes, () => resolve()));
  }

  #cut(): boolean {
    this.#to.destroy();
    this.#from.destroy();
    return false;
  }

  #error(code: number, reason: string): boolean {
    this.#to.end(`${JSON.stringify({ type: 'ERROR', object: statusObject(code, reason) })}\n`);
    this.#from.destroy();
    return false;
  }
}

/** With their newlines. */
async function* linesOf(from: IncomingMessage): AsyncGenerator<Buffer, void, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of from) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield rest.subarray(0, end + 1);
      rest = rest.subarray(end + 1);
    }
  }
  if (rest.length > 0) yield rest;
}
