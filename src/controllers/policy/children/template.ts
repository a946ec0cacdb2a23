/**
 * What a policy gives its children: all that is the same in each of them, with a hash of it, so that a child that was made from another template, or that a
 * person edited in these fields, is recognised. Pure. What people add to a child is theirs.
 */
import { createHash } from 'node:crypto';
import type { ChildFacts } from '../../../api/child.ts';
import {
  apiGroup,
  apiVersion,
  listedByAnnotation,
  templateAnnotation,
  tenantUpsellPolicies,
  tenantUserUpsells,
} from '../../../api/names.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import { childLabels, childName } from '../../../api/policy/children.ts';
import type { TenantUpsellPolicy } from '../../../api/policy/object.ts';
import type { PolicySpec } from '../../../api/policy/spec.ts';

export type Policy = Pick<TenantUpsellPolicy, 'uid' | 'namespace' | 'name'>;
type Map = Readonly<Record<string, string>>;

export interface Template {
  readonly policy: Policy;
  readonly labels: Map;
  readonly annotations: Map;
  readonly spec: ChildSpec;
}

interface ChildSpec extends Pick<PolicySpec, 'accountRef' | 'credentialsSecretRef'> {
  readonly managementPolicy: PolicySpec['template']['spec']['managementPolicy'];
  readonly deletionPolicy: PolicySpec['template']['spec']['deletionPolicy'];
  readonly suspend: boolean;
}

/**
 * @param inherited labels that the policy passes on, whatever its template says: those by which this operator selects what it serves.
 * @param listedBy the API client that shows the users.
 */
export function templateOf(policy: Policy, spec: PolicySpec, inherited: Map, listedBy: string): Template {
  const { accountRef, credentialsSecretRef, template } = spec;
  const labels = childLabels(policy.name, { ...template.labels, ...inherited });
  const own: ChildSpec = {
    managementPolicy: template.spec.managementPolicy,
    deletionPolicy: template.spec.deletionPolicy,
    suspend: template.spec.suspend,
    ...(accountRef === undefined ? {} : { accountRef: { name: accountRef.name } }),
    ...(credentialsSecretRef === undefined ? {} : { credentialsSecretRef: { name: credentialsSecretRef.name } }),
  };
  const given = sorted(template.annotations ?? {});
  const hash = createHash('sha256')
    .update(JSON.stringify([sorted(labels), given, own]))
    .digest('hex')
    .slice(0, 16);
  const annotations = { ...given, [templateAnnotation]: hash, [listedByAnnotation]: listedBy };
  return { policy, labels, annotations, spec: own };
}

const sorted = (map: Map): Map => Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** The whole of what the policy says of one child, as it is applied. */
export const manifestOf = (
  { policy, labels, annotations, spec }: Template,
  userId: string,
  metadata: { readonly uid?: string; readonly resourceVersion?: string },
): object => ({
  apiVersion: `${apiGroup}/${apiVersion}`,
  kind: tenantUserUpsells.kind,
  metadata: {
    name: childName(userId),
    namespace: policy.namespace,
    ...metadata,
    labels,
    annotations,
    // Without blockOwnerDeletion, which would need a right of its own: children go in the background.
    ownerReferences: [
      {
        apiVersion: `${apiGroup}/${apiVersion}`,
        kind: tenantUpsellPolicies.kind,
        name: policy.name,
        uid: policy.uid,
        controller: true,
      },
    ],
  },
  spec: { userID: userId, ...spec },
});

/** Whether this object is a child of the policy: owned by it or, where nothing owns it, of its label and named as one. */
export function isChildOf(object: TenantUserUpsell, { uid, namespace, name }: Policy): boolean {
  const { child } = object;
  if (child === undefined || object.namespace !== namespace) return false;
  const userId = object.spec.ok ? object.spec.value.userID : undefined;
  if (userId === undefined || object.name !== childName(userId)) return false;
  return child.owner === uid || (child.owner === undefined && child.policy === name);
}

/** Whether a child says all that the template says. */
export function isCurrent({ child, spec }: TenantUserUpsell, template: Template): boolean {
  if (child === undefined || !spec.ok || child.owner !== template.policy.uid) return false;
  const { managementPolicy, deletionPolicy, suspend, accountRef, credentialsSecretRef } = spec.value;
  const wanted = template.spec;
  return (
    contains(child.labels, template.labels) &&
    contains(child.annotations, template.annotations) &&
    managementPolicy === wanted.managementPolicy &&
    deletionPolicy === wanted.deletionPolicy &&
    suspend === wanted.suspend &&
    accountRef?.name === wanted.accountRef?.name &&
    credentialsSecretRef?.name === wanted.credentialsSecretRef?.name
  );
}

/** The API client that showed the user of this child; undefined where it says none. */
export const listedBy = (child: ChildFacts | undefined): string | undefined => child?.annotations[listedByAnnotation];

const contains = (map: Map, part: Map): boolean => Object.entries(part).every(([key, value]) => map[key] === value);
