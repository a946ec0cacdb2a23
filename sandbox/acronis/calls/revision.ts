/** Revisions of users and tenants in the query (`?version=`), as deletions and the writes of a brand have them. */
import type { Call, Cloud } from '../state/cloud.ts';
import type { Tenant } from '../state/tenants.ts';
import type { Revision } from '../state/users.ts';
import { Refusal } from './query.ts';
import { malformed, versionConflict } from './responses.ts';

/** Refuses a request that does not name this revision. */
export function requireVersion(call: Call, version: Revision): void {
  const text = call.query.get('version') ?? '';
  if (!/^\d+$/.test(text)) throw new Refusal(malformed('version', 'is required and must be a whole number'));
  if (BigInt(text) !== BigInt(version)) throw new Refusal(versionConflict(call.switches));
}

/** Moves a tenant's revision and the time of its change on. */
export function touchTenant(cloud: Cloud, tenant: Tenant): void {
  tenant.version += 1;
  tenant.updatedAt = cloud.now();
}
