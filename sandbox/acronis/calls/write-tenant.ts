/** Making, changing, moving and deleting tenants. */
import { z } from 'zod';
import { randomUuid } from '../random.ts';
import type { Call, Cloud, Handler } from '../state/cloud.ts';
import { CHILD_KINDS, isLocked, reaches, type Tenant, type TenantKind } from '../state/tenants.ts';
import { parseBody } from './body.ts';
import { Refusal } from './query.ts';
import { recordChange } from './record-change.ts';
import { type ApiResponse, envelope, locked, ok, versionConflict } from './responses.ts';
import { requireVersion, touchTenant } from './revision.ts';
import { tenantView } from './views.ts';
import { visibleTenant } from './visible.ts';

const against = (info: string): Refusal => new Refusal(envelope(400, 1027, 'Business rules are not satisfied.', info));

const contact = z.record(z.string(), z.unknown());
/** Kept as they are sent, and shown. */
const described = {
  language: z.string().optional(),
  customer_id: z.string().nullable().optional(),
  customer_type: z.string().optional(),
  internal_tag: z.string().nullable().optional(),
  default_idp_id: z.string().optional(),
  contact: contact.optional(),
};

const tenantPost = z.looseObject({
  name: z.string().min(1),
  kind: z.enum(['partner', 'folder', 'customer', 'unit']),
  parent_id: z.string(),
  ...described,
});

export const postTenant: Handler = (cloud, call): ApiResponse => {
  const given = parseBody(tenantPost, call.body);
  const { name, kind, parent_id: parentId } = given;
  const parent = visibleTenant(cloud, call, parentId);
  if (isLocked(parent, call.caller.tenant)) return locked();
  requirePlace(parent, kind, name);
  const tenant = cloud.tenants.add({
    id: randomUuid(cloud.random),
    name,
    kind,
    parent,
    createdAt: cloud.now(),
    brand: { id: randomUuid(cloud.random), companyName: name, upsellUrl: null },
    pricing: { mode: 'trial', currency: null, version: Math.floor(cloud.clock.wall()) },
    rest: descriptionOf(given),
  });
  return { status: 201, body: tenantView(tenant, 'full', call.caller.tenant, call.switches) };
};

/** The vendor's examples send numbers and truth values as text here. */
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
const revision = z.union(
  [z.int(), z.string().regex(/^\d+$/).transform(Number)],
  'is required and must be a whole number',
);

const tenantPut = z.looseObject({
  version: revision,
  name: z.string().min(1).optional(),
  enabled: flag.optional(),
  parent_id: z.string().optional(),
  ancestral_access: flag.optional(),
  update_lock: z.looseObject({ enabled: flag, owner_id: z.string().nullable().optional() }).optional(),
  ...described,
});
type TenantPut = z.output<typeof tenantPut>;

export const putTenant: Handler = (cloud, call): ApiResponse => {
  const tenant = visibleTenant(cloud, call, call.id);
  const put = parseBody(tenantPut, call.body);
  if (isLocked(tenant, call.caller.tenant)) return locked();
  if (put.version !== tenant.version) return versionConflict(call.switches);
  if (put.parent_id !== undefined && put.parent_id !== tenant.parent?.id) move(cloud, call, tenant, put.parent_id);
  apply(tenant, call, put);
  touchTenant(cloud, tenant);
  return ok(tenantView(tenant, 'full', call.caller.tenant, call.switches));
};

function apply(tenant: Tenant, call: Call, put: TenantPut): void {
  if (put.name !== undefined) tenant.name = put.name;
  if (put.enabled !== undefined) tenant.enabled = put.enabled;
  if (put.ancestral_access !== undefined) tenant.ancestralAccess = put.ancestral_access;
  if (put.update_lock !== undefined) {
    tenant.locked = put.update_lock.enabled;
    tenant.lockOwner = tenant.locked ? (put.update_lock.owner_id ?? call.caller.tenant.id) : undefined;
  }
  tenant.rest = { ...tenant.rest, ...descriptionOf(put, tenant.rest['contact']) };
}

function move(cloud: Cloud, call: Call, tenant: Tenant, parentId: string): void {
  const parent = visibleTenant(cloud, call, parentId);
  if (reaches(tenant, parent)) throw new Refusal(envelope(400, 1007, 'Cannot move a tenant below its own child.'));
  requirePlace(parent, tenant.kind, tenant.name);
  cloud.tenants.move(tenant, parent);
}

/** Refuses a kind that cannot be below the parent, and a name that is taken there. */
function requirePlace(parent: Tenant, kind: TenantKind, name: string): void {
  if (!CHILD_KINDS[parent.kind].includes(kind)) throw against(`A ${kind} cannot be below a ${parent.kind}.`);
  if (parent.children.some((child) => child.name === name)) {
    throw new Refusal(envelope(409, 1004, 'Tenant name conflict.', 'Another tenant has this name here.'));
  }
}

type Described = { readonly [K in keyof typeof described]?: unknown };

function descriptionOf(given: Described, contactBefore?: unknown): Record<string, unknown> {
  const description: Record<string, unknown> = {};
  for (const name of ['language', 'customer_id', 'customer_type', 'internal_tag', 'default_idp_id'] as const) {
    if (given[name] !== undefined) description[name] = given[name];
  }
  if (given.contact !== undefined) {
    description['contact'] = { ...contact.safeParse(contactBefore).data, ...contact.parse(given.contact) };
  }
  return description;
}

/** It must be disabled first (1006, as the guide shows it); those below and in it go too. */
export const deleteTenant: Handler = (cloud, call): ApiResponse => {
  const tenant = visibleTenant(cloud, call, call.id);
  if (isLocked(tenant, call.caller.tenant)) return locked();
  requireVersion(call, tenant.version);
  if (tenant.enabled) return envelope(400, 1006, 'Cannot delete a tenant that is not disabled.');
  for (const user of cloud.directory.all()) {
    if (user.deletedAt === undefined && isWithin(user.tenant, tenant)) {
      recordChange(cloud, call, user, { deletedAt: cloud.now() });
    }
  }
  cloud.tenants.remove(tenant);
  return { status: 204, text: '' };
};

const isWithin = (inner: Tenant, outer: Tenant): boolean =>
  inner === outer || (inner.parent !== undefined && isWithin(inner.parent, outer));
