import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { constantsOf, dashboardSchema, readDashboard } from '../../sandbox/prometheus/dashboard.ts';
import { helm } from '../../tools/helm/helm.ts';
import { TOOLS } from '../../tools/helm/versions.ts';
import { chartDir, refusal, rendered, root, template } from './chart.ts';

const quantities = z.record(z.string(), z.union([z.string(), z.number()]));
const container = z.object({
  image: z.string(),
  args: z.array(z.string()).default([]),
  env: z.array(z.object({ name: z.string(), value: z.string().optional() })).default([]),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
  securityContext: z.unknown(),
  resources: z.object({ requests: quantities, limits: quantities.default({}) }),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })).default([]),
});
const podSpec = z.object({
  serviceAccountName: z.string(),
  priorityClassName: z.string().optional(),
  terminationGracePeriodSeconds: z.number().optional(),
  securityContext: z.unknown(),
  containers: z.tuple([container]),
  volumes: z.array(z.looseObject({ name: z.string() })).default([]),
  topologySpreadConstraints: z
    .array(z.looseObject({ topologyKey: z.string(), labelSelector: z.unknown() }))
    .default([]),
});
const deployment = z.object({
  spec: z.object({
    replicas: z.number(),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: podSpec,
    }),
  }),
});
const role = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  rules: z.array(
    z.object({
      resources: z.array(z.string()),
      verbs: z.array(z.string()),
      resourceNames: z.array(z.string()).optional(),
    }),
  ),
});

const argsOf = async (values: object): Promise<string[]> =>
  (await rendered({ ...values })).only('Deployment', deployment).spec.template.spec.containers[0].args;

describe('the chart', () => {
  it('passes helm lint --strict, as it is and with everything on', async () => {
    for (const values of [{}, everything]) {
      const stdin = JSON.stringify(values);
      const { stdout, stderr, exitCode } = await helm({ helm: inject('helm'), stdin }, [
        'lint',
        '--strict',
        chartDir,
        '--values',
        '-',
      ]);
      expect(exitCode, stdout + stderr).toBe(0);
    }
  });

  it('has the version of package.json', async () => {
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(await readFile(`${root}package.json`, 'utf8')));
    const chart = parse(await readFile(`${chartDir}/Chart.yaml`, 'utf8'));
    expect(chart).toMatchObject({ version, appVersion: version });
  });

  it.each(['generate-chart.ts', 'generate-deploy.ts'])(
    'is where everything that %s makes comes from',
    async (script) => {
      const { exitCode, all } = await execa(process.execPath, [`${root}scripts/${script}`, '--check'], {
        all: true,
        reject: false,
      });
      expect(exitCode, all).toBe(0);
    },
  );

  it('is tested with the helms that go.mod pins', async () => {
    const pinned = await readFile(`${root}tools/helm/go.mod`, 'utf8');
    expect(pinned).toContain(`helm.sh/helm/v4 ${TOOLS.helm.version} `);
    expect(pinned).toContain(`helm.sh/helm/v3 ${TOOLS.helm3.version} `);
    expect(pinned).toContain(`github.com/yannh/kubeconform ${TOOLS.kubeconform.version} `);
  });

  it('gives every object the same labels, and the pods those that the selector asks for', async () => {
    const all = await rendered(everything);
    for (const { kind, metadata } of all.objects) {
      expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject({
        'app.kubernetes.io/name': 'acronis-upsell-operator',
        'app.kubernetes.io/instance': 'demo',
        team: 'partners',
      });
    }
    const { selector, template: pod } = all.only('Deployment', deployment).spec;
    expect(pod.metadata.labels).toMatchObject(selector.matchLabels);
  });
});

const everything = {
  replicas: 2,
  commonLabels: { team: 'partners' },
  credentials: {
    url: 'https://eu2-cloud.acronis.com',
    clientID: 'id',
    clientSecret: 'secret',
    perObjectSecrets: { enabled: true },
  },
  watch: { selector: 'shard=a' },
  priorityClassName: 'system-cluster-critical',
  proxy: { httpsProxy: 'http://proxy:3128', noProxy: 'internal' },
  extraCA: { configMap: 'company-ca' },
  extraEnv: [{ name: 'A', value: 'b' }],
  extraArgs: ['--log-level=debug'],
  extraVolumes: [{ name: 'extra', emptyDir: {} }],
  extraVolumeMounts: [{ name: 'extra', mountPath: '/extra' }],
  podLabels: { azure: 'yes' },
  podAnnotations: { note: 'x' },
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'dedicated', operator: 'Exists' }],
  hostAliases: [{ ip: '10.0.0.7', hostnames: ['eu2-cloud.acronis.com'] }],
  dnsConfig: { options: [{ name: 'ndots', value: '1' }] },
  imagePullSecrets: [{ name: 'regcred' }],
  networkPolicy: {
    apiServerCIDRs: ['10.0.0.1/32'],
    acronisCIDRs: ['203.0.113.0/24'],
    metricsFrom: [{ podSelector: {} }],
  },
  metrics: {
    serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
    prometheusRule: { enabled: true, runbookURL: 'https://example.com/runbooks/' },
    dashboard: { enabled: true },
  },
  admissionPolicy: { enabled: true },
};

