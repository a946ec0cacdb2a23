/** What a controller counts: controller_runtime_*. No label grows with the fleet: no object, user, tenant or namespace ever is one. */
export type ReconcileResult = 'success' | 'error' | 'requeue' | 'requeue_after';

export interface ControllerMetrics {
  reconciled(result: ReconcileResult, seconds: number): void;
  /** A reconcile that threw unexpectedly. */
  panicked(): void;
  activeWorkers(count: number): void;
}
