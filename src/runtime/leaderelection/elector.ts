/**
 * Leader election on a Lease, as client-go does it: of all the processes that take part, one leads.
 *
 * The one that leads renews the lease, and stops leading when it could not for `renewDeadlineMs`, counted from when it sent the last renewal that worked.
 * The others take it only when they have seen no change for `leaseMs`. As the second is longer than the first, by both clocks, two never lead concurrently.
 * A process that stalls for longer than that wakes up with work in its hands and no timer that has fired yet: before anything is sent, `Hold` is asked.
 */
import type { Clock, Random } from '../../base/clock.ts';
import { HeldBack } from '../../base/http/http.ts';
import type { Log } from '../../base/log.ts';
import { type Problem, ProblemReport } from '../../base/problem.ts';
import type { KubernetesClient } from '../../kubernetes/calls/client.ts';
import { isTransient } from '../../kubernetes/calls/errors.ts';
import { LeaseLock } from './lock.ts';
import type { LeaderMetrics } from './metrics.ts';
import { leaseProblem } from './problem.ts';

export interface LeaseDurations {
  /** Others may take the lease when it has not changed for this long. Whole seconds. */
  readonly leaseMs: number;
  /** The leader gives up when it could not renew for this long. */
  readonly renewDeadlineMs: number;
  /** Between two tries. */
  readonly retryMs: number;
}

/** As client-go, kube-controller-manager and controller-runtime have them. */
export const defaultLeaseDurations: LeaseDurations = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

/** client-go's rule for what is too short; it also lets those who wait try up to this share of `retryMs` later. */
const retryJitter = 1.2;
/**
 * Those who wait try after `retryMs` and up to this share of it more. Less than client-go's 1.2, because no process takes a lease before it has seen it
 * unchanged for its whole duration: with 1.2 a take-over from a killed leader took up to 20 s (measured), with this one it takes 18.
 */
const waitJitter = 0.2;
/** A lease that expires is tried immediately, in this share of `retryMs`, so that those who wait do not all try together. */
const expiryJitter = 0.1;
/** Those who wait see an emptied lease in two seconds, and one that was not emptied in fifteen. */
const releaseAttempts = 3;
const releaseAgainMs = 500;

export interface ElectionOptions {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process, such as the pod's name and a random part. */
  readonly identity: string;
  readonly durations: LeaseDurations;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: LeaderMetrics;
  /** Called with what keeps this process from taking part, and with `undefined` once that is over. */
  readonly onProblem?: (problem: Problem | undefined) => void;
}

export type ElectionEnd =
  | { readonly kind: 'stopped' }
  /** Another process may lead now. This one should end, without finishing what is in flight. */
  | { readonly kind: 'lost'; readonly why: string };

/** Whether the lease is this process's still, by its own clock and whether or not a timer has fired. */
export type Hold = () => boolean;

/** Why the signal of `lead` was aborted, when it was not for a shutdown, or a call was held back. */
export class LeaseLost extends HeldBack {
  override readonly name = 'LeaseLost';
}

/**
 * Waits for the lease, calls `lead` once it is held, and releases it when `lead` is done.
 *
 * `lead` gets a signal that is aborted with the given `signal`'s reason when it is time to stop: the lease is then kept until `lead` has resolved, and released.
 * When the lease is lost, it is aborted with `LeaseLost`, and the election ends immediately, without waiting for `lead`.
 * @throws what `lead` throws, after the lease was released.
 */
export async function elect(
  options: ElectionOptions,
  lead: (signal: AbortSignal, holds: Hold) => Promise<void>,
  signal: AbortSignal,
): Promise<ElectionEnd> {
  return new Election(options).run(lead, signal);
}

class Election {
  readonly #options: ElectionOptions;
  readonly #lock: LeaseLock;
  readonly #log: Log;
  readonly #report = new ProblemReport();
  #leader: string | undefined;
  /** Since when the lease is surely held: the request that made it so was sent then. */
  #heldSince = Number.NEGATIVE_INFINITY;

  constructor(options: ElectionOptions) {
    const { leaseMs, renewDeadlineMs, retryMs } = options.durations;
    if (!(leaseMs > renewDeadlineMs && renewDeadlineMs > retryMs * retryJitter && retryMs > 0)) {
      throw new RangeError(
        `the lease duration (${leaseMs} ms) must be longer than the renew deadline (${renewDeadlineMs} ms), and that longer than ${retryJitter} × the retry period (${retryMs} ms)`,
      );
    }
    this.#options = options;
    this.#log = options.log.with({ lease: `${options.namespace}/${options.name}` });
    const { client, namespace, name, identity, clock } = options;
    this.#lock = new LeaseLock({ client, namespace, name, identity, clock, leaseMs, callMs: renewDeadlineMs / 2 });
  }

