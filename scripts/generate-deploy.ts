/**
 * `npm run generate:deploy` renders the chart into what people use who do not use Helm: deploy/crds.yaml, deploy/install.yaml, and the same for Kustomize, with
 * components. The CRD is apart, and with it what is of the cluster: removing the operator must not remove the objects.
 * With --check it only reports, by its exit code, whether they are current.
 */
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { helmOk } from '../tools/helm/helm.ts';
import { type Manifest, manifestsOf } from '../tools/helm/manifests.ts';
import { findTool } from '../tools/helm/provision.ts';
import { report, writeOrCheck } from './generated-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const namespace = 'acronis-system';
const made = '# Made from the Helm chart by `npm run generate:deploy`. Do not edit.\n';

const { path: helm } = await findTool('helm', {}, new AbortController().signal);

/** The chart's objects with these values, without what only Helm reads. */
async function render(...values: readonly string[]): Promise<Manifest[]> {
  const text = await helmOk({ helm }, [
    'template',
    'acronis-upsell-operator',
    `${root}deploy/helm/acronis-upsell-operator`,
    `--namespace=${namespace}`,
    '--no-hooks',
    // To be changed by the one who applies it, or by a release.
    '--set=image.repository=acronis-upsell-operator',
    ...values.map((value) => `--set=${value}`),
  ]);
  return manifestsOf(text).map(withoutHelm);
}

function withoutHelm(manifest: Manifest): Manifest {
  const { labels = {}, annotations = {}, ...metadata } = manifest.metadata;
  const kept = Object.fromEntries(Object.entries(annotations).filter(([key]) => !key.startsWith('helm.sh/')));
  const some = Object.keys(kept).length > 0 ? { annotations: kept } : {};
  const clean: Manifest = { ...manifest, metadata: { ...metadata, labels: ours(labels), ...some } };
  return withoutHelmInPods(clean);
}

const ours = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels).filter(([key]) => key !== 'helm.sh/chart' && key !== 'app.kubernetes.io/managed-by'),
  );

/** The pods of the Deployment carry the same labels. */
function withoutHelmInPods(manifest: Manifest): Manifest {
  if (manifest.kind !== 'Deployment') return manifest;
  const text = JSON.stringify(manifest, (key, value: unknown) =>
    key === 'helm.sh/chart' || key === 'app.kubernetes.io/managed-by' ? undefined : value,
  );
  const [clean] = manifestsOf(text);
  if (clean === undefined) throw new Error('A Deployment was lost.');
  return clean;
}

const yaml = (content: unknown): string => stringify(content, { lineWidth: 0 });
const stream = (manifests: readonly Manifest[]): string => made + manifests.map(yaml).join('---\n');

const namespaceObject: Manifest = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: namespace,
    labels: {
      'app.kubernetes.io/part-of': 'acronis-upsell-operator',
      'pod-security.kubernetes.io/enforce': 'restricted',
    },
  },
};

