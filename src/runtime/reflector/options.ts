/** What a reflector is made of. */
import type { Clock, Random } from '../../base/clock.ts';
import type { Semaphore } from '../../base/concurrency/semaphore.ts';
import type { Log } from '../../base/log.ts';
import type { KubernetesReader } from '../../kubernetes/calls/client.ts';
import type { Resource } from '../../kubernetes/calls/resource.ts';
import type { Store, Stored } from '../store/store.ts';
import type { ReflectorMetrics } from './metrics.ts';

export interface ReflectorOptions<T extends Stored> {
  readonly client: KubernetesReader;
  readonly resource: Resource;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** Where the objects go. `replace` is called with `namespace` as its scope. */
  readonly store: Pick<Store<T>, 'replace' | 'upsert' | 'remove'>;
  /** What is kept of an object; its `key` is `namespace/name`, or `name` where there is no namespace. `undefined`: it cannot be read, and counts as not there. */
  readonly transform: (raw: unknown) => T | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: ReflectorMetrics;
  /** Shared by the reflectors of a process, so that they do not all list at the same time. One that takes long holds up no other for more than a few seconds. */
  readonly lists?: Semaphore;
}
