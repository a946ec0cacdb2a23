/**
 * A time of day as Kubernetes writes it (metav1.Time): RFC 3339, UTC, whole seconds.
 * @param wallMs milliseconds since 1970.
 */
export const timestamp = (wallMs: number): string => `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
