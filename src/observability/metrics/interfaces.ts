/** All that `/metrics` shows, each part as the one who counts it defines it. */
import type { AcronisMetrics } from '../../acronis/metrics.ts';
import type { UpsellMetrics } from '../../controllers/upsell/metrics.ts';
import type { FleetMetrics } from '../../fleet/metrics.ts';
import type { KubernetesMetrics } from '../../kubernetes/calls/metrics.ts';
import type { EventMetrics } from '../../kubernetes/events/metrics.ts';
import type { ControllerMetrics } from '../../runtime/controller/metrics.ts';
import type { LeaderMetrics } from '../../runtime/leaderelection/metrics.ts';
import type { ReflectorMetrics } from '../../runtime/reflector/metrics.ts';
import type { QueueMetrics } from '../../runtime/workqueue/metrics.ts';

export interface Metrics extends LeaderMetrics {
  readonly controller: ControllerMetrics & ReflectorMetrics;
  readonly queue: QueueMetrics;
  readonly kubernetes: KubernetesMetrics;
  readonly acronis: AcronisMetrics;
  readonly upsell: UpsellMetrics & FleetMetrics & EventMetrics;
}
