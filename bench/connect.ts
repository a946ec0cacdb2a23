/** The bench's own way to the API server: ours, without a word in the log. */
import { systemClock } from '../src/clock.ts';
import { type Connection, openConnection } from '../src/kubernetes/connection.ts';
import type { Log } from '../src/observability/log.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

/** @throws KubeconfigError when the configuration cannot be used. */
export const connect = (kubeconfig: string): Connection =>
  openConnection({ kubeconfig, env: {}, clock: systemClock, log: silent });
