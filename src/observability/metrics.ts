/**
 * What the operator counts, as the code that counts sees it. `prometheus.ts` turns it into `/metrics`; layers import only these types.
 * No label grows with the fleet: no object, user, tenant or namespace ever is one.
 */
export type ReconcileResult = 'success' | 'error' | 'requeue' | 'requeue_after';

export interface Metrics {
  readonly controller: ControllerMetrics;
  readonly queue: QueueMetrics;
  readonly kubernetes: KubernetesMetrics;
  readonly acronis: AcronisMetrics;
  readonly upsell: UpsellMetrics;
  /** 1 while this process leads. */
  leading(leads: boolean): void;
}

/** controller_runtime_* and, for the watch, client-go's reflector. */
export interface ControllerMetrics {
  reconciled(result: ReconcileResult, seconds: number): void;
  /** A reconcile that threw what nobody expected. */
  panicked(): void;
  activeWorkers(count: number): void;
  watchEvent(resource: string): void;
  /** A list that ended well, with how many objects it held. */
  listed(resource: string, objects: number): void;
  watchFailed(resource: string, reason: string): void;
}

/** workqueue_* */
export interface QueueMetrics {
  added(): void;
  depth(count: number): void;
  /** Seconds from becoming ready until a worker took it. */
  waited(seconds: number): void;
  worked(seconds: number): void;
  retried(): void;
}

/** rest_client_* */
export interface KubernetesMetrics {
  /** `code` is the HTTP status, or `<error>` where none came, as client-go has it. */
  requested(method: string, code: string, seconds: number): void;
}

export type AcronisOperation =
  | 'token'
  | 'get_user'
  | 'get_users'
  | 'put_user'
  | 'search'
  | 'get_client'
  | 'get_changes';

export interface AcronisMetrics {
  /** `outcome` is `ok` or the kind of the AcronisError. */
  requested(operation: AcronisOperation, outcome: string, seconds: number): void;
  throttled(seconds: number): void;
  /** Of how many accounts the circuit is open; asked for when the page is read. */
  countOpenCircuits(count: () => number): void;
}

export interface UpsellMetrics {
  /** A PUT that was sent to assign or to take away, by what came of it. */
  wrote(action: 'assign' | 'revoke', outcome: string): void;
  driftFound(users: number): void;
  /** A type put back that the status said was there. */
  driftCorrected(): void;
  /** Every object was put into the queue for its turn of the full pass. */
  fullPassDone(): void;
  /** A finalizer released although the type may still be assigned. */
  revocationGivenUp(): void;
  eventDropped(): void;
  /** How many objects there are by reason of Ready; asked for when the page is read. */
  countObjects(count: () => ReadonlyMap<string, number>): void;
  /** Since when the object that is not Ready for longest is so; asked for when the page is read. */
  watchNotReady(since: () => NotReadySince): void;
  /** What is asked of Acronis in an hour in which nothing changes; asked for when the page is read. */
  forecast(requestsPerHour: () => RequestsPerHour): void;
}

/** Wall time in milliseconds; undefined where there is none. */
export interface NotReadySince {
  /** Of the objects that wait for a person. */
  readonly stalled: number | undefined;
  /** Of those that should pass by themselves. */
  readonly passing: number | undefined;
}

export interface RequestsPerHour {
  readonly feed: number;
  readonly fullPass: number;
}
