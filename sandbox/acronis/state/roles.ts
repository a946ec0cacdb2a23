/** Roles that users have on tenants (the documents' access policies). Most users share one of a few lists, which are replaced and never changed. */
import { createHash } from 'node:crypto';

/** Every `role_id` of the vendor's OpenAPI. */
export const ROLES = [
  'root_admin',
  'partner_admin',
  'company_admin',
  'unit_admin',
  'readonly_admin',
  'protection_admin',
  'protection_ro_admin',
  'restore_operator',
  'backup_user',
  'sync_share_admin',
  'sync_share_user',
  'sync_share_guest',
  'pds_operator',
  'pds_support',
  'notary_admin',
  'notary_user',
  'hci_admin',
  'omnivoice_admin',
  'omnivoice_user',
  'greathorn_admin',
  'greathorn_user',
  'greathorn_analyst',
  'greathorn_client_manager',
] as const;

export interface Grant {
  /** One of `ROLES`, or a role that came after the documents. */
  readonly role: string;
  /** `undefined`: the user's own tenant, wherever the user is moved. */
  readonly tenantId: string | undefined;
}

export const NO_GRANTS: readonly Grant[] = Object.freeze([]);

const shared = new Map<string, readonly Grant[]>();

/** The list of one role on the user's own tenant. */
export function ownRole(role: string): readonly Grant[] {
  const known = shared.get(role) ?? Object.freeze([{ role, tenantId: undefined }]);
  shared.set(role, known);
  return known;
}

/** An id that follows from others, so that it need not be kept. */
export function derivedUuid(...from: readonly string[]): string {
  const digest = createHash('sha1').update(from.join('/')).digest('hex');
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
