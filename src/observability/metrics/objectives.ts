/**
 * The three histograms that objectives are set on (docs/objectives.md). Their bounds are what the chart lets people choose as a threshold
 * (`metrics.prometheusRule.objectives`): a test holds the two together.
 */
import type { Registry } from 'prom-client';
import { histogram } from './series.ts';

/** Seconds. A batch of reads takes a tenth of one; the longest is a resync that no caller waits for. */
export const objectiveBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200];

export function objectives(registry: Registry) {
  const make = (name: string, help: string) => histogram(registry, name, help, [], objectiveBuckets).of();
  return {
    becameReady: make(
      'acronis_upsell_edit_to_ready_seconds',
      'From when this process saw a new or edited object to when the cluster showed it Ready. One that waits for a person in between does not count.',
    ),
    correctedAfter: make(
      'acronis_upsell_drift_correction_seconds',
      "From the change of a user that removed a type to the write that put it back, by Acronis's clock.",
    ),
    feedAge: make(
      'acronis_upsell_feed_age_seconds',
      "How old an account's last complete poll of the change feed is, observed once per poll interval.",
    ),
  };
}
