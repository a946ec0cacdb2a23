/** Branding of a tenant, the Buy URL among it. Writes name the tenant's revision, which then moves. */
import { z } from 'zod';
import type { Call, Cloud, Handler } from '../state/cloud.ts';
import { brandInForce, isLocked, ownBrand, type Tenant } from '../state/tenants.ts';
import type { SwitchValues } from '../switches.ts';
import { parseBody } from './body.ts';
import { flagParam, Refusal } from './query.ts';
import { type ApiResponse, duplicate, envelope, forbidden, locked, notFound, ok } from './responses.ts';
import { requireVersion, touchTenant } from './revision.ts';
import { brandView, tenantView } from './views.ts';
import { visibleTenant } from './visible.ts';

export const getBrand: Handler = (cloud, call): ApiResponse => {
  const tenant = visibleTenant(cloud, call, call.id);
  const { switches } = call;
  if (switches.brandReads === 'forbidden') return forbidden('The client may not read brands.');
  const brand = flagParam(call.query, 'effective') ? brandInForce(tenant, switches.brandInForce) : ownBrand(tenant);
  return brand === undefined ? unbranded(switches) : ok(brandView(brand));
};

function unbranded(switches: SwitchValues): ApiResponse {
  switch (switches.unbranded) {
    case 'default':
      return ok(brandView(undefined));
    case 'emptyUrl':
      return ok({ ...brandView(undefined), upsell_url: '' });
    case 'emptyObject':
      return ok({});
    case 'noContent':
      return { status: 204, text: '' };
    case 'notFound':
      return notFound(switches);
  }
}

/** Switches the tenant's own branding on; the response is the tenant. */
export const postBrand: Handler = (cloud, call): ApiResponse => {
  const tenant = brandable(cloud, call);
  if (tenant.brandEnabled) return duplicate();
  tenant.brandEnabled = true;
  touchTenant(cloud, tenant);
  return { status: 201, body: tenantView(tenant, 'full', call.caller.tenant, call.switches) };
};

const brandPut = z.looseObject({
  upsell_url: z.string().nullable().optional(),
  company_name: z.string().optional(),
});

/** Fields that the sandbox has no use for are taken and forgotten. */
export const putBrand: Handler = (cloud, call): ApiResponse => {
  const tenant = brandable(cloud, call);
  const given = parseBody(brandPut, call.body);
  const { upsell_url: upsellUrl, company_name: companyName } = given;
  if (upsellUrl !== undefined) tenant.brand.upsellUrl = upsellUrl;
  if (companyName !== undefined) tenant.brand.companyName = companyName;
  touchTenant(cloud, tenant);
  return ok(written(tenant, call));
};

export const deleteBrand: Handler = (cloud, call): ApiResponse => {
  const tenant = brandable(cloud, call);
  tenant.brandEnabled = false;
  touchTenant(cloud, tenant);
  return { status: 204, text: '' };
};

/** The tenant of a write that may go on: its kind, lock and revision are right. */
function brandable(cloud: Cloud, call: Call): Tenant {
  const tenant = visibleTenant(cloud, call, call.id);
  if (tenant.kind === 'customer' || tenant.kind === 'unit') {
    const info = 'Branding options cannot be managed for customer and unit tenants.';
    throw new Refusal(envelope(400, 1027, 'Business rules are not satisfied.', info));
  }
  if (isLocked(tenant, call.caller.tenant)) throw new Refusal(locked());
  requireVersion(call, tenant.version);
  return tenant;
}

/** The guide shows the brand after a PUT, the OpenAPI the tenant. */
const written = (tenant: Tenant, { switches, caller }: Call): Record<string, unknown> =>
  switches.brandPut === 'brand' ? brandView(tenant.brand) : tenantView(tenant, 'full', caller.tenant, switches);
