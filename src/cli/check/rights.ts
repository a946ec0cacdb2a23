/**
 * The rights that the operator uses in the cluster, as the chart gives them, and what lacks where one is missing. A test holds this list against the rules of
 * `deploy/`, both ways.
 */
import { acronisAccounts, apiGroup, tenantUpsellPolicies, tenantUserUpsells } from '../../api/names.ts';

/** Where a right is needed. `watched`: in each namespace that is served, or in all. */
export type RightScope = 'watched' | 'cluster' | 'operator';

export interface Right {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly verb: string;
  /** The one object that it is about. */
  readonly name?: string;
  readonly scope: RightScope;
  /** What does not work without it. */
  readonly without: string;
}

export interface RightsOptions {
  /** Empty: all. */
  readonly watchNamespaces: readonly string[];
  readonly leaseName: string;
  readonly leaderElect: boolean;
}

const fleet = (verb: string, without: string, subresource?: string): Right => ({
  group: apiGroup,
  resource: tenantUserUpsells.plural,
  ...(subresource === undefined ? {} : { subresource }),
  verb,
  scope: 'watched',
  without,
});
const account = (verb: string, without: string, subresource?: string): Right => ({
  ...fleet(verb, without, subresource),
  resource: acronisAccounts.plural,
  scope: 'operator',
});
const policy = (verb: string, without: string, subresource?: string): Right => ({
  ...fleet(verb, without, subresource),
  resource: tenantUpsellPolicies.plural,
});
const lease = (verb: string, name?: string): Right => ({
  group: 'coordination.k8s.io',
  resource: 'leases',
  verb,
  ...(name === undefined ? {} : { name }),
  scope: 'operator',
  without: 'no replica becomes leader',
});
const namespace = (verb: string): Right => ({
  group: '',
  resource: 'namespaces',
  verb,
  scope: 'cluster',
  without: 'the label that binds a namespace to a tenant is not seen',
});

export function rightsOf({ watchNamespaces, leaseName, leaderElect }: RightsOptions): readonly Right[] {
  return [
    fleet('list', 'no object is seen'),
    fleet('watch', 'no object is seen'),
    fleet('patch', 'objects with deletionPolicy Revoke get no finalizer'),
    fleet('patch', 'no status is written', 'status'),
    fleet('create', 'policies make no children'),
    fleet('delete', 'policies remove no children'),
    policy('list', 'no TenantUpsellPolicy is seen'),
    policy('watch', 'no TenantUpsellPolicy is seen'),
    policy('patch', 'policies make no children that are their own'),
    policy('patch', 'no TenantUpsellPolicy says how it is', 'status'),
    { group: '', resource: 'events', verb: 'create', scope: 'watched', without: 'there are no events' },
    // In listed namespaces each one is read by its name.
    ...(watchNamespaces.length === 0
      ? ['get', 'list', 'watch'].map(namespace)
      : watchNamespaces.map((name) => ({ ...namespace('get'), name }))),
    account('list', 'no AcronisAccount is seen'),
    account('watch', 'no AcronisAccount is seen'),
    account('patch', 'no AcronisAccount says how it is', 'status'),
    ...(leaderElect ? [lease('create'), lease('get', leaseName), lease('update', leaseName)] : []),
  ];
}

/** As RBAC and kubectl write it, such as `patch tenantuserupsells/status`. */
export const nameOfRight = ({ verb, resource, subresource, name }: Right): string =>
  `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}${name === undefined ? '' : ` ${name}`}`;
