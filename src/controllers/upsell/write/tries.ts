/**
 * What a running operator remembers of objects between two reconciles: how often something failed consecutively, and since when a deletion is tried. It is
 * kept in memory alone: a restart costs a try or two and writes nothing.
 *
 * A write that was refused is sent once more, after a fresh read, and then slowly, whatever asks for a reconcile meanwhile; one that has no response, or is
 * accepted and ignored, is tried a few times more. An edit, another API client or (for a refusal) another revision of the user lifts that.
 */
import type { Revision, User } from '../../../acronis/user.ts';
import type { Verdict } from '../../../api/conditions.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import { conditionOf } from '../../../api/status.ts';
import { type BackoffPolicy, delayMs } from '../../../base/backoff.ts';
import type { Clock } from '../../../base/clock.ts';
import { maxNotAppliedTries, notAppliedVerdict } from '../verdicts/verdicts.ts';

/** From the second refusal on. */
const afterRefusal: BackoffPolicy = { baseMs: 5 * 60_000, factor: 2, ceilingMs: 15 * 60_000, jitter: 0 };
/** From the third write on that had no response: an outage's length at most, and never for long. */
const afterNoResponse: BackoffPolicy = { baseMs: 30_000, factor: 2, ceilingMs: 5 * 60_000, jitter: 0 };
/** While it may pass by itself. */
const afterIgnored: BackoffPolicy = { baseMs: 1_000, factor: 2, ceilingMs: 15_000, jitter: 0 };
const noJitter = () => 0;

/** A write that was sent and did not do what it should. */
interface FailedWrite {
  /** What was sent for whom: see `writeBasis`. */
  readonly basis: string;
  /** The revision it was refused at; undefined where any write moves it. */
  readonly version: Revision | undefined;
  readonly tries: number;
  readonly verdict: Verdict;
  /** By the clock's own time: no write before it. */
  readonly notBefore: number;
}

export interface HeldWrite {
  readonly verdict: Verdict;
  /** How long it is held still. */
  readonly ms: number;
}

/** What is remembered of one object. */
export class ObjectTries {
  readonly uid: string;
  readonly #clock: Clock;
  // Apart, so that a service that refuses one write and ignores the next begins neither count again.
  #refused: FailedWrite | undefined;
  #ignored: FailedWrite | undefined;
  #passing = 0;
  #revokingSince: number | undefined;

  constructor(uid: string, clock: Clock) {
    this.uid = uid;
    this.#clock = clock;
  }

  /** A routine reconcile failed in a way that passes. @returns whether it was the first consecutive one. */
  failedInPassing(): boolean {
    return ++this.#passing === 1;
  }

  endedWell(): void {
    this.#passing = 0;
  }

  /** For how long this deletion has been tried, in milliseconds: 0 at the first try. */
  revokingMs(): number {
    const now = this.#clock.now();
    this.#revokingSince ??= now;
    return now - this.#revokingSince;
  }

  /** Why no write is sent now, if none is. */
  heldWrite(basis: string, user: User): HeldWrite | undefined {
    const [refused, ignored] = [this.#held(this.#refused, basis, user), this.#held(this.#ignored, basis, user)];
    return refused === undefined || (ignored !== undefined && ignored.ms > refused.ms) ? ignored : refused;
  }

  #held(write: FailedWrite | undefined, basis: string, user: User): HeldWrite | undefined {
    if (write === undefined || write.basis !== basis) return undefined;
    if (write.version !== undefined && write.version !== user.version) return undefined;
    const ms = write.notBefore - this.#clock.now();
    return ms > 0 ? { verdict: write.verdict, ms } : undefined;
  }

  /** A write was refused while the user was as `user` shows. */
  refused(basis: string, user: User, verdict: Verdict): void {
    this.#failed(basis, user, verdict, 1, afterRefusal);
  }

  /** A write had no response that says what became of it, and a read shows that it was not applied. */
  withoutResponse(basis: string, user: User, verdict: Verdict): void {
    this.#failed(basis, user, verdict, 2, afterNoResponse);
  }

  /** @param free after how many tries the next one may leave without a wait. */
  #failed(basis: string, { version }: User, verdict: Verdict, free: number, policy: BackoffPolicy): void {
    const before = this.#refused;
    const tries = before?.basis === basis && before.version === version ? before.tries + 1 : 1;
    const wait = tries <= free ? 0 : delayMs(policy, tries - free - 1, noJitter);
    this.#refused = { basis, version, tries, verdict, notBefore: this.#clock.now() + wait };
  }

  /** A write was accepted and does not show. */
  ignored(basis: string, object: TenantUserUpsell): void {
    const before = this.#ignored;
    const known = before?.basis === basis ? before.tries : reportedTries(object);
    const tries = known + 1;
    const wait =
      tries < maxNotAppliedTries
        ? delayMs(afterIgnored, tries - 1, noJitter)
        : delayMs(afterRefusal, tries - maxNotAppliedTries, noJitter);
    const verdict = notAppliedVerdict(tries);
    this.#ignored = { basis, version: undefined, tries, verdict, notBefore: this.#clock.now() + wait };
  }

  applied(): void {
    this.#refused = undefined;
    this.#ignored = undefined;
  }
}

/** A restart must not make an object less stalled than it is. */
const reportedTries = ({ status, generation }: TenantUserUpsell): number => {
  const stalled = conditionOf(status, 'Stalled');
  const same = status.observedGeneration === generation && stalled?.reason === 'NotApplied';
  return same && stalled.status === 'True' ? maxNotAppliedTries - 1 : 0;
};

/** The same while a write would be the same: an edit, a request for a reconcile or another API client makes it another one. */
export const writeBasis = (object: TenantUserUpsell, accountId: string): string =>
  `${accountId} ${object.generation} ${object.requestedAt ?? ''}`;

export interface Tries {
  of(object: TenantUserUpsell): ObjectTries;
  forget(key: string): void;
}

export function createTries(clock: Clock): Tries {
  const byKey = new Map<string, ObjectTries>();
  return {
    of({ key, uid }) {
      const known = byKey.get(key);
      if (known?.uid === uid) return known;
      const made = new ObjectTries(uid, clock);
      byKey.set(key, made);
      return made;
    },
    forget: (key) => void byKey.delete(key),
  };
}
