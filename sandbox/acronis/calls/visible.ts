/** What a client may see: its own tenant and what is below. The refusals for the rest are made here, the same for all routes. */

import type { Call, Cloud } from '../state/cloud.ts';
import { reaches, type Tenant } from '../state/tenants.ts';
import type { User } from '../state/users.ts';
import { Refusal } from './query.ts';
import { notFound, outside } from './responses.ts';

export function visibleUser(cloud: Cloud, call: Call, allowDeleted = false): User {
  const user = call.id === undefined ? undefined : cloud.directory.get(call.id);
  if (user === undefined) throw new Refusal(notFound(call.switches));
  if (!reaches(call.caller.tenant, user.tenant)) throw new Refusal(outside(call.switches));
  if (user.deletedAt !== undefined && !allowDeleted) throw new Refusal(notFound(call.switches));
  return user;
}

export function visibleTenant(cloud: Cloud, call: Call, id: string | undefined): Tenant {
  const tenant = id === undefined ? undefined : cloud.tenants.get(id);
  if (tenant === undefined) throw new Refusal(notFound(call.switches));
  if (!reaches(call.caller.tenant, tenant)) throw new Refusal(outside(call.switches));
  return tenant;
}
