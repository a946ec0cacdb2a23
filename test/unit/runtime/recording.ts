/** Metrics that keep what they counted, so that a test can read it. */
import type { ControllerMetrics, ReconcileResult } from '../../../src/runtime/controller/metrics.ts';
import type { QueueMetrics } from '../../../src/runtime/workqueue/metrics.ts';

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
