/**
 * The tree of tenants: root → partners → folders → customers → units. Who sits above decides who may see what, unless a
 * tenant manages itself (`ancestralAccess: false`): then no client above it reaches it or anything below it.
 */
import type { Micros } from './timestamps.ts';

export type TenantKind = 'root' | 'partner' | 'folder' | 'customer' | 'unit';

export interface Brand {
  readonly id: string;
  companyName: string;
  /** The Buy URL. Empty or null means: no buy link. */
  upsellUrl: string | null;
}

export interface Pricing {
  readonly mode: 'trial' | 'production';
  readonly currency: string | null;
  readonly version: number;
}

export type BrandRule = 'above' | 'own' | 'parent' | 'never';

export interface Tenant {
  readonly id: string;
  name: string;
  readonly kind: TenantKind;
  parent: Tenant | undefined;
  readonly createdAt: Micros;
  updatedAt: Micros;
  version: number;
  enabled: boolean;
  brandEnabled: boolean;
  /** Its own branding, kept while it is switched off. */
  readonly brand: Brand;
  ancestralAccess: boolean;
  /** While true, only callers of the lock's owner may change what is inside. */
  locked: boolean;
  /** A tenant's id; `undefined`: one that no caller of the sandbox belongs to. */
  lockOwner: string | undefined;
  pricing: Pricing;
  /** Fields that few tenants have, by the names the API shows. */
  rest: Readonly<Record<string, unknown>>;
  readonly children: Tenant[];
}

export type NewTenant = Pick<Tenant, 'id' | 'name' | 'kind' | 'parent' | 'createdAt' | 'brand'> &
  Partial<Pick<Tenant, 'brandEnabled' | 'ancestralAccess' | 'pricing' | 'rest'>>;

export class TenantTree {
  readonly #byId = new Map<string, Tenant>();

  add(given: NewTenant): Tenant {
    const tenant: Tenant = {
      updatedAt: given.createdAt,
      version: 1,
      enabled: true,
      brandEnabled: false,
      ancestralAccess: true,
      locked: false,
      lockOwner: undefined,
      pricing: { mode: 'production', currency: 'EUR', version: Math.floor(given.createdAt / 1000) },
      rest: {},
      children: [],
      ...given,
    };
    this.#byId.set(tenant.id, tenant);
    tenant.parent?.children.push(tenant);
    return tenant;
  }

  /** Takes the tenant out, with everything below it. */
  remove(tenant: Tenant): void {
    for (const child of [...tenant.children]) this.remove(child);
    this.#byId.delete(tenant.id);
    detach(tenant);
  }

  move(tenant: Tenant, parent: Tenant): void {
    detach(tenant);
    tenant.parent = parent;
    parent.children.push(tenant);
  }

  get(id: string): Tenant | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<Tenant> {
    return this.#byId.values();
  }

  clear(): void {
    this.#byId.clear();
  }
}

function detach(tenant: Tenant): void {
  const siblings = tenant.parent?.children ?? [];
  const place = siblings.indexOf(tenant);
  if (place >= 0) siblings.splice(place, 1);
}

/** Which kinds may be directly below which. */
export const CHILD_KINDS: Readonly<Record<TenantKind, readonly TenantKind[]>> = {
  root: ['partner'],
  partner: ['partner', 'folder', 'customer'],
  folder: ['partner', 'folder', 'customer'],
  customer: ['unit'],
  unit: ['unit'],
};

/** Whether someone at `from` may see `tenant`: it is the same one or below, with no self-managed tenant on the way. */
export function reaches(from: Tenant, tenant: Tenant): boolean {
  for (let at: Tenant | undefined = tenant; at !== undefined; at = at.parent) {
    if (at === from) return true;
    if (!at.ancestralAccess) return false;
  }
  return false;
}

/** Names from `from` down to `tenant`, both included. */
export function pathOf(from: Tenant, tenant: Tenant): string[] {
  const names: string[] = [];
  for (let at: Tenant | undefined = tenant; at !== undefined; at = at.parent) {
    names.unshift(at.name);
    if (at === from) break;
  }
  return names;
}

/** `tenant` and everything below it that someone at `tenant` reaches, level by level. */
export function subtreeOf(tenant: Tenant): Tenant[] {
  const found = [tenant];
  for (const at of found) found.push(...at.children.filter((child) => child.ancestralAccess));
  return found;
}

/** Whether a lock, on the tenant or above it, keeps callers of `by` from changing what is inside. */
export const isLocked = (tenant: Tenant, by: Tenant): boolean =>
  (tenant.locked && tenant.lockOwner !== by.id) || (tenant.parent !== undefined && isLocked(tenant.parent, by));

export const ownBrand = (tenant: Tenant): Brand | undefined => (tenant.brandEnabled ? tenant.brand : undefined);

/** The branding people of a tenant see: that of the nearest tenant ABOVE it with branding on (branding is not for oneself), unless `rule` is another. */
export function brandInForce(tenant: Tenant, rule: BrandRule): Brand | undefined {
  switch (rule) {
    case 'never':
      return ownBrand(tenant);
    case 'parent':
      return tenant.parent === undefined ? undefined : ownBrand(tenant.parent);
    case 'above':
    case 'own': {
      const from = rule === 'own' ? tenant : tenant.parent;
      for (let at = from; at !== undefined; at = at.parent) if (at.brandEnabled) return at.brand;
      return undefined;
    }
  }
}
