/** A failed list or watch in words: what is wrong, and what to do about it. */

import type { Problem } from '../../../base/problem.ts';
import type { Resource } from '../../../kubernetes/calls/resource.ts';
import type { Failure } from './failure.ts';

/** As kubectl and RBAC rules name it: `tenantuserupsells.upsell.acronis.com`, `secrets`. */
export const nameOf = (resource: Resource): string =>
  resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;

export function problemOf(
  resource: Resource,
  namespace: string | undefined,
  failure: Failure,
  doing: 'list' | 'watch',
  error: unknown,
): Problem {
  const name = nameOf(resource);
  return { reason: failure.reason, message: sentence() };

  function sentence(): string {
    switch (failure.reason) {
      case 'NotFound':
        return resource.group === ''
          ? `The API server does not know ${name}: is the address really that of a Kubernetes API server?`
          : `The API server does not know ${name}: install the CRD with "kubectl apply -f crds/" (it is asked again until it does).`;
      case 'Forbidden':
        return (
          `The API server does not allow this process to ${doing} ${name}${namespace === undefined ? '' : ` in namespace ${namespace}`}: grant its ServiceAccount ` +
          `the verbs list and watch on ${name} with a ${namespace === undefined ? 'ClusterRole and a ClusterRoleBinding' : 'Role and a RoleBinding'}.`
        );
      case 'Unauthorized':
        return `The API server does not accept the credentials of this process (to ${doing} ${name}): check the ServiceAccount's token, or the user of the kubeconfig.`;
      default:
        return `Cannot ${doing} ${name}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}
