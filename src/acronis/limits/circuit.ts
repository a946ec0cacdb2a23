/**
 * One account's circuit: after a row of calls without one answer nothing is sent any more, until a single call, let through now and then, is answered.
 * While it is open calls fail at once, with the words of the failure that opened it, so that conditions stay as they are and no worker waits for
 * a time-out that everybody knows will come. Any answer counts as one, a refusal too: only `unavailable` says that nobody is there.
 */
import type { Clock, Random } from '../../base/clock.ts';
import { AcronisError } from '../errors.ts';

export interface CircuitOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Told when it opens (with why and for how long) and when it closes. */
  readonly onOpen?: (why: AcronisError, ms: number) => void;
  readonly onClose?: () => void;
}

export interface Circuit {
  /** @throws what `call` throws; AcronisError `unavailable` with the time to the next try where it is open. */
  run<T>(call: () => Promise<T>): Promise<T>;
  readonly isOpen: boolean;
}

/** Failures in a row until it opens. */
const mostFailures = 5;
const shortestOpenMs = 5_000;
const longestOpenMs = 60_000;
/** The share of each time that is left to chance. */
const jitter = 0.2;
/** Whoever comes while the one call is under way is told to come back after this. */
const whileProbingMs = 1_000;

export function createCircuit({ clock, random, onOpen, onClose }: CircuitOptions): Circuit {
  let failures = 0;
  let open: { readonly why: AcronisError; readonly until: number; readonly ms: number } | undefined;
  let probing = false;

  const answered = () => {
    failures = 0;
    if (open === undefined) return;
    open = undefined;
    onClose?.();
  };

  const unanswered = (why: AcronisError, wasProbe: boolean) => {
    failures++;
    // What was under way when it opened says nothing new.
    if (wasProbe ? open === undefined : open !== undefined || failures < mostFailures) return;
    const ms = open === undefined ? shortestOpenMs : Math.min(open.ms * 2, longestOpenMs);
    if (open === undefined) onOpen?.(why, ms);
    open = { why, ms, until: clock.now() + ms * (1 - jitter * random()) };
  };

  return {
    get isOpen() {
      return open !== undefined;
    },
    async run(call) {
      if (open !== undefined) {
        const left = open.until - clock.now();
        if (left > 0 || probing) throw still(open.why, Math.max(left, whileProbingMs));
      }
      const isProbe = open !== undefined;
      probing = isProbe;
      try {
        const result = await call();
        answered();
        return result;
      } catch (error) {
        if (error instanceof AcronisError) {
          if (error.kind === 'unavailable') unanswered(error, isProbe);
          else if (error.status > 0) answered();
        }
        throw error;
      } finally {
        if (isProbe) probing = false;
      }
    },
  };
}

const still = ({ message }: AcronisError, retryAfterMs: number): AcronisError =>
  new AcronisError('unavailable', message, { retryAfterMs, detail: 'not asked: it did not answer lately' });