/** Which file of the base a kind is in; the order is that of install.yaml. */
const files: readonly (readonly [string, readonly string[]])[] = [
  ['namespace', ['Namespace']],
  ['rbac', ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']],
  ['network', ['NetworkPolicy', 'Service']],
  ['deployment', ['Deployment']],
];

/** What a cluster has once, whatever releases there are: the CRD, and what the cluster's own roles get. */
const isOfTheCluster = ({ kind, metadata }: Manifest): boolean =>
  kind === 'CustomResourceDefinition' ||
  Object.keys(metadata.labels ?? {}).some((label) => label.startsWith('rbac.authorization.k8s.io/aggregate-to-'));

const crdsComment = `# The CRD, and what the cluster's own roles view, edit and admin get: applied once, by an administrator of the cluster. Deleting it deletes all objects;
# those with deletionPolicy Revoke wait for a running operator then. The order is in deploy/install.yaml.
`;
const installComment = `# The operator, for the whole cluster. The CRD is apart, so that removing the operator does not remove the objects:
#
#   kubectl apply --server-side -f deploy/crds.yaml
#   kubectl apply --server-side -f deploy/install.yaml
#
# What to change: the one line with the image, unless this is a release's file, which names the image that was published with it. docs/guide/install.md has the rest.
#
# To remove it: first the objects with deletionPolicy Revoke, while the operator still runs to revoke them; then this file; then, with all objects that are
# left, deploy/crds.yaml.
`;

/** Values of the chart that people add to the base. */
const components: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'own-secrets',
    'Objects may name a Secret of their own: the operator may get Secrets.',
    ['credentials.perObjectSecrets.enabled=true'],
  ],
  [
    'accounts',
    'AcronisAccounts: the operator may get Secrets in its own namespace.',
    ['accounts.secrets.enabled=true'],
  ],
  [
    'admission-policy',
    'In a labelled namespace only objects of its tenant are accepted.',
    ['admissionPolicy.enabled=true'],
  ],
  ['replicas', 'Two replicas, one of which leads, and a PodDisruptionBudget.', ['replicas=2']],
  [
    'monitoring',
    'ServiceMonitor, alerts and dashboard, for the Prometheus Operator and Grafana.',
    [
      'metrics.serviceMonitor.enabled=true',
      'metrics.prometheusRule.enabled=true',
      // Without the namespace, which Kustomize may change, and not in expressions.
      'metrics.prometheusRule.selector=job="acronis-upsell-operator-metrics"',
      'metrics.dashboard.enabled=true',
    ],
  ],
];

const nameOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

const all = await render();
const ofTheCluster = all.filter(isOfTheCluster);
const base = [namespaceObject, ...all.filter((each) => !isOfTheCluster(each))];
const output = new Map<string, string>();
const ordered: Manifest[] = [];
for (const [file, kinds] of files) {
  const manifests = kinds.flatMap((kind) => base.filter((each) => each.kind === kind));
  ordered.push(...manifests);
  output.set(`deploy/kustomize/base/${file}.yaml`, stream(manifests));
}
const homeless = base.filter((each) => !ordered.includes(each));
if (homeless.length > 0)
  throw new Error(
    `There is no file for ${homeless.map(nameOf).join(', ')}: add its kind to scripts/generate-deploy.ts.`,
  );
const kustomization = (resources: readonly string[]): string =>
  made + yaml({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources });
output.set('deploy/install.yaml', installComment + stream(ordered));
output.set('deploy/crds.yaml', crdsComment + stream(ofTheCluster));
output.set('deploy/kustomize/crds/crds.yaml', stream(ofTheCluster));
output.set('deploy/kustomize/crds/kustomization.yaml', kustomization(['crds.yaml']));
output.set('deploy/kustomize/base/kustomization.yaml', kustomization(files.map(([file]) => `${file}.yaml`)));

for (const [name, comment, values] of components) {
  const before = new Map([...ofTheCluster, ...base].map((each) => [nameOf(each), yaml(each)]));
  const rendered = await render(...values);
  const added = rendered.filter((each) => !before.has(nameOf(each)));
  const changed = rendered.filter((each) => before.has(nameOf(each)) && before.get(nameOf(each)) !== yaml(each));
  const dir = `deploy/kustomize/components/${name}`;
  // Kustomize may change the namespace, but not in texts.
  const text = stream(added)
    .replaceAll(`kubectl -n ${namespace} `, 'kubectl -n <namespace> ')
    .replaceAll(`${namespace}/acronis-upsell-operator`, 'acronis-upsell-operator');
  if (added.length > 0) output.set(`${dir}/added.yaml`, text);
  if (changed.length > 0) output.set(`${dir}/changed.yaml`, stream(changed));
  output.set(
    `${dir}/kustomization.yaml`,
    `${made}# ${comment}\n${yaml({
      apiVersion: 'kustomize.config.k8s.io/v1alpha1',
      kind: 'Component',
      ...(added.length > 0 ? { resources: ['added.yaml'] } : {}),
      ...(changed.length > 0 ? { patches: [{ path: 'changed.yaml' }] } : {}),
    })}`,
  );
}

const check = process.argv.includes('--check');
const changed = await writeOrCheck({ root, files: output, ownedDirectories: ['deploy/kustomize'] }, check);
report(changed, check, 'npm run generate:deploy');
