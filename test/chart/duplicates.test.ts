/** What the user gives under a name that the chart has too: the user's takes its place, or one sentence says why it cannot. No list or map ever has a name twice. */
import { describe, expect, inject, it } from 'vitest';
import * as z from 'zod';
import { Cluster, refusal, rendered } from './chart.ts';

const cluster = new Cluster(inject('auditedControlPlane'));
const named = z.array(z.looseObject({ name: z.string() }));
const deployment = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()) }),
  spec: z.object({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    strategy: z.unknown(),
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()), annotations: z.record(z.string(), z.string()) }),
      spec: z.object({
        containers: z.tuple([z.object({ args: z.array(z.string()), env: named, volumeMounts: named })]),
        volumes: named,
      }),
    }),
  }),
});

/** The Deployment, which the API server takes: by server-side apply, which refuses a list with a name twice. */
async function accepted(values: object) {
  const all = await rendered({ ...values });
  await cluster.accepts(all.text);
  const found = all.only('Deployment', deployment);
  return { ...found, container: found.spec.template.spec.containers[0] };
}

describe('environment variables', () => {
  it('NODE_OPTIONS of extraEnv takes the place of nodeOptions', async () => {
    const { container } = await accepted({ extraEnv: [{ name: 'NODE_OPTIONS', value: '--max-old-space-size=200' }] });
    expect(container.env).toEqual([{ name: 'NODE_OPTIONS', value: '--max-old-space-size=200' }]);
  });

  it('a setting by its variable takes the place of the flag, which would win over it without a word', async () => {
    const { container } = await accepted({
      extraEnv: [
        { name: 'LOG_LEVEL', value: 'debug' },
        { name: 'DRIFT_INTERVAL', valueFrom: { configMapKeyRef: { name: 'a', key: 'b' } } },
      ],
    });
    expect(container.args.filter((arg) => /--(log-level|drift-interval)=/.test(arg))).toEqual([]);
    expect(container.env.map(({ name }) => name)).toEqual(['NODE_OPTIONS', 'LOG_LEVEL', 'DRIFT_INTERVAL']);
  });

  it('credentials by variables take the place of the mounted ones: the operator refuses both', async () => {
    const { container } = await accepted({
      extraEnv: ['ACRONIS_URL', 'ACRONIS_CLIENT_ID', 'ACRONIS_CLIENT_SECRET'].map((name) => ({
        name,
        valueFrom: { secretKeyRef: { name: 'a', key: name } },
      })),
    });
    expect(container.args.join()).not.toContain('--acronis-credentials-dir');
  });

  it('of two entries with one name the last one is taken', async () => {
    const { container } = await accepted({
      extraEnv: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
    });
    expect(container.env).toContainEqual({ name: 'A', value: '2' });
    expect(container.env.filter(({ name }) => name === 'A')).toHaveLength(1);
  });

  it.each([
    [{ name: 'LOG_LEVEL', value: 'loud' }, 'extraEnv has LOG_LEVEL="loud": write one of debug'],
    [{ name: 'NODE_OPTIONS', value: '--nope' }, '"--nope" is no option of node'],
    [{ name: 'WATCH_NAMESPACES', value: 'a' }, 'but the rights would not follow: set watch.namespaces instead.'],
    [{ name: 'METRICS_BIND_ADDRESS', value: ':9' }, 'but the Service would not follow: set metrics.port instead.'],
  ])('%j, which would end the pod or leave something behind, is refused', async (entry, sentence) => {
    expect(await refusal({ extraEnv: [entry] })).toContain(sentence);
  });
});

describe('flags', () => {
  it('of extraArgs take the place of the chart’s own', async () => {
    const { container } = await accepted({ extraArgs: ['--log-level=debug', '--acronis-credentials-dir=/mnt/csi'] });
    expect(container.args.filter((arg) => arg.startsWith('--log-level='))).toEqual(['--log-level=debug']);
    expect(container.args.filter((arg) => arg.startsWith('--acronis-credentials-dir='))).toEqual([
      '--acronis-credentials-dir=/mnt/csi',
    ]);
  });

  it.each([
    ['--nope', 'the operator has no flag --nope'],
    ['--log-level', 'write it with its value, as --log-level=value'],
    ['--drift-interval=720h', 'write a duration from 1s to 168h'],
    ['--acronis-hosts=a.example,https://b.example', 'write host names'],
    [
      '--leader-election-namespace=x',
      "but the right to the lease would not follow: the lease is in the release's namespace.",
    ],
    ['--health-probe-bind-address=0', 'but the probes would not follow: set probes.port instead.'],
  ])('%s in extraArgs is refused', async (arg, sentence) => {
    expect(await refusal({ extraArgs: [arg] })).toContain(sentence);
  });
});

