/** The pricing of a tenant: trial or production, with a revision of its own (milliseconds since 1970, as the vendor's example reads it). */
import { z } from 'zod';
import type { Cloud, Handler } from '../state/cloud.ts';
import { isLocked, type Pricing } from '../state/tenants.ts';
import { parseBody } from './body.ts';
import { type ApiResponse, envelope, locked, ok, versionConflict } from './responses.ts';
import { touchTenant } from './revision.ts';
import { visibleTenant } from './visible.ts';

export const getPricing: Handler = (cloud, call) => ok(pricingView(visibleTenant(cloud, call, call.id).pricing));

/** The vendor's example sends back all that it read. */
const pricingPut = z.looseObject({
  version: z.int(),
  mode: z.enum(['trial', 'production']).optional(),
  currency: z.string().nullable().optional(),
});

export const putPricing: Handler = (cloud, call): ApiResponse => {
  const tenant = visibleTenant(cloud, call, call.id);
  const { version, mode, currency } = parseBody(pricingPut, call.body);
  if (isLocked(tenant, call.caller.tenant)) return locked();
  const before = tenant.pricing;
  if (version !== before.version) return versionConflict(call.switches);
  if (before.mode === 'production' && mode === 'trial') {
    return envelope(400, 1027, 'Business rules are not satisfied.', 'A tenant in production mode stays in it.');
  }
  tenant.pricing = { mode: mode ?? before.mode, currency: currency ?? before.currency, version: after(cloud, before) };
  touchTenant(cloud, tenant);
  return ok(pricingView(tenant.pricing));
};

const after = (cloud: Cloud, { version }: Pricing): number => Math.max(version + 1, Math.floor(cloud.clock.wall()));

const pricingView = (pricing: Pricing): Record<string, unknown> => ({ ...pricing, production_start_date: null });
