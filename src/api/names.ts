/** The names that users, RBAC rules and other software know this API by. Changing one breaks them. */
export const apiGroup = 'upsell.acronis.com';
export const apiVersion = 'v1alpha1';

export const tenantUserUpsells = {
  group: apiGroup,
  version: apiVersion,
  plural: 'tenantuserupsells',
  kind: 'TenantUserUpsell',
} as const;

/** An API client at Acronis, told once. All of them are in one namespace, the operator's. */
export const acronisAccounts = {
  group: apiGroup,
  version: apiVersion,
  plural: 'acronisaccounts',
  kind: 'AcronisAccount',
} as const;

/** On an object with `deletionPolicy: Revoke` only: it is held until the type is revoked. */
export const revokeFinalizer = 'upsell.acronis.com/revoke';
/** Any new value asks for a reconcile now; the handled value is echoed in `status.lastHandledReconcileAt`. */
export const requestedAtAnnotation = 'upsell.acronis.com/requestedAt';
/** On a Namespace: the operator's own credentials serve only this tenant's users there. */
export const tenantIdLabel = 'upsell.acronis.com/tenant-id';
