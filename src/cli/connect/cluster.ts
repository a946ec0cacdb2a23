/**
 * The cluster, for reading only: the kubeconfig is found as the operator finds it, and the client has no method that writes. What it sends is `GET`, watches, and
 * the POSTs that create nothing (reviews of access).
 */
import * as z from 'zod';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { KubernetesReader } from '../../kubernetes/calls/client.ts';
import { KubernetesError } from '../../kubernetes/calls/errors.ts';
import { createKubernetesClient } from '../../kubernetes/calls/http-client.ts';
import { pathOf } from '../../kubernetes/calls/resource.ts';
import { type Connection, openConnection } from '../../kubernetes/connection/connection.ts';

export interface Cluster extends AsyncDisposable {
  readonly reader: KubernetesReader;
  readonly connection: Pick<Connection, 'server' | 'describe' | 'remedy' | 'namespace'>;
  /** Whether the API server lets the caller do this. @throws KubernetesError, or the signal's reason. */
  mayI(access: Access, signal: AbortSignal): Promise<boolean>;
  /** Likewise a ServiceAccount, for a caller who may ask that. */
  may(account: ServiceAccount, access: Access, signal: AbortSignal): Promise<boolean>;
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

export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

export interface ClusterOptions {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly log: Log;
}

const reviews = { group: 'authorization.k8s.io', version: 'v1' };
const reviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) });

/** @throws KubeconfigError */
export function openCluster({ kubeconfig, context, env, userAgent, clock, log }: ClusterOptions): Cluster {
  const connection = openConnection({ kubeconfig, context, env, clock, log });
  const client = createKubernetesClient({ connection, clock, userAgent, metrics: { requested: () => {} } });
  const review = async (
    kind: 'SelfSubjectAccessReview' | 'SubjectAccessReview',
    spec: object,
    signal: AbortSignal,
  ): Promise<boolean> => {
    const path = pathOf({ ...reviews, kind, plural: `${kind.toLowerCase()}s` });
    const body = { apiVersion: `${reviews.group}/${reviews.version}`, kind, spec };
    const response = reviewSchema.safeParse(await client.request({ method: 'POST', path, body }, signal)).data;
    if (response !== undefined) return response.status.allowed;
    throw new KubernetesError('the API server responded with something that is no review', {
      reason: 'InvalidResponse',
    });
  };
  return {
    reader: {
      request: (call, signal) => client.request({ ...call, method: 'GET' }, signal),
      watch: (call, listener, signal) => client.watch(call, listener, signal),
    },
    connection,
    mayI: (access, signal) => review('SelfSubjectAccessReview', { resourceAttributes: access }, signal),
    may({ namespace, name }, access, signal) {
      // As the API server gives them to the tokens of a ServiceAccount.
      const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
      const user = `system:serviceaccount:${namespace}:${name}`;
      return review('SubjectAccessReview', { resourceAttributes: access, user, groups }, signal);
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
