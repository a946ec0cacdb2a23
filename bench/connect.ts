/** The bench's own way to the API server: ours, without a word in the log. */
import { systemClock } from '../src/base/clock.ts';
import type { Log } from '../src/base/log.ts';
import { type Connection, openConnection } from '../src/kubernetes/connection/connection.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

/** @throws KubeconfigError when the configuration cannot be used. */
export const connect = (kubeconfig: string): Connection =>
  openConnection({ kubeconfig, env: {}, clock: systemClock, log: silent });
