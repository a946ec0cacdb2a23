/** All that the work queue knows of one key. There may be one for every object in the cluster, so it is kept small and of one shape. */
export interface Entry {
  readonly key: string;
  /** Where it waits: nowhere, for its time, for a worker, or for the worker that has it (`processing`) to be done. */
  state: 'none' | 'delayed' | 'ready' | 'dirty';
  processing: boolean;
  /** The priority as a number, 0 the most urgent. */
  rank: number;
  failures: number;
  /** Delayed: when it is due. Ready or dirty: since when. */
  at: number;
  takenAt: number;
  /** Its seat in the heap while delayed. */
  seat: number;
  /** Its neighbours in the list while ready. */
  previous: Entry | undefined;
  next: Entry | undefined;
}

export const newEntry = (key: string): Entry => ({
  key,
  state: 'none',
  processing: false,
  rank: 0,
  failures: 0,
  at: 0,
  takenAt: 0,
  seat: -1,
  previous: undefined,
  next: undefined,
});