describe('by itself', () => {
  it('is one replica, the CRDs, cluster-wide rights, and nothing that needs other software', async () => {
    const plain = await rendered();
    expect(plain.names).toEqual([
      'ClusterRole /demo-acronis-upsell-operator',
      'ClusterRole /demo-acronis-upsell-operator-admin',
      'ClusterRole /demo-acronis-upsell-operator-edit',
      'ClusterRole /demo-acronis-upsell-operator-view',
      'ClusterRoleBinding /demo-acronis-upsell-operator',
      'CustomResourceDefinition /acronisaccounts.upsell.acronis.com',
      'CustomResourceDefinition /tenantupsellpolicies.upsell.acronis.com',
      'CustomResourceDefinition /tenantuserupsells.upsell.acronis.com',
      'Deployment sys/demo-acronis-upsell-operator',
      'NetworkPolicy sys/demo-acronis-upsell-operator',
      'Pod sys/demo-acronis-upsell-operator-test',
      'Role sys/demo-acronis-upsell-operator-accounts',
      'Role sys/demo-acronis-upsell-operator-leader-election',
      'Role sys/demo-acronis-upsell-operator-test',
      'RoleBinding sys/demo-acronis-upsell-operator-accounts',
      'RoleBinding sys/demo-acronis-upsell-operator-leader-election',
      'RoleBinding sys/demo-acronis-upsell-operator-test',
      'Service sys/demo-acronis-upsell-operator-metrics',
      'ServiceAccount sys/demo-acronis-upsell-operator',
      'ServiceAccount sys/demo-acronis-upsell-operator-test',
    ]);
  });

  it('fits the Pod Security Standard restricted, the test pod too', async () => {
    const plain = await rendered();
    const specs = [
      plain.only('Deployment', deployment).spec.template.spec,
      ...plain.kinds('Pod').map((pod) => podSpec.parse(pod['spec'])),
    ];
    expect(specs).toHaveLength(2);
    for (const spec of specs) {
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(spec.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it('keeps the heap within the memory limit', async () => {
    const [{ env, resources }] = (await rendered()).only('Deployment', deployment).spec.template.spec.containers;
    expect(env).toContainEqual({
      name: 'NODE_OPTIONS',
      value: expect.stringMatching(/--max-old-space-size-percentage=\d\d\b/),
    });
    expect(resources.limits['memory']).toBeDefined();
    expect(resources.requests).toMatchObject({ cpu: expect.anything(), memory: expect.anything() });
  });

  it('without a memory limit the heap has an absolute limit, and not a share of the node', async () => {
    for (const resources of [{ limits: null }, { limits: { memory: null } }]) {
      const [{ env }] = (await rendered({ resources })).only('Deployment', deployment).spec.template.spec.containers;
      expect(env).toContainEqual({ name: 'NODE_OPTIONS', value: '--max-old-space-size=1024' });
    }
  });

  it('gives no right to any Secret', async () => {
    const plain = await rendered();
    const roles = [...plain.kinds('ClusterRole'), ...plain.kinds('Role')].map((each) => role.parse(each));
    expect(roles.flatMap(({ rules }) => rules.flatMap(({ resources }) => resources))).not.toContain('secrets');
  });

  it('has the flags that the operator knows, all of them', async () => {
    const help = await execa(process.execPath, [`${root}dist/main.js`, 'run', '--help']);
    const known = new Set(help.stdout.match(/--[a-z-]+/g));
    for (const arg of [...(await argsOf(everything)), ...(await argsOf({ watch: { namespaces: ['a'] } }))].slice(1)) {
      const name = arg.split('=')[0] ?? '';
      if (name.startsWith('--')) expect(known).toContain(name);
    }
  });
});

describe('values', () => {
  it.each([
    [{ watch: { namespaces: ['a', 'b'] } }, '--watch-namespaces=a,b'],
    [{ watch: { selector: 'shard=a' } }, '--watch-selector=shard=a'],
    [{ acronis: { hosts: ['cloud.example.com'] } }, '--acronis-hosts=cloud.example.com'],
    [{ acronis: { rate: 2.5 } }, '--acronis-rate=2.5'],
    [{ acronis: { concurrency: 256 } }, '--acronis-concurrency=256'],
    [{ reconcile: { revokeGiveUpAfter: '0s' } }, '--revoke-give-up-after=0s'],
    [{ reconcile: { requireTenantLabel: true } }, '--require-tenant-label'],
    [{ reconcile: { dryRun: true } }, '--dry-run'],
    [{ leaderElection: { enabled: false } }, '--leader-elect=false'],
    [{ leaderElection: { id: 'mine' } }, '--leader-election-id=mine'],
    [{}, '--leader-election-id=demo-acronis-upsell-operator'],
    [{ metrics: { enabled: false } }, '--metrics-bind-address=0'],
    [{ metrics: { port: 9090 } }, '--metrics-bind-address=:9090'],
    [{ terminationGracePeriodSeconds: 60 }, '--shutdown-grace=50s'],
    [{ extraArgs: ['--log-level=debug'] }, '--log-level=debug'],
  ])('%j gives %s', async (values, flag) => {
    expect(await argsOf(values)).toContain(flag);
  });

  it.each([
    [{}, 'acronis-upsell-operator:0.1.0'],
    [
      { image: { registry: 'registry.example.com/x', tag: '1.2.3' } },
      'registry.example.com/x/acronis-upsell-operator:1.2.3',
    ],
    [
      { image: { repository: 'r.example.com/op', tag: '1', digest: `sha256:${'a'.repeat(64)}` } },
      `r.example.com/op@sha256:${'a'.repeat(64)}`,
    ],
  ])('%j gives the image %s', async (values, image) => {
    const all = await rendered(values);
    expect(all.only('Deployment', deployment).spec.template.spec.containers[0].image).toBe(image);
    // No other image takes part, in helm test neither.
    expect(new Set([...all.text.matchAll(/^\s+image: "(.*)"$/gm)].map(([, found]) => found))).toEqual(new Set([image]));
  });

  it('mounts the Secret that is named, made here, or made later', async () => {
    const volumes = async (credentials: object) =>
      (await rendered({ credentials })).only('Deployment', deployment).spec.template.spec.volumes;
    const mounted = (secretName: string) => expect.objectContaining({ secretName, optional: true });
    expect(await volumes({})).toContainEqual({
      name: 'credentials',
      secret: mounted('demo-acronis-upsell-operator-credentials'),
    });
    expect(await volumes({ existingSecret: 'mine' })).toContainEqual({ name: 'credentials', secret: mounted('mine') });

    const made = await rendered(everything);
    expect(made.only('Secret', z.looseObject({}))).toMatchObject({
      metadata: { name: 'demo-acronis-upsell-operator-credentials' },
      stringData: { url: 'https://eu2-cloud.acronis.com', clientID: 'id', clientSecret: 'secret' },
    });
    expect((await rendered()).kinds('Secret')).toEqual([]);
  });

  it('listed namespaces get a Role each and there is no ClusterRole', async () => {
    const all = await rendered({ watch: { namespaces: ['a', 'b'] } });
    expect(all.names.filter((name) => name.startsWith('ClusterRole'))).toEqual([]);
    for (const namespace of ['a', 'b']) {
      expect(all.names).toContain(`Role ${namespace}/demo-acronis-upsell-operator`);
      expect(all.names).toContain(`RoleBinding ${namespace}/demo-acronis-upsell-operator`);
    }
  });

  it.each([
    ['everywhere', {}, { enabled: true }, ['/demo-acronis-upsell-operator']],
    ['in namespaces named', {}, { enabled: true, namespaces: ['a'] }, ['a/demo-acronis-upsell-operator-secrets']],
    [
      'in those watched',
      { namespaces: ['a', 'b'] },
      { enabled: true },
      ['a/demo-acronis-upsell-operator', 'b/demo-acronis-upsell-operator'],
    ],
    [
      'in some of those watched',
      { namespaces: ['a', 'b'] },
      { enabled: true, namespaces: ['b'] },
      ['b/demo-acronis-upsell-operator'],
    ],
  ])('Secrets may be got %s, and only got', async (_where, watch, perObjectSecrets, where) => {
    const all = await rendered({
      watch,
      credentials: { perObjectSecrets: { ...perObjectSecrets, names: ['acronis'] } },
    });
    const roles = [...all.kinds('ClusterRole'), ...all.kinds('Role')].map((each) => role.parse(each));
    const having = roles.flatMap(({ metadata, rules }) =>
      rules
        .filter(({ resources }) => resources.includes('secrets'))
        .map((rule) => ({ where: `${metadata.namespace ?? ''}/${metadata.name}`, ...rule })),
    );
    expect(having.map((each) => each.where)).toEqual(where);
    for (const each of having) expect(each).toMatchObject({ verbs: ['get'], resourceNames: ['acronis'] });
  });

  const accounts = { eu2: { credentialsSecretRef: { name: 'eu2' }, allowedNamespaces: { from: 'All' } } };
  it.each([
    ['any, where that is said', { secrets: { enabled: true } }, 'sys', undefined],
    ['some, where they are named', { secrets: { enabled: true, names: ['eu2'] } }, 'sys', ['eu2']],
    ['those of the accounts that it makes', { create: accounts }, 'sys', ['eu2']],
    ['in their own namespace', { namespace: 'accounts', create: accounts }, 'accounts', ['eu2']],
  ])('of AcronisAccounts the operator may get Secrets: %s', async (_which, values, namespace, resourceNames) => {
    const all = await rendered({ accounts: values });
    const having = all
      .kinds('Role')
      .map((each) => role.parse(each))
      .flatMap(({ metadata, rules }) =>
        rules
          .filter(({ resources }) => resources.includes('secrets'))
          .map((rule) => ({ in: metadata.namespace, ...rule })),
      );
    expect(having).toEqual([
      {
        in: namespace,
        resources: ['secrets'],
        verbs: ['get'],
        ...(resourceNames === undefined ? {} : { resourceNames }),
      },
    ]);
    expect(all.kinds('ClusterRole').filter((each) => JSON.stringify(each).includes('secrets'))).toEqual([]);
  });

  it('makes AcronisAccounts where accounts.create has them, beside their Secrets', async () => {
    const all = await rendered({ accounts: { namespace: 'accounts', create: { ...accounts, none: null } } });
    expect(all.kinds('AcronisAccount')).toMatchObject([
      { metadata: { name: 'eu2', namespace: 'accounts' }, spec: accounts.eu2 },
    ]);
    expect(await argsOf({ accounts: { namespace: 'accounts' } })).toContain('--account-namespace=accounts');
  });

  it.each([
    [{ secrets: { names: ['a'] } }, 'accounts.secrets has names but is not enabled'],
    [{ create: { eu2: {} } }, 'accounts.create.eu2 has no credentialsSecretRef.name'],
    [{ create: { 'Eu 2': accounts.eu2 } }, 'accounts.create has "Eu 2"'],
    [{ namespace: 'A' }, 'accounts.namespace is "A"'],
  ])('%j of accounts is refused in a sentence', async (values, sentence) => {
    expect(await refusal({ accounts: values })).toContain(sentence);
  });

  it('a PodDisruptionBudget comes with the second replica', async () => {
    expect((await rendered()).kinds('PodDisruptionBudget')).toEqual([]);
    expect((await rendered({ replicas: 2 })).kinds('PodDisruptionBudget')).toHaveLength(1);
  });

  it('the network policy denies both ways but for DNS, the API server, 443 and the metrics', async () => {
    const policy = z.object({
      spec: z.object({
        policyTypes: z.array(z.string()),
        egress: z.array(z.object({ ports: z.array(z.object({ port: z.number() })), to: z.unknown().optional() })),
        ingress: z.array(z.object({ ports: z.array(z.object({ port: z.string() })), from: z.unknown().optional() })),
      }),
    });
    const { spec } = (await rendered()).only('NetworkPolicy', policy);
    expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(spec.egress.map(({ ports }) => ports.map(({ port }) => port))).toEqual([
      [53, 53, 5353, 5353],
      [443, 6443, 8443, 16443],
      [443],
    ]);
    expect(spec.ingress.map(({ ports }) => ports.map(({ port }) => port))).toEqual([['metrics'], ['probes']]);
    const narrow = (await rendered(everything)).only('NetworkPolicy', policy);
    expect(narrow.spec.egress[1]?.to).toEqual([{ ipBlock: { cidr: '10.0.0.1/32' } }]);
    expect(narrow.spec.egress[3]?.to).toEqual([{ ipBlock: { cidr: '203.0.113.0/24' } }]);
    expect((await rendered({ networkPolicy: { enabled: false } })).kinds('NetworkPolicy')).toEqual([]);
  });

  it('alerts link to their runbook and can be left out by name', async () => {
    const rule = z.object({
      spec: z.object({
        groups: z.array(
          z.object({
            rules: z.array(
              z.object({ alert: z.string().optional(), annotations: z.record(z.string(), z.string()).default({}) }),
            ),
          }),
        ),
      }),
    });
    const alerts = async (prometheusRule: object) =>
      (await rendered({ metrics: { prometheusRule: { enabled: true, ...prometheusRule } } }))
        .only('PrometheusRule', rule)
        .spec.groups.flatMap(({ rules }) => rules)
        .flatMap(({ alert, annotations }) => (alert === undefined ? [] : [{ alert, annotations }]));
    for (const [runbookURL, begins] of [
      ['https://example.com/runbooks/', 'https://example.com/runbooks/'],
      ['https://example.com/runbooks', 'https://example.com/runbooks/'],
      ['https://example.com/runbooks.md#', 'https://example.com/runbooks.md#'],
    ] as const) {
      const linked = await alerts({ runbookURL });
      expect(linked.length).toBeGreaterThan(0);
      for (const { alert, annotations } of linked)
        expect(annotations['runbook_url']).toBe(`${begins}${alert.toLowerCase()}`);
    }
    const all = await alerts({});
    const disabled = all[0]?.alert ?? '';
    expect((await alerts({ disabled: [disabled] })).map(({ alert }) => alert)).not.toContain(disabled);
  });

  it('the dashboard is JSON in a ConfigMap that Grafana finds', async () => {
    const map = z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      data: z.record(z.string(), z.string()),
    });
    const { metadata, data } = (await rendered(everything)).only('ConfigMap', map);
    expect(metadata.labels['grafana_dashboard']).toBe('1');
    expect(JSON.parse(data['acronis-upsell-operator.json'] ?? '')).toMatchObject({ title: expect.any(String) });
  });

  it("the dashboard judges by the release's own objectives", async () => {
    const map = z.object({ data: z.object({ 'acronis-upsell-operator.json': z.string() }) });
    const constants = async (objectives: object) => {
      const values = { metrics: { dashboard: { enabled: true }, prometheusRule: { objectives } } };
      const { data } = (await rendered(values)).only('ConfigMap', map);
      return constantsOf(dashboardSchema.parse(JSON.parse(data['acronis-upsell-operator.json'])));
    };
    const asWritten = constantsOf(await readDashboard());
    expect(asWritten.size).toBe(6);
    expect(await constants({})).toEqual(asWritten);
    const other = { editToReady: { percent: 99.9, withinSeconds: 10 }, feedAge: { withinSeconds: 2.5 } };
    expect(await constants(other)).toEqual(
      new Map([...asWritten, ['editToReadyPercent', '99.9'], ['editToReadyWithin', '10'], ['feedAgeWithin', '2.5']]),
    );
  });

  it('the CRDs are kept when the release is uninstalled, unless configured otherwise, and can be left out', async () => {
    const annotations = async (crds: object) =>
      (await rendered({ crds })).kinds('CustomResourceDefinition').map(({ metadata }) => metadata.annotations);
    const keep = { 'helm.sh/resource-policy': 'keep' };
    expect(await annotations({})).toEqual([keep, keep, keep]);
    expect(await annotations({ keep: false })).toEqual([undefined, undefined, undefined]);
    expect(await annotations({ install: false })).toEqual([]);
  });

  it('spreads pods by their own labels', async () => {
    const { spec } = (await rendered()).only('Deployment', deployment);
    for (const constraint of spec.template.spec.topologySpreadConstraints)
      expect(constraint.labelSelector).toEqual({ matchLabels: spec.selector.matchLabels });
  });

  it('a release name that cannot be shortened further still gives names that fit', async () => {
    const long = await rendered({ fullnameOverride: 'x'.repeat(63) });
    for (const { metadata } of long.objects) expect(metadata.name.length).toBeLessThanOrEqual(63);
  });

  it('a parent chart may set global and enabled', async () => {
    expect((await template({ global: { anything: 1 }, enabled: true })).exitCode).toBe(0);
  });
});
