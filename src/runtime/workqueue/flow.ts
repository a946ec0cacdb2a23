/**
 * A flow: all keys whose work costs the same account something. What one flow has waiting, in flight or failing is kept here, apart from all others.
 */
import { ReadyLists } from './ready-lists.ts';
import { RetryLimiter, type RetryRate } from './retry-limiter.ts';

export class Flow {
  readonly name: string;
  readonly ready = new ReadyLists();
  /** Bounds the retries of its keys together, so that everything failing at the same moment does not become a flood. */
  readonly retries: RetryLimiter | undefined;
  inFlight = 0;
  /** Of those in flight, how many hold one of the places that all flows share. */
  held = 0;
  /** Keys that belong to it, wherever they are; a flow without any is forgotten. */
  keys = 0;
  /** Its neighbours among the flows whose turn comes; `listed` while it is among them. */
  previous: Flow | undefined;
  next: Flow | undefined;
  listed = false;

  constructor(name: string, retryRate: RetryRate | undefined) {
    this.name = name;
    this.retries = retryRate === undefined ? undefined : new RetryLimiter(retryRate);
  }
}

/** What belongs to a flow. */
interface Member {
  flow: Flow | undefined;
}

/** The flows that have keys, by name. */
export class Flows {
  readonly #retryRate: RetryRate | undefined;
  readonly #flows = new Map<string, Flow>();

  constructor(retryRate: RetryRate | undefined) {
    this.#retryRate = retryRate;
  }

  /** Moves the member, which is neither ready nor in flight, to the flow of this name. */
  join(member: Member, name: string): Flow {
    if (member.flow?.name === name) return member.flow;
    this.leave(member);
    let flow = this.#flows.get(name);
    if (flow === undefined) {
      flow = new Flow(name, this.#retryRate);
      this.#flows.set(name, flow);
    }
    flow.keys += 1;
    member.flow = flow;
    return flow;
  }

  leave(member: Member): void {
    if (member.flow !== undefined && --member.flow.keys === 0) this.#flows.delete(member.flow.name);
    member.flow = undefined;
  }
}
