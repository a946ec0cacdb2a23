/**
 * From how a look at an object ended to its status, and to the least patch that makes it so. No difference, no patch: in a steady state nothing is written.
 */
import type { User } from '../../acronis/user.ts';
import { type Condition, conditionsOf, type Verdict } from '../../api/conditions.ts';
import type { TenantUserUpsell } from '../../api/object.ts';
import type { Status } from '../../api/status.ts';
import { isRecord } from '../../runtime/reflector/object-meta.ts';

/** What this look knows of the user. */
export type Facts =
  | { readonly kind: 'user'; readonly user: User }
  /** It could not be asked: what the status says stays. */
  | { readonly kind: 'unknown' }
  /** There is none, or the object has no right to know: what the status says goes. */
  | { readonly kind: 'none' };

export function statusOf(object: TenantUserUpsell, verdict: Verdict, facts: Facts, nowMs: number): Status {
  const before = object.status;
  return {
    ...factsOf(before, facts),
    ...defined('offer', facts.kind === 'none' ? undefined : before.offer),
    observedGeneration: object.generation,
    ...defined('lastHandledReconcileAt', object.requestedAt ?? before.lastHandledReconcileAt),
    conditions: [...conditionsOf(verdict, object.generation, before.conditions ?? [], nowMs)],
  };
}

function factsOf(before: Status, facts: Facts): Status {
  switch (facts.kind) {
    case 'user': {
      const { version, id, tenantId, businessTypes } = facts.user;
      return { observedVersion: version, userID: id, tenantID: tenantId, businessTypes: [...businessTypes] };
    }
    case 'unknown': {
      const { observedVersion, userID, tenantID, businessTypes } = before;
      return {
        ...defined('observedVersion', observedVersion),
        ...defined('userID', userID),
        ...defined('tenantID', tenantID),
        ...defined('businessTypes', businessTypes),
      };
    }
    case 'none':
      return {};
  }
}

const fields = [
  'observedGeneration',
  'observedVersion',
  'userID',
  'tenantID',
  'businessTypes',
  'offer',
  'lastHandledReconcileAt',
  'conditions',
] as const satisfies readonly (keyof Status)[];

/** What leads from one status to another: changed fields whole, `null` for those that go. Undefined where nothing differs. */
export function statusPatch(from: Status, to: Status): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {};
  for (const field of fields) {
    if (!same(from[field], to[field])) patch[field] = to[field] ?? null;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** The condition of a type, as the status has it. */
export const conditionOf = (status: Status, type: 'Ready' | 'Stalled'): Condition | undefined =>
  status.conditions?.find((each) => each.type === type);

/** Equal as JSON is, whatever the order of keys; the order of a list counts. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, at) => same(item, b[at]));
  if (!isRecord(a) || !isRecord(b)) return false;
  return (
    Object.keys(a).every((key) => same(a[key], b[key])) &&
    Object.keys(b).every((key) => b[key] === undefined || a[key] !== undefined)
  );
}

function defined<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  const found: { [P in K]?: V } = {};
  if (value !== undefined) found[key] = value;
  return found;
}
