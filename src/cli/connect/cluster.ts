/**
 * The cluster, for reading only: the kubeconfig is found as the operator finds it, and the client has no method that writes. What it sends is `GET`, watches, and
 * the one POST that creates nothing (a SelfSubjectAccessReview).
 */
import * as z from 'zod';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { KubernetesReader } from '../../kubernetes/calls/client.ts';
import { createKubernetesClient } from '../../kubernetes/calls/http-client.ts';
import { type Connection, openConnection } from '../../kubernetes/connection/connection.ts';

export interface Cluster extends AsyncDisposable {
  readonly reader: KubernetesReader;
  readonly connection: Pick<Connection, 'server' | 'describe' | 'remedy' | 'namespace'>;
  /** Whether the API server lets the caller do this. @throws KubernetesError, or the signal's reason. */
  mayI(access: Access, signal: AbortSignal): Promise<boolean>;
}

/** `resourceAttributes` of a SelfSubjectAccessReview. */
export interface Access {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Absent: in all namespaces. */
  readonly namespace?: string;
  readonly name?: string;
}

export interface ClusterOptions {
  readonly kubeconfig: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly log: Log;
}

const reviewPath = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const reviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) });

/** @throws KubeconfigError */
export function openCluster({ kubeconfig, env, userAgent, clock, log }: ClusterOptions): Cluster {
  const connection = openConnection({ kubeconfig, env, clock, log });
  const client = createKubernetesClient({ connection, clock, userAgent, metrics: { requested: () => {} } });
  return {
    reader: {
      request: (call, signal) => client.request({ ...call, method: 'GET' }, signal),
      watch: (call, listener, signal) => client.watch(call, listener, signal),
    },
    connection,
    async mayI(access, signal) {
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: access },
      };
      const response = await client.request({ method: 'POST', path: reviewPath, body }, signal);
      return reviewSchema.parse(response).status.allowed;
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
