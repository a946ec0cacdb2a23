/** What the election reports. */
export interface LeaderMetrics {
  /** 1 while this process leads. */
  leading(leads: boolean): void;
}
