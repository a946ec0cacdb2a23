/** What the event recorder counts. No label grows with the fleet: no object, user, tenant or namespace ever is one. */
export interface EventMetrics {
  eventDropped(): void;
}
