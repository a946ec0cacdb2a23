/**
 * The objects of one account, and their verification: a few slices of a hundred at a time, each one read.
 *
 * A slice without a response waits as a whole while the account as such does not respond. Where it does, the slice is halved until the user that
 * spoils it stands alone; that one's object goes to the queue, which says what is wrong, and stays out of slices for a while. What fails for one object
 * while it is compared is that object's alone.
 */
import { maxUsersPerRead } from '../../acronis/api.ts';
import type { Credentials } from '../../acronis/credentials.ts';
import { AcronisError } from '../../acronis/errors.ts';
import type { UserEvidence } from '../../acronis/evidence.ts';
import type { TenantUserUpsell } from '../../api/object.ts';
import type { Timer } from '../../base/clock.ts';
import type { Account } from '../accounts/accounts.ts';
import { sourceOf } from '../cache/objects.ts';
import type { VerifierOptions } from './verifier.ts';

export interface LaneOptions extends VerifierOptions {
  /** The account's, from whichever source. */
  readonly credentials: Credentials;
  /** Takes a key whose object uses another account by now, or none. */
  readonly onElsewhere: (key: string) => void;
}

/** Reads in flight: enough to be quick, few enough to leave an account's rate to what people change. */
const maxReads = 3;
/** How long objects are batched before the first read. */
const batchMs = 20;
/** When a slice is tried again that had no response. */
const againMs = 30_000;
/** A user that failed alone is read alone for so long. */
const aloneMs = 60 * 60_000;
/** A part whose other half may well get one is tried again after this. */
const partAgainMs = 1_000;

interface Slice {
  /** As they were when they were found settled. */
  readonly objects: readonly TenantUserUpsell[];
  /** How often these very objects failed together. */
  readonly failures: number;
}

type Read =
  | { readonly kind: 'read'; readonly users: ReadonlyMap<string, UserEvidence> }
  /** Each object has to say for itself what is wrong. */
  | { readonly kind: 'refused' };

export class VerifierLane {
  readonly #options: LaneOptions;
  /** By key, as they were when they were found settled. */
  readonly #waiting = new Map<string, TenantUserUpsell>();
  readonly #slices: Slice[] = [];
  readonly #alone = new Map<string, number>();
  readonly #timers = new Set<Timer>();
  readonly #inFlight = new Set<Promise<void>>();
  #reads = 0;
  #batching = false;
  readonly #signal: AbortSignal;

