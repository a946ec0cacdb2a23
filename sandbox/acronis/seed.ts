/**
 * Fills the cloud with made-up tenants and people (no real ones; mail addresses at example.com), the same for the same seed. A few
 * are always there under known names, among them the user of the vendor's chapter, field for field.
 */

import { seededRandom } from '../seeded-random.ts';
import { FIRST_NAMES, LAST_NAMES } from './names.ts';
import { randomLetters, randomUuid } from './random.ts';
import type { Client } from './state/clients.ts';
import type { Cloud } from './state/cloud.ts';
import { ownRole } from './state/roles.ts';
import type { NewTenant, Tenant, TenantKind } from './state/tenants.ts';
import { type Micros, parseMicros } from './state/timestamps.ts';
import { BUYER, type NewUser, NO_TYPES, type User } from './state/users.ts';

/** The tenant and the user of the chapter "Enabling quota upsell for a user account". */
export const CHAPTER_TENANT = 'ede9f834-70b3-476c-83d9-736f9f8c7dae';
export const CHAPTER_USER = '1c234e69-5469-424a-a6d1-ff5658b387a6';

export interface SeedOptions {
  /** Ordinary users, besides the cast. */
  readonly users: number;
  /** Customer tenants of the chapter's partner. */
  readonly tenants: number;
  readonly seed: number;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
}

/** What to make again; what is not named stays as it was. */
export type Reseed = { readonly [K in 'users' | 'tenants' | 'seed']?: number | undefined };

/** Everyone and everything that tests and people call by name. Ids of users unless noted. */
export interface Cast {
  /** The chapter's own: login JohnDoe, disabled, revision 1, in the partner tenant. */
  readonly johnDoe: string;
  /** Company administrator of the first customer. */
  readonly companyAdmin: string;
  /** A buyer already. */
  readonly buyer: string;
  /** Logins sam.rivers, sam.rivers2 and sam.riverside: one search finds all, one matches exactly. */
  readonly samRivers: string;
  /** Two users with the login twin, in different customers. */
  readonly twins: readonly [string, string];
  readonly disabled: string;
  /** In a unit of the first customer. */
  readonly unitUser: string;
  /** In a customer that manages itself: no client above may see it. */
  readonly hermit: string;
  /** Below another partner, that of the client `other`. */
  readonly stranger: string;
  /** Tenants. */
  readonly tenants: {
    readonly partner: string;
    readonly folder: string;
    readonly customers: readonly string[];
    readonly unit: string;
    readonly selfManaged: string;
    readonly otherPartner: string;
  };
  /** Ids of API clients: the partner's (the one to use), that of its first customer only, and that of the other partner. */
  readonly clients: { readonly partner: string; readonly customer: string; readonly other: string };
}

const CREATED = parseMicros('2019-07-25T07:11:02.807354Z') ?? 0;
/** The generated people were made a minute apart; at 120,000 that ends in 2019 still. */
const STEP: Micros = 60_000_000;

