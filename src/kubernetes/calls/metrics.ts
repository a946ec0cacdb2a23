/** What the client of the API server counts: rest_client_*. No label grows with the fleet: no object, user, tenant or namespace ever is one. */
export interface KubernetesMetrics {
  /** `code` is the HTTP status, or `<error>` where none came, as client-go has it. */
  requested(method: string, code: string, seconds: number): void;
}