  /** @param signal it works until that is aborted. */
  constructor(options: LaneOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  get isEmpty(): boolean {
    this.#dropAlone();
    return this.#waiting.size + this.#slices.length + this.#timers.size + this.#inFlight.size + this.#alone.size === 0;
  }

  /** @param object one that is settled. */
  add(object: TenantUserUpsell): void {
    const { key } = object;
    if ((this.#alone.get(key) ?? 0) > this.#options.clock.now()) {
      this.#options.queue.add(key, 'resync');
      return;
    }
    this.#alone.delete(key);
    this.#waiting.set(key, object);
    this.#batch();
  }

  /** Resolves once nothing is in flight any more; to be called when the signal is aborted. */
  async ended(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    await Promise.all(this.#inFlight);
  }

  /** Those that may be read with others again. */
  #dropAlone(): void {
    for (const [key, until] of this.#alone) if (until <= this.#options.clock.now()) this.#alone.delete(key);
  }

  #batch(): void {
    if (this.#batching) return;
    this.#batching = true;
    this.#after(batchMs, () => {
      this.#batching = false;
      this.#pump();
    });
  }

  #after(ms: number, then: () => void): void {
    if (this.#signal.aborted) return;
    const timer = this.#options.clock.after(ms, () => {
      this.#timers.delete(timer);
      then();
    });
    this.#timers.add(timer);
  }

  #pump(): void {
    while (!this.#signal.aborted && this.#reads < maxReads) {
      const slice = this.#slices.shift() ?? this.#nextSlice();
      if (slice === undefined) return;
      this.#reads += 1;
      const work = this.#verify(slice, this.#signal).finally(() => this.#inFlight.delete(work));
      this.#inFlight.add(work);
    }
  }

  #nextSlice(): Slice | undefined {
    const objects: TenantUserUpsell[] = [];
    for (const [key, object] of this.#waiting) {
      if (objects.length === maxUsersPerRead) break;
      this.#waiting.delete(key);
      objects.push(object);
    }
    return objects.length === 0 ? undefined : { objects, failures: 0 };
  }

  get #account(): Account {
    return this.#options.accounts.of(this.#options.credentials);
  }

  #isOurs(object: TenantUserUpsell): boolean {
    const { sources, accounts } = this.#options;
    const known = sources.latest(sourceOf(object));
    return known?.kind === 'found' && accounts.of(known.credentials).id === this.#account.id;
  }

  /** Those that are still settled and of this account, as they are now: what changed meanwhile is the queue's, or another lane's. */
  #current({ objects }: Slice): TenantUserUpsell[] {
    const { fleet, judge, queue, onElsewhere } = this.#options;
    return objects.flatMap((before) => {
      const object = fleet.get(before.key);
      if (object === undefined) return [];
      // What is still the same object was found settled; to assess it once more is a tenth of what a restart costs.
      if (object !== before && !judge.isSettled(object)) queue.add(object.key, 'resync');
      else if (this.#isOurs(object)) return [object];
      else onElsewhere(object.key);
      return [];
    });
  }

  /** Never rejects. */
  async #verify(slice: Slice, signal: AbortSignal): Promise<void> {
    const objects = this.#current(slice);
    let read: Read = { kind: 'refused' };
    try {
      if (objects.length > 0) read = await this.#read(objects, signal);
    } catch (error) {
      if (!signal.aborted) this.#failed({ ...slice, objects }, error);
      return;
    } finally {
      this.#reads -= 1;
      this.#pump();
    }
    await this.#compare(objects, read, signal);
  }

  async #read(objects: readonly TenantUserUpsell[], signal: AbortSignal): Promise<Read> {
    const ids = [...new Set(objects.map((object) => object.status.userID ?? ''))];
    try {
      return { kind: 'read', users: await this.#account.api.getUsers(ids, signal) };
    } catch (error) {
      // A response that says no may be about one of them; that there is none is about no one.
      if (error instanceof AcronisError && error.kind !== 'unavailable' && error.kind !== 'throttled')
        return { kind: 'refused' };
      throw error;
    }
  }

  /** A guard that cannot be read, or hangs, holds up its own object only. */
  async #compare(objects: readonly TenantUserUpsell[], read: Read, signal: AbortSignal): Promise<void> {
    const { judge, queue, log } = this.#options;
    const one = async (object: TenantUserUpsell): Promise<void> => {
      const evidence = read.kind === 'read' ? read.users.get(object.status.userID ?? '') : undefined;
      try {
        if (evidence?.kind === 'seen' && (await judge.isAsReported(object, evidence.user, this.#account, signal)))
          return;
        queue.add(object.key, 'resync');
      } catch (error) {
        if (signal.aborted) return;
        log.debug('an object could not be verified; it waits', { object: object.key, error: String(error) });
        this.#after(againMs, () => this.add(object));
      }
    };
    await Promise.all(objects.map(one));
  }

  #failed(slice: Slice, error: unknown): void {
    const { objects, failures } = slice;
    const { log, queue, clock } = this.#options;
    // Whether it is the account that does not respond, and not one of these users.
    const paused = this.#account.isPaused();
    log.debug('objects could not be verified; they wait', { objects: objects.length, error: String(error), paused });
    if (paused || failures === 0) {
      const asked = error instanceof AcronisError && paused ? (error.retryAfterMs ?? 0) : 0;
      this.#again({ objects, failures: paused ? failures : failures + 1 }, Math.max(asked, againMs));
      return;
    }
    const [alone] = objects;
    if (alone !== undefined && objects.length === 1) {
      this.#dropAlone();
      this.#alone.set(alone.key, clock.now() + aloneMs);
      queue.add(alone.key, 'resync');
      return;
    }
    const half = Math.ceil(objects.length / 2);
    for (const part of [objects.slice(0, half), objects.slice(half)])
      this.#again({ objects: part, failures }, partAgainMs);
  }

  #again(slice: Slice, ms: number): void {
    this.#after(ms, () => {
      this.#slices.push(slice);
      this.#pump();
    });
  }
}
