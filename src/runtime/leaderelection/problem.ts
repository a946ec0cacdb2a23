/** What keeps a process from taking part in the election, in words: what is wrong, and what to do about it. */

import type { Problem } from '../../base/problem.ts';
import { isForbidden, isNotFound, isUnauthorized, KubernetesError } from '../../kubernetes/calls/errors.ts';

/** It will not pass by itself, so readiness says it; one call that failed is no reason. */
export const needsPerson = ({ reason }: Problem): boolean =>
  reason === 'Forbidden' || reason === 'NamespaceNotFound' || reason === 'Unauthorized';

export function leaseProblem(namespace: string, name: string, error: unknown): Problem {
  if (isNotFound(error)) {
    return {
      reason: 'NamespaceNotFound',
      message: `The namespace ${namespace}, where the lease ${name} is kept, does not exist: create it, or choose another one with --leader-election-namespace.`,
    };
  }
  if (isForbidden(error)) {
    return {
      reason: 'Forbidden',
      message:
        `The API server does not allow this process to use the lease ${name} in namespace ${namespace}: grant its ServiceAccount the verbs get, create and update ` +
        'on leases.coordination.k8s.io there, with a Role and a RoleBinding.',
    };
  }
  if (isUnauthorized(error)) {
    return {
      reason: 'Unauthorized',
      message: `The API server does not accept the credentials of this process (for the lease ${name}): check the ServiceAccount's token, or the user of the kubeconfig.`,
    };
  }
  const detail = error instanceof Error ? error.message : String(error);
  const reason = error instanceof KubernetesError && error.status > 0 ? `HTTP ${error.status}` : 'NoResponse';
  return { reason, message: `Cannot use the lease ${name} in namespace ${namespace}: ${detail}` };
}
