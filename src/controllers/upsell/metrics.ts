/** What the upsell controller counts. No label grows with the fleet: no object, user, tenant or namespace ever is one. */
export interface UpsellMetrics {
  /** A PUT that was sent to assign or to revoke, by what came of it. */
  wrote(action: 'assign' | 'revoke', outcome: string): void;
  /** What `--dry-run` would have written. */
  wouldWrite(action: 'assign' | 'revoke' | 'addFinalizer' | 'removeFinalizer'): void;
  /**
   * A type put back that the status said was there.
   * @param seconds from the change of the user to the write, by Acronis's clock; undefined where its responses show no times.
   */
  driftCorrected(seconds: number | undefined): void;
  /** An edit, or a new object, became Ready; counted only where nothing about it waited for a person. */
  becameReady(seconds: number): void;
  /** A finalizer released although the type may still be assigned. */
  revocationGivenUp(): void;
}
