/**
 * From how a reconcile ended to the object's status, and to the least patch that makes it so. No difference, no patch: in a steady state nothing is written.
 */
import { conditionsOf } from '../../../api/conditions.ts';
import type { InformedReason } from '../../../api/informed.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { Status } from '../../../api/status.ts';
import { changedFields } from '../../../fleet/status/patch.ts';
import { informedOf } from '../assess/offer.ts';
import type { Facts, Findings } from '../assess/owed.ts';

/** @param nowMs wall time in milliseconds. */
export function statusOf(object: TenantUserUpsell, { verdict, facts, assigned }: Findings, nowMs: number): Status {
  const before = object.status;
  return {
    ...factsOf(before, facts),
    ...defined('assigned', assigned),
    ...defined('offer', facts.kind === 'user' ? facts.offer : facts.kind === 'unknown' ? before.offer : undefined),
    observedGeneration: object.generation,
    ...defined('lastHandledReconcileAt', object.requestedAt ?? before.lastHandledReconcileAt),
    conditions: [...conditionsOf(verdict, informedBy(facts), object.generation, before.conditions ?? [], nowMs)],
  };
}

function informedBy(facts: Facts): InformedReason | 'asBefore' | undefined {
  if (facts.kind === 'user') return informedOf(facts.user);
  return facts.kind === 'unknown' ? 'asBefore' : undefined;
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
  'assigned',
  'offer',
  'lastHandledReconcileAt',
  'conditions',
] as const satisfies readonly (keyof Status)[];

/** As `changedFields`. */
export const statusPatch = (from: Status, to: Status): Record<string, unknown> | undefined =>
  changedFields(from, to, fields);

function defined<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  const found: { [P in K]?: V } = {};
  if (value !== undefined) found[key] = value;
  return found;
}
