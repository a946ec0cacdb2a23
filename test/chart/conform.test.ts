import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import * as z from 'zod';
import { Cluster, rendered, root, type Values } from './chart.ts';

const cluster = new Cluster(inject('auditedControlPlane'));
let schemas: string;
beforeAll(async () => {
  schemas = await mkdtemp(join(tmpdir(), 'upsell-schemas-'));
  await writeSchemas(schemas, await cluster.ok(['get', '--raw', '/openapi/v2']));
  return () => rm(schemas, { recursive: true });
});

const swaggerSchema = z.object({ definitions: z.record(z.string(), z.record(z.string(), z.unknown())) });
const kindsSchema = z.array(z.object({ group: z.string(), version: z.string(), kind: z.string() })).length(1);

/** The schemas that the API server has of its own kinds, a file each, as kubeconform looks for them. Fields it does not name are errors, as for `kubectl --validate=strict`. */
async function writeSchemas(dir: string, openapi: string): Promise<void> {
  const { definitions } = swaggerSchema.parse(JSON.parse(openapi));
  const strict = Object.fromEntries(Object.entries(definitions).map(([name, each]) => [name, strictly(each)]));
  await writeFile(join(dir, 'all.json'), JSON.stringify({ definitions: strict }));
  for (const [name, definition] of Object.entries(definitions)) {
    const kinds = kindsSchema.safeParse(definition['x-kubernetes-group-version-kind']).data;
    if (kinds?.[0] === undefined) continue;
    const { group, version, kind } = kinds[0];
    // For kubeconform the core group is called as its version is.
    const file = `${group || version}_${version}_${kind.toLowerCase()}.json`;
    await writeFile(join(dir, file), JSON.stringify({ $ref: `file://${join(dir, 'all.json')}#/definitions/${name}` }));
  }
}

/** Two strings of Kubernetes are not only strings. */
function strictly(definition: Readonly<Record<string, unknown>>): unknown {
  if (definition['format'] === 'int-or-string') return { type: ['integer', 'string'] };
  if (String(definition['description']).startsWith('Quantity is')) return { type: ['number', 'string'] };
  const closed = 'properties' in definition && !('additionalProperties' in definition);
  return closed ? { ...definition, additionalProperties: false } : definition;
}

/** What kubeconform has against these objects. */
async function checked(text: string): Promise<{ exitCode: number | undefined; said: string }> {
  const location = `${schemas}/{{ .Group }}_{{ .ResourceAPIVersion }}_{{ .ResourceKind }}.json`;
  const { exitCode, all } = await execa(
    inject('kubeconform'),
    // The Prometheus Operator's kinds are not on this server.
    ['-strict', '-summary', '-skip=ServiceMonitor,PrometheusRule', `-schema-location=${location}`],
    { input: text, all: true, reject: false },
  );
  return { exitCode, said: all };
}

const cases: readonly (readonly [string, Values])[] = [
  ['as it is', {}],
  [
    'with listed namespaces',
    { watch: { namespaces: ['a', 'b'] }, credentials: { perObjectSecrets: { enabled: true } } },
  ],
  [
    'with everything on',
    {
      replicas: 3,
      credentials: { url: 'https://eu2-cloud.acronis.com', clientID: 'id', clientSecret: 's' },
      serviceAccount: { annotations: { a: 'b' } },
      priorityClassName: 'system-cluster-critical',
      extraEnv: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      extraEnvFrom: [{ configMapRef: { name: 'more' } }],
      extraVolumes: [{ name: 'extra', emptyDir: {} }],
      extraVolumeMounts: [{ name: 'extra', mountPath: '/extra' }],
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
      tolerations: [{ key: 'a', operator: 'Exists' }],
      hostAliases: [{ ip: '10.0.0.7', hostnames: ['eu2-cloud.acronis.com'] }],
      dnsConfig: { nameservers: ['10.0.0.53'], searches: ['example.com'], options: [{ name: 'ndots', value: '1' }] },
      extraObjects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'more' }, data: { a: 'b' } }],
      networkPolicy: {
        apiServerCIDRs: ['10.0.0.1/32'],
        metricsFrom: [{ namespaceSelector: {} }],
        extraEgress: [{ ports: [{ port: 3128 }] }],
        extraIngress: [{ ports: [{ port: 9 }] }],
      },
      metrics: { dashboard: { enabled: true }, serviceMonitor: { enabled: true }, prometheusRule: { enabled: true } },
      admissionPolicy: { enabled: true, validationActions: ['Warn', 'Audit'] },
    },
  ],
  [
    'with little',
    {
      rbac: { create: false },
      serviceAccount: { create: false },
      leaderElection: { enabled: false },
      metrics: { enabled: false },
    },
  ],
];

it.each(cases)("%s, every object is what the API server's own OpenAPI describes", async (_what, values) => {
  const { text } = await rendered(values);
  const { exitCode, said } = await checked(text);
  expect(exitCode, said).toBe(0);
  expect(said).toContain('Invalid: 0, Errors: 0');
});

it('crds.yaml, install.yaml and the Kustomize base with all components are too', async () => {
  const overlay = await mkdtemp(join(tmpdir(), 'upsell-overlay-'));
  onTestFinished(() => rm(overlay, { recursive: true }));
  const from = (path: string) => relative(overlay, `${root}deploy/kustomize/${path}`);
  const components = (await readdir(`${root}deploy/kustomize/components`)).map((name) => from(`components/${name}`));
  expect(components).toHaveLength(5);
  const kustomization = {
    resources: [from('crds'), from('base')],
    components,
    images: [{ name: 'acronis-upsell-operator', newName: 'r.example.com/op' }],
  };
  await writeFile(join(overlay, 'kustomization.yaml'), stringify(kustomization));
  const kustomized = await cluster.ok(['kustomize', overlay]);
  expect(kustomized).toContain('image: r.example.com/op:');
  expect(kustomized).toContain('- secrets');
  expect(kustomized).toContain('kind: ValidatingAdmissionPolicyBinding');
  const files = ['crds.yaml', 'install.yaml'].map((name) => readFile(`${root}deploy/${name}`, 'utf8'));
  for (const text of [...(await Promise.all(files)), kustomized]) {
    const { exitCode, said } = await checked(text);
    expect(exitCode, said).toBe(0);
  }
});

it('the measure itself: a field that does not exist, and a wrong kind of value, are found', async () => {
  const { text } = await rendered();
  const wrongField = await checked(text.replace('revisionHistoryLimit:', 'revisionHistoryLimits:'));
  expect(wrongField.exitCode).toBe(1);
  expect(wrongField.said).toContain('revisionHistoryLimits');
  expect((await checked(text.replace(/replicas: 1/, 'replicas: one'))).exitCode).toBe(1);
});
