/**
 * What can go wrong on the way to a real cloud, done on purpose. A fault waits for requests of its routes, lets some pass, and is
 * done to the next ones: always, a number of times, or with a probability from a seeded generator.
 */
import { z } from 'zod';
import type { Random } from '../../src/base/clock.ts';
import { parseInput } from './calls/input.ts';
import { type Route, routeSchema } from './http/routes.ts';

/** `before` the request is handled (nothing was applied); `after` it was applied; `midBody`: half of the response was sent. */
const moment = z.enum(['before', 'after', 'midBody'], { error: 'must be before, after or midBody' });
const milliseconds = z.number().min(0, 'must be a number of milliseconds, 0 or more');

const when = {
  /** Which operations; all of them if not given. */
  routes: z.array(routeSchema).min(1, 'must name at least one route').optional(),
  /** Only requests whose path names this user or tenant. */
  id: z.string().optional(),
  /** Only requests that name this user: in the path, or among the `uuids` or `external_ids` of a batch. */
  names: z.string().optional(),
  /** Only requests of this client (on the token route: the one named in the Basic header). */
  client: z.string().optional(),
  /** Lets this many matching requests pass first. */
  skip: z.int().min(0).default(0),
  /** Is done this many times at most, then is gone; for ever if not given. */
  times: z.int().min(1).optional(),
  /** Share of the matching requests, 0 to 1. */
  probability: z.number().min(0, 'must be between 0 and 1').max(1, 'must be between 0 and 1').default(1),
};

const faultSchema = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ ...when, kind: z.literal('latency'), ms: milliseconds, jitterMs: milliseconds.default(0) }),
    z.strictObject({
      ...when,
      kind: z.literal('status'),
      status: z.int().min(400, 'must be 400 to 599').max(599, 'must be 400 to 599'),
      /** Seconds. */
      retryAfter: z.number().min(0).optional(),
      retryAfterForm: z.enum(['seconds', 'date']).default('seconds'),
      body: z.enum(['envelope', 'bare', 'flat', 'html', 'text', 'empty']).default('envelope'),
      code: z.union([z.int(), z.string()]).optional(),
      message: z.string().optional(),
      /** `after`: the request was applied, and only the response is wrong. */
      moment: z.enum(['before', 'after']).default('before'),
    }),
    z.strictObject({ ...when, kind: z.literal('cut'), moment: moment.default('before') }),
    z.strictObject({ ...when, kind: z.literal('hang'), moment: moment.default('before') }),
    /** 200 with something else than promised. What the request asked for was done. */
    z.strictObject({
      ...when,
      kind: z.literal('garbage'),
      form: z.enum(['html', 'truncated', 'text', 'empty', 'null', 'otherJson']).default('html'),
    }),
    /** A right response made very long by an unknown field. */
    z.strictObject({
      ...when,
      kind: z.literal('huge'),
      bytes: z
        .int()
        .min(1)
        .default(16 * 1024 * 1024),
    }),
    z.strictObject({ ...when, kind: z.literal('contentType'), value: z.string().default('text/html') }),
    z.strictObject({
      ...when,
      kind: z.literal('redirect'),
      location: z.string(),
      status: z.literal([301, 302, 307, 308], 'must be 301, 302, 307 or 308').default(307),
    }),
    /** Another writer changes the user just before the PUT is handled: its type list, its language, or only its revision. */
    z.strictObject({
      ...when,
      kind: z.literal('otherWriter'),
      businessTypes: z.array(z.string()).optional(),
      language: z.string().optional(),
    }),
    /** Every token issued so far ends. */
    z.strictObject({ ...when, kind: z.literal('revokeTokens') }),
    /** The token route finds the secret wrong, whatever it is. */
    z.strictObject({ ...when, kind: z.literal('wrongSecret') }),
  ],
  {
    error:
      'must be latency, status, cut, hang, garbage, huge, contentType, redirect, otherWriter, revokeTokens or wrongSecret',
  },
);

export type Fault = z.output<typeof faultSchema>;
export type FaultInput = z.input<typeof faultSchema>;
export type FaultKind = Fault['kind'];

export interface FaultEntry {
  readonly number: number;
  readonly fault: Fault;
  /** Requests that matched, and how often it was done. */
  readonly seen: number;
  readonly done: number;
}

interface Target {
  readonly route: Route;
  readonly id: string | undefined;
  readonly query: URLSearchParams;
  readonly client: string | undefined;
}

/** Kinds that go together with others. Of the rest, a request gets one: the first that is due. */
const BESIDE_OTHERS: ReadonlySet<FaultKind> = new Set(['latency', 'otherWriter', 'revokeTokens']);

const NONE: readonly Fault[] = Object.freeze([]);

export class Faults {
  readonly #random: Random;
  #entries: { readonly number: number; readonly fault: Fault; seen: number; done: number }[] = [];
  #last = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Returns the fault's number, for `remove`. Throws an InputError where the fault makes no sense. */
  add(fault: FaultInput): number {
    return this.addUnchecked(fault);
  }

  /** The same for what came over the wire. */
  addUnchecked(fault: unknown): number {
    this.#last += 1;
    this.#entries.push({ number: this.#last, fault: parseInput(faultSchema, fault, 'the fault'), seen: 0, done: 0 });
    return this.#last;
  }

  remove(number: number): boolean {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => entry.number !== number);
    return this.#entries.length < before;
  }

  clear(): void {
    this.#entries = [];
  }

  /** Those still there, with their counts. Faults that used up their `times` are gone. */
  list(): FaultEntry[] {
    return this.#entries.map((entry) => ({ ...entry }));
  }

  /** The faults to do to this request. Counts them as done. */
  take(target: Target): readonly Fault[] {
    if (this.#entries.length === 0) return NONE;
    const taken: Fault[] = [];
    let spent = false;
    let struck = false;
    for (const entry of this.#entries) {
      const { fault } = entry;
      const beside = BESIDE_OTHERS.has(fault.kind);
      if (struck && !beside) continue;
      if (fault.routes !== undefined && !fault.routes.includes(target.route)) continue;
      if (fault.id !== undefined && fault.id !== target.id) continue;
      if (fault.names !== undefined && !namesUser(target, fault.names)) continue;
      if (fault.client !== undefined && fault.client !== target.client) continue;
      entry.seen += 1;
      if (entry.seen <= fault.skip) continue;
      if (fault.probability < 1 && this.#random() >= fault.probability) continue;
      entry.done += 1;
      if (!beside) struck = true;
      if (entry.done === fault.times) spent = true;
      taken.push(fault);
    }
    if (spent) this.#entries = this.#entries.filter((entry) => entry.done !== entry.fault.times);
    return taken;
  }
}

const namesUser = ({ id, query }: Target, user: string): boolean =>
  id === user || ['uuids', 'external_ids'].some((list) => query.get(list)?.split(',').includes(user) === true);
