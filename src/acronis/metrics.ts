/** What is counted of requests to Acronis. No label grows with the fleet: no object, user, tenant or namespace ever is one. */
export type AcronisOperation =
  | 'token'
  | 'get_user'
  | 'get_users'
  | 'put_user'
  | 'search'
  | 'get_client'
  | 'get_tenant'
  | 'get_changes'
  | 'get_tenants'
  | 'list_users'
  | 'list_tenants'
  | 'get_brand';

export interface AcronisMetrics {
  /** `outcome` is `ok` or the kind of the AcronisError. */
  requested(operation: AcronisOperation, outcome: string, seconds: number): void;
  throttled(seconds: number): void;
  /** Of how many accounts the circuit is open; asked for when the page is read. */
  countOpenCircuits(count: () => number): void;
}
