/**
 * The rights that the operator is installed with, given to a release in any namespace: cluster-wide just as in deploy/install.yaml (so that no test needs
 * helm), or for one namespace as the chart renders them. No rule is written here; only names and namespaces are changed.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { helmOk } from '../../tools/helm/helm.ts';
import { type Manifest, manifestsOf } from '../../tools/helm/manifests.ts';
import { kubectlOk, serviceAccountToken } from '../controlplane/kubectl.ts';

export type RightsScope =
  | { readonly kind: 'cluster' }
  /** `helm`: the program. */
  | { readonly kind: 'namespaced'; readonly helm: string };

export interface GrantOptions {
  /** The operator may get the Secrets that objects name (`credentials.perObjectSecrets.enabled`, the component own-secrets). */
  readonly perObjectSecrets?: boolean;
  /** It may get the Secrets of AcronisAccounts, which are in the release's namespace (`accounts.secrets.enabled`, the component accounts). */
  readonly accountSecrets?: boolean;
  /** Other names for the lease than the chart's own (`leaderElection.id`). */
  readonly leases?: readonly string[];
}

/** As its administrator reaches it. */
interface Administered {
  readonly kubectl: string;
  readonly kubeconfig: string;
}

/** Also the name of the lease, which the rights name. */
export const serviceAccount = 'acronis-upsell-operator';

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const rbacKinds: ReadonlySet<string> = new Set([
  'ServiceAccount',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
]);

const rbacOf = (text: string): Manifest[] => manifestsOf(text).filter(({ kind }) => rbacKinds.has(kind));
const installed = async () => rbacOf(await readFile(`${deploy}install.yaml`, 'utf8'));
const withSecrets = (name: string): string => `${name}-own-secrets`;

/** To be applied once to a cluster: the ClusterRoles of deploy/install.yaml, and the one that the component own-secrets puts in its place. */
export async function clusterRoles(): Promise<Manifest[]> {
  const component = await componentRoles('own-secrets');
  return [
    ...(await installed()),
    ...component.map((each) => ({ ...each, metadata: { ...each.metadata, name: withSecrets(each.metadata.name) } })),
  ].filter(({ kind }) => kind === 'ClusterRole');
}

/** The ServiceAccount, the roles and the bindings of a release in this namespace; `clusterRoles` are there already. */
export async function releaseRights(
  scope: RightsScope,
  namespace: string,
  options: GrantOptions = {},
): Promise<Manifest[]> {
  const { leases } = options;
  const rights =
    scope.kind === 'cluster'
      ? await clusterWide(namespace, options)
      : await ofOneNamespace(scope.helm, namespace, options);
  return leases === undefined ? rights : rights.map((each) => withLeases(each, leases));
}

/** A token of the ServiceAccount that `releaseRights` has made, good for longer than any run. */
export const operatorToken = (controlPlane: Administered, namespace: string): Promise<string> =>
  serviceAccountToken(controlPlane, namespace, serviceAccount, '24h');

/** Makes the ClusterRoles. Once for a cluster: two who do it at the same moment get in each other's way. */
export async function installClusterRoles(controlPlane: Administered): Promise<void> {
  await apply(controlPlane, await clusterRoles());
}

/** Gives a release in a namespace that is there its rights, and returns a token for it. */
export async function grantRelease(
  controlPlane: Administered,
  scope: RightsScope,
  namespace: string,
  options: GrantOptions = {},
): Promise<string> {
  await apply(controlPlane, await releaseRights(scope, namespace, options));
  return await operatorToken(controlPlane, namespace);
}

/** Both, for a control plane of one's own. */
export async function grantClusterWide(
  controlPlane: Administered,
  namespace: string,
  options: GrantOptions = {},
): Promise<string> {
  await installClusterRoles(controlPlane);
  return await grantRelease(controlPlane, { kind: 'cluster' }, namespace, options);
}

async function apply(controlPlane: Administered, items: readonly Manifest[]): Promise<void> {
  await kubectlOk(controlPlane, ['apply', '-f', '-'], {
    stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
}

const bindingSchema = z.looseObject({
  roleRef: z.looseObject({ name: z.string() }),
  subjects: z.array(z.looseObject({ kind: z.literal('ServiceAccount') })),
});

async function clusterWide(
  namespace: string,
  { perObjectSecrets = false, accountSecrets = false }: GrantOptions,
): Promise<Manifest[]> {
  const all = await installed();
  const changed = accountSecrets ? await componentRoles('accounts') : [];
  const given = all.map((each) => changed.find((role) => nameOf(role) === nameOf(each)) ?? each);
  return given.flatMap((manifest): Manifest[] => {
    const { metadata, kind } = manifest;
    if (kind === 'ClusterRole') return [];
    if (kind === 'ServiceAccount' || kind === 'Role') return [{ ...manifest, metadata: { ...metadata, namespace } }];
    const { roleRef, subjects } = bindingSchema.parse(manifest);
    const bound = { ...manifest, subjects: subjects.map((subject) => ({ ...subject, namespace })) };
    if (kind === 'RoleBinding') return [{ ...bound, metadata: { ...metadata, namespace } }];
    return [
      {
        ...bound,
        metadata: { ...metadata, name: `${metadata.name}-${namespace}` },
        roleRef: { ...roleRef, name: perObjectSecrets ? withSecrets(roleRef.name) : roleRef.name },
      },
    ];
  });
}

const nameOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`;

/** What a component of Kustomize puts in the place of the base's. */
const componentRoles = async (component: string): Promise<Manifest[]> =>
  rbacOf(await readFile(`${deploy}kustomize/components/${component}/changed.yaml`, 'utf8'));

async function ofOneNamespace(
  helm: string,
  namespace: string,
  { perObjectSecrets = false, accountSecrets = false }: GrantOptions,
): Promise<Manifest[]> {
  const values = {
    image: { repository: 'acronis-upsell-operator' },
    crds: { install: false },
    watch: { namespaces: [namespace] },
    credentials: { perObjectSecrets: { enabled: perObjectSecrets } },
    accounts: { secrets: { enabled: accountSecrets } },
  };
  const chart = `${deploy}helm/acronis-upsell-operator`;
  const args = ['template', serviceAccount, chart, `--namespace=${namespace}`, '--no-hooks', '--values', '-'];
  return rbacOf(await helmOk({ helm, stdin: JSON.stringify(values) }, args));
}

const rulesSchema = z.array(
  z.looseObject({ resources: z.array(z.string()), resourceNames: z.array(z.string()).optional() }),
);

function withLeases(manifest: Manifest, leases: readonly string[]): Manifest {
  if (manifest.kind !== 'Role') return manifest;
  const rules = rulesSchema
    .parse(manifest['rules'])
    .map((rule) =>
      rule.resources.includes('leases') && rule.resourceNames !== undefined ? { ...rule, resourceNames: leases } : rule,
    );
  return { ...manifest, rules };
}
