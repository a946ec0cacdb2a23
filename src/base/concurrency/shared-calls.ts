/** One call in flight for each key, however many callers wait for what it brings; it ends early only when none of them waits any more. */
import { orAborted } from '../abort.ts';

interface Call<T> {
  readonly result: Promise<T>;
  readonly end: AbortController;
  waiting: number;
}

export class SharedCalls<T> {
  readonly #calls = new Map<string, Call<T>>();

  /** @throws what the call throws; the signal's reason once it is aborted. */
  async run(key: string, call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const shared = this.#calls.get(key) ?? this.#begin(key, call);
    shared.waiting += 1;
    try {
      return await orAborted(shared.result, signal);
    } finally {
      shared.waiting -= 1;
      if (shared.waiting === 0) {
        this.#forget(key, shared.end);
        shared.end.abort(new Error('no caller waits for it any more'));
      }
    }
  }

  #begin(key: string, call: (signal: AbortSignal) => Promise<T>): Call<T> {
    const end = new AbortController();
    const begun = { result: call(end.signal).finally(() => this.#forget(key, end)), end, waiting: 0 };
    this.#calls.set(key, begun);
    return begun;
  }

  #forget(key: string, end: AbortController): void {
    if (this.#calls.get(key)?.end === end) this.#calls.delete(key);
  }
}