  async run(lead: (signal: AbortSignal, holds: Hold) => Promise<void>, signal: AbortSignal): Promise<ElectionEnd> {
    const { metrics } = this.#options;
    metrics.leading(false);
    await this.#acquire(signal);
    if (signal.aborted) {
      await this.#release();
      return { kind: 'stopped' };
    }
    this.#log.info('became leader');
    metrics.leading(true);

    const leading = new AbortController();
    const stop = () => leading.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const renewing = new AbortController();
    const work = (async () => lead(leading.signal, () => this.#leftMs() > 0))();
    let lost = false;
    try {
      const why = await Promise.race([work.then(() => undefined), this.#renewUntilLost(renewing.signal)]);
      if (why === undefined) return { kind: 'stopped' };
      lost = true;
      this.#heldSince = Number.NEGATIVE_INFINITY;
      this.#log.error('the lease was lost; no longer leader', { why });
      leading.abort(new LeaseLost(why));
      return { kind: 'lost', why };
    } finally {
      signal.removeEventListener('abort', stop);
      renewing.abort(new Error('the election is over'));
      metrics.leading(false);
      // Before the release: what `lead` may have left behind must not send anything while another process can have the lease.
      this.#heldSince = Number.NEGATIVE_INFINITY;
      if (!lost) await this.#release();
    }
  }

  /** Returns once the lease is held, or the signal is aborted. */
  async #acquire(signal: AbortSignal): Promise<void> {
    const { clock, random, durations } = this.#options;
    this.#log.info('waiting for the lease');
    while (!signal.aborted) {
      let waitMs = durations.retryMs * (1 + waitJitter * random());
      const sentAt = clock.now();
      try {
        const result = await this.#lock.acquire(signal);
        this.#well();
        if (result.kind === 'held') {
          this.#heldSince = sentAt;
          return;
        }
        if (result.kind === 'taken') {
          this.#reportLeader(result.holder);
          waitMs = Math.min(waitMs, result.freeInMs + expiryJitter * durations.retryMs * (1 + random()));
        }
      } catch (error) {
        if (signal.aborted) break;
        this.#failed(error);
        // Whatever a Retry-After says: a lease is judged by when it was seen last, so each wait puts off a take-over by as much, and one small read in two seconds is not what overloads a server.
      }
      await this.#sleep(waitMs, signal);
    }
  }

  /** How long the lease can still be counted on. */
  #leftMs(): number {
    const { clock, durations } = this.#options;
    return this.#heldSince + durations.renewDeadlineMs - clock.now();
  }

  /** Resolves to why it was lost; never, once the signal is aborted. */
  #renewUntilLost(signal: AbortSignal): Promise<string> {
    const { clock, durations } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const expire = () => {
      const cause = this.#report.current === undefined ? '' : ` (${this.#report.current.message})`;
      resolve(`the lease could not be renewed for ${durations.renewDeadlineMs / 1000} s${cause}`);
    };
    // Beside the loop: a call that hangs must not put off the end.
    let deadline = clock.after(this.#leftMs(), expire);
    signal.addEventListener('abort', () => deadline.cancel(), { once: true });

    const renew = async (): Promise<void> => {
      while (!signal.aborted) {
        await this.#sleep(durations.retryMs, signal);
        if (signal.aborted) return;
        // After a stall of the whole process this may come before the timer.
        if (this.#leftMs() <= 0) return expire();
        const sentAt = clock.now();
        try {
          const result = await this.#lock.renew(signal);
          if (signal.aborted) return;
          if (result.kind === 'taken') return resolve(takenBy(result.holder));
          if (result.kind === 'contested') continue;
          this.#well();
        } catch (error) {
          if (signal.aborted) return;
          this.#failed(error);
          continue;
        }
        // A response that came too late changes nothing.
        if (this.#leftMs() <= 0) return expire();
        this.#heldSince = sentAt;
        deadline.cancel();
        deadline = clock.after(this.#leftMs(), expire);
      }
    };
    renew().catch(reject);
    return promise;
  }

  async #release(): Promise<void> {
    // Not bound to the signal, which is aborted already; each call has a time limit of its own.
    const { signal } = new AbortController();
    for (let attempt = 1; ; attempt++) {
      try {
        const released = await this.#lock.release(signal);
        if (released) this.#log.info('the lease is released');
        return;
      } catch (error) {
        // Worth another try: without it the other processes wait until the lease expires.
        if (attempt < releaseAttempts && isTransient(error)) {
          await this.#sleep(releaseAgainMs, signal);
          continue;
        }
        this.#log.warn('the lease could not be released; another process takes over when it expires', {
          detail: leaseProblem(this.#options.namespace, this.#options.name, error).message,
        });
        return;
      }
    }
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(ms, signal).catch(() => {});
  }

  #reportLeader(holder: string): void {
    if (this.#leader === holder) return;
    this.#leader = holder;
    this.#log.info('another process leads', { holder });
  }

  #failed(error: unknown): void {
    const problem = leaseProblem(this.#options.namespace, this.#options.name, error);
    if (!this.#report.is(problem)) return;
    this.#options.onProblem?.(problem);
    this.#log.warn('cannot use the lease; it is tried again until it works', {
      reason: problem.reason,
      detail: problem.message,
    });
  }

  #well(): void {
    if (!this.#report.isOver()) return;
    this.#options.onProblem?.(undefined);
    this.#log.info('the lease can be used again');
  }
}

const takenBy = (holder: string): string =>
  holder === '' ? 'another client emptied the lease' : `the lease is held by ${holder} now`;
