/**
 * Draws docs/dashboard.svg: a real Prometheus scrapes two replicas of the operator for some minutes, on a real control plane, through a day in
 * small (`dashboard-day.ts`), and has it evaluate every query of the dashboard. Needs `prometheus` on PATH.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startSandbox } from '../sandbox/acronis/sandbox.ts';
import { startControlPlane } from '../sandbox/controlplane/controlplane.ts';
import { kubectlOk } from '../sandbox/controlplane/kubectl.ts';
import { startOperator } from '../sandbox/operator/process.ts';
import { type Panel, queryOf, readDashboard } from '../sandbox/prometheus/dashboard.ts';
import { type DrawnPanel, picture } from '../sandbox/prometheus/picture.ts';
import { type PrometheusServer, startPrometheus } from '../sandbox/prometheus/server.ts';
import { provision } from '../tools/controlplane/provision.ts';
import { createProgress } from '../tools/progress.ts';
import { count, live } from './dashboard-day.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '9' } } });
const seconds = Number(values.minutes) * 60;
const { signal } = new AbortController();

await using up = new AsyncDisposableStack();
const progress = createProgress();
const programs = await provision({ progress }, signal);
const controlPlane = await startControlPlane({ programs }, signal);
up.defer(() => controlPlane.stop());
const acronis = await startSandbox({ users: 2 * count });
up.defer(() => acronis.stop());
await kubectlOk(controlPlane, ['apply', '-f', `${root}crds`]);
await kubectlOk(controlPlane, ['wait', '--for=condition=Established', '--all', 'crd']);
const replicas = [await replica(), await replica()];
const targets = replicas.map(({ metrics }, at) => ({
  address: new URL(metrics).host,
  labels: { namespace: 'acronis-system', pod: `acronis-upsell-operator-${at}` },
}));
const rules = await mkdtemp(join(tmpdir(), 'upsell-rules-'));
up.defer(() => rm(rules, { recursive: true }));
// There is one release here, whatever its labels are.
const own = (await readFile(`${root}deploy/helm/acronis-upsell-operator/files/rules.yaml`, 'utf8')).replaceAll(
  'release="this"',
  'job=~".+"',
);
await writeFile(join(rules, 'rules.yaml'), own);
const prometheus = await startPrometheus(targets, join(rules, 'rules.yaml'), signal);
up.defer(() => prometheus[Symbol.asyncDispose]());

const from = Date.now() / 1_000;
await progress.step(`a fleet is watched for ${values.minutes} minutes`, () =>
  live({ cluster: controlPlane, acronis, signal, from, to: from + seconds }),
);
const to = Date.now() / 1_000;
const alerts = await prometheus.alerts();
progress.note(`alerts: ${[...alerts].map(([name, state]) => `${name} ${state}`).join(', ')}`);
const dashboard = await readDashboard();
const step = Math.max(5, Math.round((to - from) / 90));
const drawn = await Promise.all(dashboard.panels.map((panel) => drawnPanel(panel, prometheus)));
await writeFile(
  `${root}docs/dashboard.svg`,
  picture(drawn, { from, to, step }, `${dashboard.title}, from a real Prometheus`),
);

async function replica() {
  const operator = await startOperator({
    kubeconfig: controlPlane.kubeconfig,
    acronis,
    flags: [
      '--drift-interval=10s',
      '--resync-interval=2m',
      '--brand-interval=20s',
      '--leader-election-namespace=default',
      '--account-namespace=default',
    ],
  });
  up.defer(async () => void (await operator.stop()));
  await operator.ready(AbortSignal.timeout(30_000));
  return operator;
}

async function drawnPanel(
  { type, title, gridPos, fieldConfig, targets }: Panel,
  server: PrometheusServer,
): Promise<DrawnPanel> {
  const { unit, custom, thresholds } = fieldConfig?.defaults ?? {};
  const lines = [];
  for (const { expr, legendFormat } of targets) {
    for (const { metric, values: points } of await server.range(queryOf(expr, dashboard), from, to, step))
      lines.push({
        name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ''),
        values: points,
      });
  }
  return {
    type,
    title,
    at: gridPos,
    unit,
    stacked: custom?.stacking.mode === 'normal',
    thresholds: thresholds?.steps ?? [],
    lines,
  };
}
