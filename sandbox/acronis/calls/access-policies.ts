/** The roles of a user (the documents' access policies). A PUT rewrites all of them; what else it moves is for the switch `roleChange` to say. */
import { z } from 'zod';
import type { Call, Cloud, Handler } from '../state/cloud.ts';
import { type Grant, ROLES } from '../state/roles.ts';
import { isLocked, type Tenant, type TenantKind } from '../state/tenants.ts';
import type { User } from '../state/users.ts';
import { parseBody } from './body.ts';
import { Refusal } from './query.ts';
import { serverTime } from './read-users.ts';
import { recordChange } from './record-change.ts';
import { type ApiResponse, duplicate, envelope, locked, malformed, ok } from './responses.ts';
import { policiesView } from './views.ts';
import { visibleTenant, visibleUser } from './visible.ts';

export const getAccessPolicies: Handler = (cloud, call) => shown(cloud, call, visibleUser(cloud, call));

const shown = (cloud: Cloud, call: Call, user: User): ApiResponse =>
  ok({ timestamp: serverTime(cloud, call), items: policiesView(user, call.switches) });

/** The OpenAPI wants the times of each item too; the guide and the vendor's client send none. */
const item = z.looseObject({
  role_id: z.string(),
  tenant_id: z.string(),
  trustee_id: z.string(),
  trustee_type: z.literal('user'),
});
const body = z.looseObject({ items: z.array(item) });

/** Roles that belong to one kind of tenant. */
const KINDS: ReadonlyMap<string, readonly TenantKind[]> = new Map([
  ['partner_admin', ['partner', 'folder']],
  ['company_admin', ['customer']],
  ['unit_admin', ['unit']],
]);

export const putAccessPolicies: Handler = (cloud, call): ApiResponse => {
  const user = visibleUser(cloud, call);
  const given = parseBody(body, call.body);
  if (isLocked(user.tenant, call.caller.tenant)) return locked();
  const roles: Grant[] = [];
  for (const { role_id: role, tenant_id: tenantId, trustee_id: trusteeId } of given.items) {
    if (trusteeId !== user.id) return malformed('items.trustee_id', 'must be the user of the path');
    requireRole(user, role, visibleTenant(cloud, call, tenantId));
    const grant = { role, tenantId: tenantId === user.tenant.id ? undefined : tenantId };
    if (roles.some((other) => other.role === role && other.tenantId === grant.tenantId)) return duplicate();
    roles.push(grant);
  }
  recordChange(cloud, call, user, { roles }, call.switches.roleChange);
  return shown(cloud, call, user);
};

/** Refuses a role that is none, unless the user has it already, and one that belongs to another kind of tenant. */
function requireRole(user: User, role: string, tenant: Tenant): void {
  const isKnown = ROLES.some((one) => one === role) || user.roles.some((grant) => grant.role === role);
  if (!isKnown) throw new Refusal(malformed('items.role_id', 'is no role'));
  if (KINDS.get(role)?.includes(tenant.kind) === false) {
    const info = `The role ${role} does not belong to a tenant of the kind ${tenant.kind}.`;
    throw new Refusal(envelope(400, 1027, 'Business rules are not satisfied.', info));
  }
}
