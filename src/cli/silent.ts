/** For parts of the operator that log and count: a command for people does neither. */
import type { AcronisMetrics } from '../acronis/metrics.ts';
import type { Log } from '../base/log.ts';
import type { KubernetesMetrics } from '../kubernetes/calls/metrics.ts';
import type { ReflectorMetrics } from '../runtime/reflector/metrics.ts';

const nothing = (): void => {};

export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, with: () => silentLog };

export const uncounted: AcronisMetrics & KubernetesMetrics & ReflectorMetrics = {
  requested: nothing,
  throttled: nothing,
  countOpenCircuits: nothing,
  watchEvent: nothing,
  listed: nothing,
  watchFailed: nothing,
};
