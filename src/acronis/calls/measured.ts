/** One request to Acronis as `/metrics` counts it: how long it took, waiting for a turn not included, and how it ended. */
import type { Clock } from '../../base/clock.ts';
import { AcronisError } from '../errors.ts';
import type { AcronisMetrics, AcronisOperation } from '../metrics.ts';

export async function measured<T>(
  operation: AcronisOperation,
  run: () => Promise<T>,
  clock: Clock,
  metrics: AcronisMetrics,
): Promise<T> {
  const began = clock.now();
  let outcome = 'ok';
  try {
    return await run();
  } catch (error) {
    outcome = error instanceof AcronisError ? error.kind : 'aborted';
    throw error;
  } finally {
    metrics.requested(operation, outcome, (clock.now() - began) / 1000);
  }
}
