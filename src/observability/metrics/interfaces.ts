/** All that `/metrics` shows, each part as the one who counts it defines it. */
import type { AcronisMetrics } from '../../acronis/metrics.ts';
import type { AccountMetrics } from '../../controllers/account/metrics.ts';
import type { PolicyMetrics } from '../../controllers/policy/metrics.ts';
import type { UpsellMetrics } from '../../controllers/upsell/metrics.ts';
import type { FleetMetrics } from '../../fleet/metrics.ts';
import type { KubernetesMetrics } from '../../kubernetes/calls/metrics.ts';
import type { EventMetrics } from '../../kubernetes/events/metrics.ts';
import type { ControllerMetrics } from '../../runtime/controller/metrics.ts';
import type { LeaderMetrics } from '../../runtime/leaderelection/metrics.ts';
import type { ReflectorMetrics } from '../../runtime/reflector/metrics.ts';
import type { QueueMetrics } from '../../runtime/workqueue/metrics.ts';

export interface Metrics extends LeaderMetrics {
  /** Of TenantUserUpsells. */
  readonly controller: ControllerMetrics;
  readonly queue: QueueMetrics;
  readonly account: AccountMetrics & { readonly controller: ControllerMetrics; readonly queue: QueueMetrics };
  readonly policy: PolicyMetrics & { readonly controller: ControllerMetrics; readonly queue: QueueMetrics };
  readonly reflector: ReflectorMetrics;
  readonly kubernetes: KubernetesMetrics;
  readonly acronis: AcronisMetrics;
  readonly upsell: UpsellMetrics & FleetMetrics & EventMetrics;
}
