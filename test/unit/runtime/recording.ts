/** A log, metrics and chance that tests can look into. */
import type { Random } from '../../../src/base/clock.ts';
import type { Fields, Log } from '../../../src/base/log.ts';
import type { ControllerMetrics, ReconcileResult } from '../../../src/runtime/controller/metrics.ts';
import type { QueueMetrics } from '../../../src/runtime/workqueue/metrics.ts';

export interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Fields;
}

export class RecordedLog implements Log {
  readonly lines: Line[];
  readonly #fields: Fields;

  constructor(lines: Line[] = [], fields: Fields = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  debug(message: string, fields?: Fields): void {
    this.#write('debug', message, fields);
  }
  info(message: string, fields?: Fields): void {
    this.#write('info', message, fields);
  }
  warn(message: string, fields?: Fields): void {
    this.#write('warn', message, fields);
  }
  error(message: string, fields?: Fields): void {
    this.#write('error', message, fields);
  }
  with(fields: Fields): Log {
    return new RecordedLog(this.lines, { ...this.#fields, ...fields });
  }

  at(level: Line['level']): Line[] {
    return this.lines.filter((line) => line.level === level);
  }

  #write(level: Line['level'], message: string, fields: Fields = {}): void {
    this.lines.push({ level, message, fields: { ...this.#fields, ...fields } });
  }
}

export class RecordedQueueMetrics implements QueueMetrics {
  adds = 0;
  lastDepth = 0;
  readonly waits: number[] = [];
  readonly works: number[] = [];
  retries = 0;
  added(): void {
    this.adds += 1;
  }
  depth(count: number): void {
    this.lastDepth = count;
  }
  waited(seconds: number): void {
    this.waits.push(seconds);
  }
  worked(seconds: number): void {
    this.works.push(seconds);
  }
  retried(): void {
    this.retries += 1;
  }
}

export class RecordedControllerMetrics implements ControllerMetrics {
  readonly results: ReconcileResult[] = [];
  panics = 0;
  active = 0;
  mostActive = 0;
  events = 0;
  readonly lists: number[] = [];
  readonly failures: string[] = [];
  reconciled(result: ReconcileResult): void {
    this.results.push(result);
  }
  panicked(): void {
    this.panics += 1;
  }
  activeWorkers(count: number): void {
    this.active = count;
    this.mostActive = Math.max(this.mostActive, count);
  }
  watchEvent(): void {
    this.events += 1;
  }
  listed(_resource: string, objects: number): void {
    this.lists.push(objects);
  }
  watchFailed(_resource: string, reason: string): void {
    this.failures.push(reason);
  }
}

/** Chance that is the same each time (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
