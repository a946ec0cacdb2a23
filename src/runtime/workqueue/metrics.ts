/** What the work queue counts: workqueue_*. No label grows with the fleet: no object, user, tenant or namespace ever is one. */
export interface QueueMetrics {
  added(): void;
  depth(count: number): void;
  /** Seconds from becoming ready until it was handed out. */
  waited(seconds: number): void;
  worked(seconds: number): void;
  retried(): void;
}