export function seed(cloud: Cloud, options: SeedOptions): Cast {
  const { tenants, directory, clients } = cloud;
  const random = seededRandom(options.seed);
  directory.clear();
  tenants.clear();
  clients.clear();
  cloud.tokens.revoke();
  cloud.signIn.clear();
  cloud.mails.length = 0;

  const tenant = (
    kind: TenantKind,
    name: string,
    parent: Tenant | undefined,
    more: Partial<NewTenant> & { readonly upsellUrl?: string } = {},
  ): Tenant => {
    const { upsellUrl = null, ...given } = more;
    const brand = { id: randomUuid(random), companyName: name, upsellUrl };
    return tenants.add({ id: randomUuid(random), kind, name, parent, createdAt: CREATED, brand, ...given });
  };
  const root = tenant('root', 'Sandbox Cloud', undefined);
  const branding = { brandEnabled: true, upsellUrl: 'https://buy.example.com' };
  const partner = tenant('partner', 'Partner Inc', root, { id: CHAPTER_TENANT, ...branding });
  const folder = tenant('folder', 'Region North', partner);
  const customers = Array.from({ length: Math.max(2, options.tenants) }, (_, i) =>
    tenant('customer', `Customer ${i + 1}`, i % 2 === 0 ? partner : folder),
  );
  const homes = customers.flatMap((customer, i) =>
    i % 2 === 0 ? [customer, tenant('unit', `Unit of ${customer.name}`, customer)] : [customer],
  );
  const [first = partner, second = partner] = customers;
  const unit = first.children[0] ?? first;
  const selfManaged = tenant('customer', 'Hermitage', partner, { ancestralAccess: false });
  const otherPartner = tenant('partner', 'Other Partner', root);
  const otherCustomer = tenant('customer', 'Other Customer', otherPartner);

  const client = (name: string, at: Tenant, id?: string, secret?: string): Client =>
    clients.add({
      id: id ?? randomUuid(random),
      secret: secret ?? randomLetters(random, 32),
      data: { client_name: name },
      tenant: at,
      createdAt: CREATED,
    });
  const clientIds = {
    partner: client('partner client', partner, options.clientId, options.clientSecret).id,
    customer: client('customer client', first).id,
    other: client('other client', otherPartner).id,
  };

  let made = 0;
  const user = (login: string, at: Tenant, more: Partial<NewUser> = {}): string => {
    const ordinary = { firstname: 'Sam', lastname: 'Sample', roles: ownRole('backup_user') };
    return add(cloud, { id: randomUuid(random), login, tenant: at, ...ordinary, ...more }, made++).id;
  };

  const johnDoe = user('JohnDoe', partner, {
    id: CHAPTER_USER,
    firstname: 'John',
    lastname: 'Doe',
    email: 'johndoe@mysite.com',
    enabled: false,
    guideShape: true,
  });
  const companyAdmin = user('ada.admin', first, {
    firstname: 'Ada',
    lastname: 'Admin',
    roles: ownRole('company_admin'),
  });
  const buyer = user('bea.buyer', first, { firstname: 'Bea', lastname: 'Buyer', businessTypes: BUYER, version: 2 });
  const samRivers = user('sam.rivers', second, { lastname: 'Rivers' });
  user('sam.rivers2', second, { lastname: 'Rivers' });
  user('sam.riverside', first, { lastname: 'Riverside' });
  const twins = [user('twin', first, { lastname: 'Twin' }), user('twin', second, { lastname: 'Twin' })] as const;
  const disabled = user('dora.disabled', second, { firstname: 'Dora', lastname: 'Disabled', enabled: false });
  const unitUser = user('uma.unit', unit, { firstname: 'Uma', lastname: 'Unit', roles: ownRole('unit_admin') });
  const hermit = user('harry.hermit', selfManaged, { firstname: 'Harry', lastname: 'Hermit' });
  const stranger = user('stan.stranger', otherCustomer, { firstname: 'Stan', lastname: 'Stranger' });

  for (let i = 0; i < options.users; i++) {
    const firstname = FIRST_NAMES[Math.floor(random() * FIRST_NAMES.length)] ?? 'Ann';
    const lastname = LAST_NAMES[Math.floor(random() * LAST_NAMES.length)] ?? 'Other';
    const home = homes[i % homes.length] ?? partner;
    const admin = i % 5 === 0;
    user(`${firstname}.${lastname}${i}`.toLowerCase(), home, {
      firstname,
      lastname,
      roles: ownRole(!admin ? 'backup_user' : home.kind === 'unit' ? 'unit_admin' : 'company_admin'),
      businessTypes: i % 10 === 3 ? BUYER : NO_TYPES,
    });
  }

  return {
    johnDoe,
    companyAdmin,
    buyer,
    samRivers,
    twins,
    disabled,
    unitUser,
    hermit,
    stranger,
    tenants: {
      partner: partner.id,
      folder: folder.id,
      customers: customers.map(({ id }) => id),
      unit: unit.id,
      selfManaged: selfManaged.id,
      otherPartner: otherPartner.id,
    },
    clients: clientIds,
  };
}

const add = (cloud: Cloud, given: NewUser, made: number): User =>
  cloud.directory.add({ ...given, createdAt: CREATED + made * STEP });
