/**
 * What an object says of the policy that keeps it, if one does: its controlling owner, the label, and what a policy gives its children. Nearly all children of a
 * policy say the same, so it is kept once.
 */
import { policyLabel, tenantUpsellPolicies } from './names.ts';

export interface ChildFacts {
  /** The uid of the policy that owns it; undefined where nothing owns it. */
  readonly owner: string | undefined;
  /** The name of the policy that its label names; undefined where it has none. */
  readonly policy: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Metadata {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly ownerReferences?: readonly OwnerReference[] | undefined;
}

interface OwnerReference {
  readonly kind: string;
  readonly uid: string;
  readonly controller?: boolean | undefined;
}

/** @param share gives one copy for all that are equal. @returns undefined for an object that no policy keeps. */
export function childFactsOf(
  { labels = {}, annotations = {}, ownerReferences = [] }: Metadata,
  share: (name: string, facts: ChildFacts) => ChildFacts,
): ChildFacts | undefined {
  const controlling = ownerReferences.find(({ controller }) => controller === true);
  const policy = labels[policyLabel];
  if (controlling === undefined ? policy === undefined : controlling.kind !== tenantUpsellPolicies.kind)
    return undefined;
  const owner = controlling?.uid;
  const facts = { owner, policy, labels, annotations };
  return share(JSON.stringify([owner, labels, annotations]), facts);
}
