/**
 * Admission in front of a dispatcher: no more requests go to the network layer than it has connections. The others wait here, first come first served, where a request that is given up
 * is forgotten immediately and costs no connection. (undici cannot forget one that waits inside it.)
 */
import type { Dispatcher } from 'undici';

/** What waits for a place, or has one. */
export interface Entrant {
  /** It has a place now, and gives it back with `exit`. */
  proceed(dispatcher: Dispatcher): void;
}

export class Lane {
  readonly dispatcher: Dispatcher;
  readonly #waiting = new Set<Entrant>();
  readonly #places: number;
  #free: number;
  #admitting = false;
  #drained: (() => void) | undefined;
  #destroyed = false;

  /** @param places how many connections the dispatcher has. */
  constructor(dispatcher: Dispatcher, places: number) {
    this.dispatcher = dispatcher;
    this.#places = places;
    this.#free = places;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Calls `proceed` now, or when a place is free. */
  enter(entrant: Entrant): void {
    this.#waiting.add(entrant);
    this.#admit();
  }

  /** It does not wait any more. */
  leave(entrant: Entrant): void {
    this.#waiting.delete(entrant);
  }

  /** A place is free again. */
  exit(): void {
    this.#free += 1;
    this.#admit();
  }

  /** Closes the connections when all that entered is done. */
  async close(): Promise<void> {
    if (!this.#isDrained) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    // The network layer does not close what was destroyed meanwhile, and rejects.
    if (!this.#destroyed) await this.dispatcher.close();
  }

  /** Cuts what is in flight; what waits, or comes later, fails as the network layer has it. */
  destroy(): Promise<void> {
    this.#destroyed = true;
    return this.dispatcher.destroy();
  }

  get #isDrained(): boolean {
    return this.#free === this.#places && this.#waiting.size === 0;
  }

  /** A loop, not a chain: a request that fails in `proceed` exits there. */
  #admit(): void {
    if (this.#admitting) return;
    this.#admitting = true;
    for (const entrant of this.#waiting) {
      if (this.#free === 0) break;
      this.#waiting.delete(entrant);
      this.#free -= 1;
      entrant.proceed(this.dispatcher);
    }
    this.#admitting = false;
    if (this.#drained !== undefined && this.#isDrained) this.#drained();
  }
}
