/**
 * Which key is handed out next: flows take turns, one key each, so that no flow's share depends on how many keys another one has, or on how slow they are.
 *
 * A flow is passed over while it has `maxInFlight` keys in flight, or as many as its room allows (at least one always may be). Besides, all flows share
 * places. A flow may hold at most as many as are free, so that there is one left for a flow that comes later, however many others are greedy. A key that
 * takes long gives its place back before it is done: then it counts in its own flow alone.
 */
import type { Entry } from './entry.ts';
import type { Flow } from './flow.ts';

export interface Limits {
  /** Keys of one flow in flight at most. */
  readonly maxInFlight: number;
  /** Keys of the flow that may be in flight just now, by what its account can take; less than one counts as one. */
  readonly room?: (flow: string) => number;
}

/** Places for each key that one flow may have in flight: nearly so many flows are served fully at the same time. */
const placesPerKey = 16;
/** The same for keys that take long, whose places are free for others: it bounds what is in flight in all. */
const slowPerKey = 16;

export class FairTurns {
  readonly #limits: Limits;
  readonly #places: number;
  readonly #maxSlow: number;
  #held = 0;
  #slow = 0;
  #size = 0;
  #first: Flow | undefined;
  #last: Flow | undefined;
  #listed = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#places = limits.maxInFlight * placesPerKey;
    this.#maxSlow = limits.maxInFlight * slowPerKey;
  }

  /** How many keys are ready. */
  get size(): number {
    return this.#size;
  }

  push(entry: Entry, flow: Flow): void {
    flow.ready.push(entry);
    this.#size += 1;
    this.#list(flow);
  }

  /** Puts a key that is ready at the end of a more urgent list. */
  raise(entry: Entry, rank: number, flow: Flow): void {
    flow.ready.raise(entry, rank);
    this.#list(flow);
  }

  /** Takes out a key that is ready. */
  remove(entry: Entry, flow: Flow): void {
    flow.ready.remove(entry);
    this.#size -= 1;
  }

  /** The next key, which is in flight from now on; undefined where none may be. */
  take(): Entry | undefined {
    for (let left = this.#listed; left > 0; left--) {
      const flow = this.#first;
      const free = this.#places - this.#held;
      if (flow === undefined || free <= 0) return undefined;
      this.#unlist(flow);
      // It is listed again when a key of it becomes ready, or is done.
      if (flow.ready.size === 0 || flow.inFlight >= this.#limitOf(flow)) continue;
      const entry = flow.held < free ? flow.ready.shift() : undefined;
      if (entry !== undefined) this.#begin(entry, flow);
      if (flow.ready.size > 0) this.#list(flow);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** The key takes long: its place is free for others, unless there are too many such keys already. */
  releasePlace(entry: Entry, flow: Flow): void {
    if (!entry.holdsPlace || this.#slow >= this.#maxSlow) return;
    entry.holdsPlace = false;
    flow.held -= 1;
    this.#held -= 1;
    this.#slow += 1;
  }

  /** The key is in flight no more. */
  end(entry: Entry, flow: Flow): void {
    flow.inFlight -= 1;
    if (entry.holdsPlace) {
      flow.held -= 1;
      this.#held -= 1;
    } else {
      this.#slow -= 1;
    }
    entry.holdsPlace = false;
    if (flow.ready.size > 0) this.#list(flow);
  }

  #begin(entry: Entry, flow: Flow): void {
    this.#size -= 1;
    flow.inFlight += 1;
    flow.held += 1;
    this.#held += 1;
    entry.holdsPlace = true;
  }

  #limitOf({ name }: Flow): number {
    const { maxInFlight, room } = this.#limits;
    return room === undefined ? maxInFlight : Math.min(maxInFlight, Math.max(1, room(name)));
  }

  #list(flow: Flow): void {
    if (flow.listed) return;
    flow.listed = true;
    flow.previous = this.#last;
    flow.next = undefined;
    if (this.#last === undefined) this.#first = flow;
    else this.#last.next = flow;
    this.#last = flow;
    this.#listed += 1;
  }

  #unlist(flow: Flow): void {
    if (flow.previous === undefined) this.#first = flow.next;
    else flow.previous.next = flow.next;
    if (flow.next === undefined) this.#last = flow.previous;
    else flow.next.previous = flow.previous;
    flow.previous = undefined;
    flow.next = undefined;
    flow.listed = false;
    this.#listed -= 1;
  }
}
