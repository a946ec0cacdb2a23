/**
 * Events on an object, as `kubectl describe` shows them. They are a courtesy: recording one never waits, never throws, and costs the API server
 * at most a steady trickle. What is too much, or cannot be written, is dropped and counted; the conditions of the object hold the truth.
 *
 * One event is on its way at a time. Warnings have an allowance of their own, so that a burst of good news never hides bad news.
 */
import type { Clock, Random } from '../../base/clock.ts';
import { TokenBucket } from '../../base/concurrency/token-bucket.ts';
import type { Log } from '../../base/log.ts';
import { timestamp } from '../../base/timestamp.ts';
import type { KubernetesClient } from '../calls/client.ts';
import { isForbidden, isNotFound, isTransient, KubernetesError } from '../calls/errors.ts';
import { pathOf } from '../calls/resource.ts';
import type { EventMetrics } from './metrics.ts';
import type { EventSubject } from './subject.ts';

export interface EventRecorder {
  normal(subject: EventSubject, reason: string, message: string): void;
  warning(subject: EventSubject, reason: string, message: string): void;
  /** Resolves when everything recorded was sent or dropped. What is left when `signal` aborts is dropped; it does not reject. */
  flush(signal: AbortSignal): Promise<void>;
}

export interface EventRecorderOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: EventMetrics;
  /** Who reports: the controller's name. */
  readonly component: string;
  /** Which one of them: the pod's name. */
  readonly instance: string;
}

interface Recorded {
  readonly namespace: string;
  readonly body: unknown;
}

const maxBuffered = 1_000;
const eventsPerSecond = 10;
const maxBurst = 100;
const maxAttempts = 3;
const maxWaitMs = 30_000;
/** The API server's limits, in bytes. */
const maxMessageBytes = 1_024;
const maxNameLength = 253;
const events = { group: '', version: 'v1', plural: 'events', kind: 'Event' };

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new BufferedRecorder(options);
}

class BufferedRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #normal: TokenBucket;
  readonly #warnings: TokenBucket;
  #waiting: Recorded[] = [];
  #sending: Promise<void> | undefined;
  #stop = new AbortController();
  #count = 0;
  #toldForbidden = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#normal = new TokenBucket(options.clock, eventsPerSecond, maxBurst);
    this.#warnings = new TokenBucket(options.clock, eventsPerSecond, maxBurst);
  }

  normal(subject: EventSubject, reason: string, message: string): void {
    this.#record(this.#normal, 'Normal', subject, reason, message);
  }

  warning(subject: EventSubject, reason: string, message: string): void {
    this.#record(this.#warnings, 'Warning', subject, reason, message);
  }

  async flush(signal: AbortSignal): Promise<void> {
    const onAbort = () => this.#stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    while (this.#sending !== undefined) await this.#sending;
    signal.removeEventListener('abort', onAbort);
    if (this.#stop.signal.aborted) this.#stop = new AbortController();
  }

  #record(bucket: TokenBucket, type: string, subject: EventSubject, reason: string, message: string): void {
    if (this.#waiting.length >= maxBuffered || !bucket.take()) {
      this.#options.metrics.eventDropped();
      return;
    }
    this.#waiting.push({ namespace: subject.namespace, body: this.#body(type, subject, reason, message) });
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (const event of batch) await this.#post(event);
    }
  }

  async #post(event: Recorded): Promise<void> {
    const { client, clock, random, log, metrics } = this.#options;
    const signal = this.#stop.signal;
    const path = pathOf(events, { namespace: event.namespace });
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await client.request({ method: 'POST', path, body: event.body }, signal);
        return;
      } catch (error) {
        // A namespace that is going away takes no new events, and needs none.
        if (isNotFound(error) || (isForbidden(error) && String(error).includes('being terminated'))) return;
        const again = attempt < maxAttempts && isTransient(error) && !signal.aborted;
        if (!again) {
          this.#report(error, log, signal);
          break;
        }
        const wanted = error instanceof KubernetesError ? (error.retryAfterMs ?? 0) : 0;
        const wait = Math.min(maxWaitMs, Math.max(wanted, 1_000 * 4 ** (attempt - 1)));
        await clock.sleep(wait * (1 + random() / 10), signal).catch(() => {});
      }
    }
    metrics.eventDropped();
  }

  #report(error: unknown, log: Log, signal: AbortSignal): void {
    if (signal.aborted) return;
    if (!isForbidden(error)) {
      log.debug('event dropped', { reason: error instanceof Error ? error.message : 'unknown' });
    } else if (!this.#toldForbidden) {
      this.#toldForbidden = true;
      log.warn('events cannot be written: this account needs the verb create on events', {
        reason: error instanceof Error ? error.message : '',
      });
    }
  }

  #body(type: string, subject: EventSubject, reason: string, message: string): unknown {
    const { clock, component, instance } = this.#options;
    const wall = clock.wall();
    // As client-go names them: the object, and a number that does not come twice.
    const suffix = `.${(BigInt(Math.trunc(wall)) * 1_000_000n + BigInt(this.#count++ % 1_000_000)).toString(16)}`;
    const at = timestamp(wall);
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: subject.name.slice(0, maxNameLength - suffix.length) + suffix, namespace: subject.namespace },
      involvedObject: {
        apiVersion: subject.apiVersion,
        kind: subject.kind,
        namespace: subject.namespace,
        name: subject.name,
        uid: subject.uid,
        ...(subject.resourceVersion === undefined ? {} : { resourceVersion: subject.resourceVersion }),
      },
      type,
      reason,
      message: shortened(message),
      count: 1,
      firstTimestamp: at,
      lastTimestamp: at,
      source: { component },
      reportingComponent: component,
      reportingInstance: instance,
    };
  }
}

function shortened(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= maxMessageBytes) return message;
  // A character that was cut in the middle decodes to U+FFFD at the end.
  return `${bytes.toString('utf8', 0, maxMessageBytes - 3).replace(/\uFFFD$/, '')}…`;
}
