/** The names that users, RBAC rules and other software know this API by. Changing one breaks them. */
export const apiGroup = 'upsell.acronis.com';
export const apiVersion = 'v1alpha1';

export const tenantUserUpsells = {
  group: apiGroup,
  version: apiVersion,
  plural: 'tenantuserupsells',
  kind: 'TenantUserUpsell',
} as const;

/** An API client at Acronis, described once for many objects. All of them are in one namespace, the operator's. */
export const acronisAccounts = {
  group: apiGroup,
  version: apiVersion,
  plural: 'acronisaccounts',
  kind: 'AcronisAccount',
} as const;

/** Keeps a TenantUserUpsell for every user that it selects. */
export const tenantUpsellPolicies = {
  group: apiGroup,
  version: apiVersion,
  plural: 'tenantupsellpolicies',
  kind: 'TenantUpsellPolicy',
} as const;

/** On an object with `deletionPolicy: Revoke` only: it is held until the type is revoked. */
export const revokeFinalizer = 'upsell.acronis.com/revoke';
/** Any new value asks for a reconcile now; the handled value is echoed in `status.lastHandledReconcileAt`. */
export const requestedAtAnnotation = 'upsell.acronis.com/requestedAt';
/** On a Namespace: the operator's own credentials serve only this tenant's users there. */
export const tenantIdLabel = 'upsell.acronis.com/tenant-id';
/** On a policy: how many removals a person lets through; it counts while exactly so many are held. */
export const approveAnnotation = 'upsell.acronis.com/approve';
/** On a child of a policy: its policy's name. */
export const policyLabel = 'upsell.acronis.com/policy';
/** The field manager of children, so that the fields of other writers stay as they are. */
export const policyFieldManager = 'acronis-upsell-policy';
/** On a child: what of its policy it was made from, so that what the policy does not say any more is taken back. */
export const templateAnnotation = 'upsell.acronis.com/template';
/** On a child: which API client its user was listed with. It reveals nothing of the credentials. No other client's listing proves that the user is gone. */
export const listedByAnnotation = 'upsell.acronis.com/listed-by';
