/** Users, roles, tenants and brands as the API shows them: every field name the documents give, at each level of detail. */
import { derivedUuid, type Grant } from '../state/roles.ts';
import { type Brand, brandInForce, ownBrand, pathOf, type Tenant } from '../state/tenants.ts';
import { formatMicros, type Micros } from '../state/timestamps.ts';
import { emailOf, revisionView, type User } from '../state/users.ts';
import type { SwitchValues } from '../switches.ts';

export const DEFAULT_IDP = '11111111-1111-1111-1111-111111111111';
const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** When things happened, by the cloud's own clock. */
export const byServerClock = (at: Micros, switches: SwitchValues): string =>
  formatMicros(at + switches.clockSkewMs * 1000);

function contactView(user: User): Record<string, unknown> {
  return {
    address1: '',
    address2: '',
    city: '',
    country: '',
    email: emailOf(user),
    firstname: user.firstname,
    lastname: user.lastname,
    phone: '',
    state: '',
    zipcode: '',
    ...user.rest?.contact,
  };
}

/** Exactly the fields the guide's chapters show for a user. */
function guideView(user: User): Record<string, unknown> {
  return {
    activated: user.activated,
    business_types: user.businessTypes,
    contact: contactView(user),
    created_at: formatMicros(user.createdAt),
    enabled: user.enabled,
    id: user.id,
    idp_id: user.rest?.idp_id ?? DEFAULT_IDP,
    language: user.language,
    login: user.login,
    mfa_status: user.rest?.mfa_status ?? 'disabled',
    notifications: user.notifications,
    personal_tenant_id: user.rest?.personal_tenant_id ?? null,
    tenant_id: user.tenant.id,
    terms_accepted: false,
    version: revisionView(user.version),
  };
}

/** One user, in responses of `GET` and `PUT /users/{id}`. */
export function userView(user: User, switches: SwitchValues, withPolicies = false): Record<string, unknown> {
  const view = guideView(user);
  if (withPolicies) view['access_policies'] = policiesView(user, switches);
  if (switches.userShape === 'guide' || (switches.userShape === 'mixed' && user.guideShape)) return view;
  view['updated_at'] = byServerClock(user.updatedAt, switches);
  view['deleted_at'] = user.deletedAt === undefined ? null : byServerClock(user.deletedAt, switches);
  if (showsExternalId(user, switches)) view['external_id'] = user.rest?.external_id;
  if (user.rest?.disable_after !== undefined) view['disable_after'] = user.rest.disable_after;
  return view;
}

const showsExternalId = (user: User, switches: SwitchValues): boolean =>
  user.rest?.external_id !== undefined && switches.externalIds === 'shown';

export type DetailLevel = 'stamps' | 'basic' | 'full';

/** One user among many, in responses of `GET /users`. */
export function userItem(
  user: User,
  lod: DetailLevel,
  withPolicies: boolean,
  switches: SwitchValues,
): Record<string, unknown> {
  const stamps = {
    id: user.id,
    version: revisionView(user.version),
    tenant_id: user.tenant.id,
    created_at: formatMicros(user.createdAt),
    updated_at: byServerClock(user.updatedAt, switches),
    deleted_at: user.deletedAt === undefined ? null : byServerClock(user.deletedAt, switches),
    access_policies: withPolicies ? policiesView(user, switches) : [],
    origin_id: null,
    origin_external_id: null,
    disable_after: user.rest?.disable_after ?? null,
  };
  if (lod === 'stamps') return stamps;
  const basic = {
    ...stamps,
    personal_tenant_id: user.rest?.personal_tenant_id ?? null,
    login: user.login,
    enabled: user.enabled,
  };
  if (lod === 'basic') return basic;
  return {
    ...basic,
    contact: contactView(user),
    activated: user.activated,
    language: user.language,
    business_types: user.businessTypes,
    notifications: user.notifications,
    idp_id: user.rest?.idp_id ?? DEFAULT_IDP,
    mfa_status: user.rest?.mfa_status ?? 'disabled',
    terms_accepted: false,
    ...(showsExternalId(user, switches) ? { external_id: user.rest?.external_id } : {}),
  };
}

export const policiesView = (user: User, switches: SwitchValues): Record<string, unknown>[] =>
  user.roles.map((grant) => policyView(user, grant, switches));

/** A role on a tenant as the API calls it: an access policy. */
function policyView(user: User, { role, tenantId }: Grant, switches: SwitchValues): Record<string, unknown> {
  return {
    id: policyId(user, { role, tenantId }),
    version: 0,
    created_at: '1970-01-01T00:00:00Z',
    updated_at: byServerClock(user.createdAt, switches),
    deleted_at: null,
    trustee_id: user.id,
    trustee_type: 'user',
    issuer_id: NIL_UUID,
    tenant_id: tenantId ?? user.tenant.id,
    role_id: role,
  };
}

export const policyId = (user: User, { role, tenantId }: Grant): string =>
  derivedUuid(user.id, tenantId ?? user.tenant.id, role);

export function tenantView(
  tenant: Tenant,
  lod: DetailLevel,
  from: Tenant,
  switches: SwitchValues,
): Record<string, unknown> {
  const stamps = {
    id: tenant.id,
    parent_id: tenant.parent?.id ?? tenant.id,
    version: tenant.version,
    created_at: formatMicros(tenant.createdAt),
    updated_at: byServerClock(tenant.updatedAt, switches),
    deleted_at: null,
    contacts: [],
    offering_items: [],
  };
  if (lod === 'stamps') return stamps;
  const basic = { ...stamps, name: tenant.name, kind: tenant.kind, enabled: tenant.enabled };
  if (lod === 'basic') return basic;
  const brand = ownBrand(tenant) ?? brandInForce(tenant, switches.brandInForce);
  return {
    ...basic,
    customer_type: 'default',
    customer_id: null,
    brand_id: null,
    brand_uuid: brand?.id ?? DEFAULT_BRAND_ID,
    brand_enabled: tenant.brandEnabled,
    barrier: tenant.ancestralAccess ? 0 : pathOf(from, tenant).length,
    internal_tag: null,
    language: 'en',
    owner_id: null,
    has_children: tenant.children.length > 0,
    default_idp_id: DEFAULT_IDP,
    update_lock: { enabled: tenant.locked, owner_id: (tenant.locked ? tenant.lockOwner : undefined) ?? null },
    ancestral_access: tenant.ancestralAccess,
    mfa_status: 'disabled',
    pricing_mode: tenant.pricing.mode,
    ...tenant.rest,
    contact: {
      id: derivedUuid(tenant.id, 'contact'),
      created_at: null,
      updated_at: null,
      types: [],
      email: '',
      firstname: '',
      lastname: '',
      ...(tenant.rest['contact'] instanceof Object ? tenant.rest['contact'] : {}),
    },
  };
}

const DEFAULT_BRAND_ID = '22222222-2222-2222-2222-222222222222';

/** `undefined` is the default brand: no Buy URL, no colours of its own. */
export function brandView(brand: Brand | undefined): Record<string, unknown> {
  return {
    id: brand?.id ?? DEFAULT_BRAND_ID,
    company_name: brand?.companyName ?? null,
    service_name: brand === undefined ? null : `${brand.companyName} Cloud`,
    upsell_url: brand?.upsellUrl ?? null,
    color: null,
    color_scheme: 'default',
    logotype: null,
    home_url: null,
    support_url: null,
    terms_url: null,
    privacy_policy_url: null,
    smtp_override: 0,
    smtp_server: '',
    smtp_user: '',
    smtp_password: '',
    smtp_encryption: '',
  };
}