describe('volumes', () => {
  it('one named credentials takes the place of the chart’s own', async () => {
    const csi = { name: 'credentials', csi: { driver: 'secrets-store.csi.k8s.io', readOnly: true } };
    const { spec } = await accepted({ extraVolumes: [csi] });
    expect(spec.template.spec.volumes).toEqual([csi]);
  });

  it('a mount where the chart has one takes its place', async () => {
    const mount = { name: 'mine', mountPath: '/etc/acronis-upsell-operator/credentials' };
    const { container } = await accepted({
      extraVolumes: [{ name: 'mine', emptyDir: {} }],
      extraVolumeMounts: [mount],
    });
    expect(container.volumeMounts).toEqual([mount]);
  });
});

describe('labels and annotations', () => {
  const name = 'app.kubernetes.io/name';

  it('commonLabels are there once, and never where a selector depends on one', async () => {
    const { metadata, spec } = await accepted({
      commonLabels: { [name]: 'y', 'app.kubernetes.io/part-of': 'x', 'app.kubernetes.io/component': 'z', team: 'a' },
    });
    expect(metadata.labels).toMatchObject({ [name]: 'y', 'app.kubernetes.io/part-of': 'x', team: 'a' });
    expect(spec.selector.matchLabels).toEqual({
      [name]: 'acronis-upsell-operator',
      'app.kubernetes.io/instance': 'demo',
      'app.kubernetes.io/component': 'operator',
    });
    expect(spec.template.metadata.labels).toMatchObject({
      ...spec.selector.matchLabels,
      'app.kubernetes.io/part-of': 'x',
    });
  });

  it('podLabels may repeat a label that the selector needs, but not change it', async () => {
    const { spec } = await accepted({
      podLabels: { [name]: 'acronis-upsell-operator', 'app.kubernetes.io/part-of': 'x' },
    });
    expect(spec.template.metadata.labels).toMatchObject({
      [name]: 'acronis-upsell-operator',
      'app.kubernetes.io/part-of': 'x',
    });
    expect(await refusal({ podLabels: { [name]: 'y' } })).toContain(
      `podLabels has ${name}: y, but the Deployment finds its pods by acronis-upsell-operator`,
    );
  });

  it('podAnnotations may take the place of the chart’s own', async () => {
    const { spec } = await accepted({ podAnnotations: { 'kubectl.kubernetes.io/default-container': 'mesh' } });
    expect(spec.template.metadata.annotations).toEqual({ 'kubectl.kubernetes.io/default-container': 'mesh' });
  });

  it('labels of the monitor, the rules and the dashboard that repeat others are there once', async () => {
    const labels = { 'app.kubernetes.io/part-of': 'kube-prometheus', [name]: 'mine' };
    const { text } = await rendered({
      commonLabels: { [name]: 'common' },
      metrics: {
        serviceMonitor: { enabled: true, labels },
        prometheusRule: { enabled: true, labels },
        dashboard: { enabled: true, labels },
      },
    });
    await cluster.accepts(text);
  });
});

it('strategy Recreate leaves rollingUpdate out, and two zeros are refused', async () => {
  expect((await accepted({ strategy: { type: 'Recreate' } })).spec.strategy).toEqual({ type: 'Recreate' });
  expect(await refusal({ strategy: { rollingUpdate: { maxSurge: 0 } } })).toContain('no pod could ever be replaced');
});

it('what looks like something else stays a text, everywhere', async () => {
  const texts = [
    ...[
      '123',
      '1e5',
      'yes',
      'null',
      '0x10',
      '~',
      '1_000',
      '2026-11-26',
      'a: b',
      'a=b #c',
      '- x',
      '{{ x }}',
      '"',
      "it's",
    ],
  ];
  const byKey = Object.fromEntries(texts.map((text, at) => [`text-${at}`, text]));
  const extraEnv = texts.map((value, at) => ({ name: `TEXT_${at}`, value }));
  const { container, spec } = await accepted({
    podAnnotations: byKey,
    deploymentAnnotations: byKey,
    extraEnv,
    serviceAccount: { annotations: byKey },
    proxy: { noProxy: 'a=b #c' },
    credentials: { url: 'https://eu2-cloud.acronis.com', clientID: '123', clientSecret: 'a: b #c' },
  });
  expect(container.env).toEqual(expect.arrayContaining([...extraEnv, { name: 'NO_PROXY', value: 'a=b #c' }]));
  expect(spec.template.metadata.annotations).toMatchObject(byKey);
});

it.each(['123', '1e5', 'null'])('a name that looks like something else, %s, stays one', async (name) => {
  const { container } = await accepted({
    priorityClassName: name,
    serviceAccount: { name },
    leaderElection: { id: name },
    watch: { namespaces: [name], selector: `shard=${name}` },
    image: { tag: name },
    credentials: { existingSecret: name },
    commonLabels: { name },
    nodeSelector: { name },
  });
  expect(container.args).toEqual(
    expect.arrayContaining([
      `--watch-selector=shard=${name}`,
      `--watch-namespaces=${name}`,
      `--leader-election-id=${name}`,
    ]),
  );
});
