/**
 * One account's circuit: after consecutive calls without one response nothing is sent any more, until a single call, let through now and then, has one.
 * While it is open calls fail immediately, with the words of the failure that opened it, so that conditions stay as they are and no worker waits for
 * a time-out that is sure to come. Any response of the API counts, a refusal too: only `unavailable` says that it cannot respond.
 * A failure that may be one user's counts once for that user: it takes several users to open the circuit, and one of them does not keep it open.
 */
import type { Clock, Random } from '../../base/clock.ts';
import { AcronisError } from '../errors.ts';
import { Suspects } from './suspects.ts';

export interface CircuitOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Called when it opens (with why and for how long) and when it closes. */
  readonly onOpen?: (why: AcronisError, ms: number) => void;
  readonly onClose?: () => void;
}

export interface Circuit {
  /**
   * @param subject whom the call is about, where it is about one user or a batch of them.
   * @throws what `call` throws; AcronisError `unavailable` with the time to the next try where it is open.
   */
  run<T>(call: () => Promise<T>, subject?: string): Promise<T>;
  readonly isOpen: boolean;
  /** The failure that opened it; undefined while it is closed. */
  readonly problem: AcronisError | undefined;
}

/** Consecutive failures until it opens. */
const maxFailures = 5;
const minOpenMs = 5_000;
const maxOpenMs = 60_000;
/** The share of each time that is left to chance. */
const jitter = 0.2;
/** A caller that comes while the one call is in flight is to come back after this. */
const whileProbingMs = 1_000;

export function createCircuit({ clock, random, onOpen, onClose }: CircuitOptions): Circuit {
  /** Failures that speak of no user. */
  let failures = 0;
  const suspects = new Suspects();
  let open: { readonly why: AcronisError; readonly until: number; readonly ms: number } | undefined;
  let probing = false;

  const responded = () => {
    failures = 0;
    suspects.clear();
    if (open === undefined) return;
    open = undefined;
    onClose?.();
  };

  const withoutResponse = (why: AcronisError, subject: string | undefined, wasProbe: boolean) => {
    const isNews = why.scope === 'user' ? suspects.add(subject) : true;
    if (why.scope !== 'user') failures++;
    // What was in flight when it opened says nothing new.
    if (wasProbe ? open === undefined : open !== undefined || failures + suspects.size < maxFailures) return;
    if (open !== undefined && !isNews) {
      // A user whose calls failed before shows nothing of the others, whose turn to try it is.
      open = { ...open, until: clock.now() };
      return;
    }
    const ms = open === undefined ? minOpenMs : Math.min(open.ms * 2, maxOpenMs);
    if (open === undefined) onOpen?.(why, ms);
    open = { why, ms, until: clock.now() + ms * (1 - jitter * random()) };
  };

  return {
    get isOpen() {
      return open !== undefined;
    },
    get problem() {
      return open?.why;
    },
    async run(call, subject) {
      if (open !== undefined) {
        // One that failed before tries after the others: it may be the only one that still does.
        const until = subject !== undefined && suspects.has(subject) ? open.until + open.ms : open.until;
        const left = until - clock.now();
        if (left > 0 || probing) throw still(open.why, Math.max(left, whileProbingMs));
      }
      const isProbe = open !== undefined;
      probing = isProbe;
      try {
        const result = await call();
        responded();
        return result;
      } catch (error) {
        if (error instanceof AcronisError) {
          if (error.kind === 'unavailable') withoutResponse(error, subject, isProbe);
          else if (error.status > 0) responded();
        }
        throw error;
      } finally {
        if (isProbe) probing = false;
      }
    },
  };
}

const still = (why: AcronisError, retryAfterMs: number): AcronisError =>
  why.again({ retryAfterMs, detail: 'not asked: it did not respond lately' });
