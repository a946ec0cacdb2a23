/**
 * One process's view of a Lease: read, take, renew, release. Whether another process's hold is still good is judged by when this process saw the object's
 * version change, on its own clock; the times in the record are for people, clocks are never compared, and one that jumps back may say again what it said before. Every write carries the version it is based on.
 */
import type { Clock } from '../../base/clock.ts';
import type { KubernetesClient } from '../../kubernetes/calls/client.ts';
import { isAlreadyExists, isConflict, isNotFound, KubernetesError } from '../../kubernetes/calls/errors.ts';
import { pathOf } from '../../kubernetes/calls/resource.ts';
import {
  changedLease,
  type Lease,
  type LeaseRecord,
  leases,
  microTime,
  newLease,
  parseLease,
  recordOf,
} from './record.ts';

export interface LeaseLockOptions {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly leaseMs: number;
  /** For each call: a call that hangs must not cost the lease. */
  readonly callMs: number;
  readonly clock: Clock;
}

export type LockResult =
  | { readonly kind: 'held' }
  /** Another process has it. `freeInMs`: when it can be taken, unless it is renewed. */
  | { readonly kind: 'taken'; readonly holder: string; readonly freeInMs: number }
  /** Another client wrote at the same moment; it is not known yet who has it. */
  | { readonly kind: 'contested' };

interface Observed {
  readonly lease: Lease;
  readonly record: LeaseRecord;
  /** When this process saw that the record had changed. */
  readonly at: number;
}

const maxReleases = 3;

export class LeaseLock {
  readonly #options: LeaseLockOptions;
  #observed: Observed | undefined;
  /** Whether a write was sent, so that the lease may be held whatever the responses said. */
  #tried = false;

  constructor(options: LeaseLockOptions) {
    this.#options = options;
  }

  /**
   * Takes the lease if it is free, or its holder did not renew it in time.
   * @throws KubernetesError, or the signal's reason.
   */
  async acquire(signal: AbortSignal): Promise<LockResult> {
    const before = this.#observed;
    const observed = await this.#read(signal);
    // Of a lease that was deleted, the holder does not know it yet, and goes on until its time is over.
    const known = observed ?? before;
    if (known !== undefined && known.record.holder !== this.#options.identity) {
      const { holder, durationSeconds } = known.record;
      const freeInMs = known.at + durationSeconds * 1000 - this.#options.clock.now();
      if (holder !== '' && freeInMs > 0) return { kind: 'taken', holder, freeInMs };
    }
    if (observed === undefined) return this.#create(signal);
    const { record } = observed;
    if (record.holder === this.#options.identity) return this.#write(observed, this.#renewed(record), signal);
    return this.#write(observed, this.#acquired(record.transitions + 1), signal);
  }

  /**
   * Renews the lease, and never takes it back, not even from no holder: the client that emptied it may have let others act in between.
   * @throws KubernetesError, or the signal's reason.
   */
  async renew(signal: AbortSignal): Promise<LockResult> {
    // The holder alone writes the record, so what it wrote last is most likely what is there: no need to read first.
    const mine = this.#observed;
    if (mine?.record.holder === this.#options.identity) {
      const result = await this.#write(mine, this.#renewed(mine.record), signal);
      if (result.kind === 'held') return result;
    }
    const observed = await this.#read(signal);
    if (observed === undefined) return this.#create(signal);
    const { record } = observed;
    if (record.holder !== this.#options.identity) return { kind: 'taken', holder: record.holder, freeInMs: 0 };
    return this.#write(observed, this.#renewed(record), signal);
  }

  /**
   * Releases it, so that the next one need not wait until it expires. Does nothing when this process never tried to take it, or another one has it.
   * @returns whether there was something to release.
   * @throws KubernetesError, or the signal's reason.
   */
  async release(signal: AbortSignal): Promise<boolean> {
    if (!this.#tried) return false;
    for (let attempt = 1; ; attempt++) {
      // Read again: a write without a response may have changed it.
      const observed = await this.#read(signal);
      if (observed?.record.holder !== this.#options.identity) return false;
      const now = microTime(this.#options.clock.wall());
      // A duration of 0 is not allowed; without a holder it means nothing anyway.
      const empty = { ...observed.record, holder: '', durationSeconds: 1, acquireTime: now, renewTime: now };
      const result = await this.#write(observed, empty, signal);
      // A renewal that was cut off on the way may still arrive, between the read and the write.
      if (result.kind !== 'contested' || attempt === maxReleases) return result.kind === 'held';
    }
  }

  #acquired(transitions: number): LeaseRecord {
    const now = microTime(this.#options.clock.wall());
    const durationSeconds = Math.ceil(this.#options.leaseMs / 1000);
    return { holder: this.#options.identity, durationSeconds, acquireTime: now, renewTime: now, transitions };
  }

  #renewed(record: LeaseRecord): LeaseRecord {
    return { ...this.#acquired(record.transitions), acquireTime: record.acquireTime };
  }

  async #read(signal: AbortSignal): Promise<Observed | undefined> {
    try {
      return this.#observe(await this.#call({ method: 'GET', path: this.#path(true) }, signal));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #create(signal: AbortSignal): Promise<LockResult> {
    const { namespace, name } = this.#options;
    this.#tried = true;
    const body = newLease(namespace, name, this.#acquired(0));
    try {
      this.#observe(await this.#call({ method: 'POST', path: this.#path(false), body }, signal));
      return { kind: 'held' };
    } catch (error) {
      if (isAlreadyExists(error) || isConflict(error)) return { kind: 'contested' };
      throw error;
    }
  }

  async #write(observed: Observed, record: LeaseRecord, signal: AbortSignal): Promise<LockResult> {
    this.#tried = true;
    const body = changedLease(observed.lease, record);
    try {
      this.#observe(await this.#call({ method: 'PUT', path: this.#path(true), body }, signal));
      return { kind: 'held' };
    } catch (error) {
      // 404: deleted meanwhile, and perhaps made again by another client.
      if (isConflict(error) || isNotFound(error)) return { kind: 'contested' };
      throw error;
    }
  }

  #observe(response: unknown): Observed {
    const lease = parseLease(response);
    if (lease === undefined) {
      throw new KubernetesError('the API server responded with something that is not a Lease', {
        reason: 'InvalidResponse',
      });
    }
    const record = recordOf(lease);
    const known = this.#observed;
    const unchanged = known?.lease.metadata.resourceVersion === lease.metadata.resourceVersion;
    this.#observed = { lease, record, at: known !== undefined && unchanged ? known.at : this.#options.clock.now() };
    return this.#observed;
  }

  #path(named: boolean): string {
    const { namespace, name } = this.#options;
    return pathOf(leases, named ? { namespace, name } : { namespace });
  }

  #call(call: { method: 'GET' | 'POST' | 'PUT'; path: string; body?: unknown }, signal: AbortSignal): Promise<unknown> {
    return this.#options.client.request({ ...call, lane: 'lease', timeoutMs: this.#options.callMs }, signal);
  }
}
