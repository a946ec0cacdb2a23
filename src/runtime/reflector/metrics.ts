/** What a reflector counts, as client-go's does. No label grows with the fleet: no object, user, tenant or namespace ever is one. */
export interface ReflectorMetrics {
  watchEvent(resource: string): void;
  /** A list that ended well, with how many objects it held. */
  listed(resource: string, objects: number): void;
  watchFailed(resource: string, reason: string): void;
}
