/** Which namespaces an AcronisAccount serves. Pure: by the account as it is stored and the namespace's labels as they are now. */
import type { AcronisAccount } from '../../api/account/object.ts';
import type { LabelSelector } from '../../api/account/spec.ts';

export interface NamespaceFacts {
  readonly name: string;
  readonly labels: Labels;
}

/** Its own namespace always: it is the operator's, where administrators alone create objects. */
export function allows({ namespace, spec }: AcronisAccount, { name, labels }: NamespaceFacts): boolean {
  if (!spec.ok) return false;
  if (name === namespace) return true;
  const { from, selector = {}, names = [] } = spec.value.allowedNamespaces ?? {};
  switch (from) {
    case undefined:
      return false;
    case 'All':
      return true;
    case 'Names':
      return names.includes(name);
    case 'Selector':
      return matches(selector, labels);
  }
}

type Labels = Readonly<Record<string, string>>;
type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];

/** As Kubernetes has it: every requirement must hold, and NotIn holds of a label that is not there. */
export function matches({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labelOf(labels, key) === value) &&
    matchExpressions.every((requirement) => holds(requirement, labels))
  );
}

function holds({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const value = labelOf(labels, key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

const labelOf = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;
