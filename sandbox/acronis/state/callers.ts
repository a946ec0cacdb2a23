/** Who asks: an API client, or a person. Either sees its own tenant and what is below. */
import type { Client } from './clients.ts';
import type { Tenant } from './tenants.ts';
import type { User } from './users.ts';

export interface Caller {
  /** Of the API client, or of the user. */
  readonly id: string;
  /** The root of what it may see: the client's or user's own tenant, or the one that the token was narrowed to. */
  readonly tenant: Tenant;
  /** Undefined for a person. */
  readonly client: Client | undefined;
  /** The person, or the administrator who made the client; undefined where that one is not in the directory. */
  readonly user: User | undefined;
}

export const clientCaller = (client: Client): Caller => ({
  id: client.id,
  tenant: client.tenant,
  client,
  user: client.createdBy,
});

export const personCaller = (user: User): Caller => ({ id: user.id, tenant: user.tenant, client: undefined, user });

const ADMINS: ReadonlySet<string> = new Set(['root_admin', 'partner_admin', 'company_admin', 'unit_admin']);

/** Whether a person may use the API beyond reading who they are. Clients may: their rights are those of the administrator who made them. */
export function mayAsk({ client, user }: Caller, method: string): boolean {
  if (client !== undefined) return true;
  const own = user?.roles.filter(({ tenantId }) => tenantId === undefined) ?? [];
  return own.some(({ role }) => ADMINS.has(role) || (role === 'readonly_admin' && method === 'GET'));
}

/** Whether the one who asks can still do so. */
export function isEnabled({ client, user }: Caller): boolean {
  if (client !== undefined) return client.enabled;
  return user?.enabled === true && user.deletedAt === undefined;
}
