/**
 * Draws docs/dashboard.svg: a real Prometheus scrapes two replicas of the operator for some minutes, on a real control plane, while users are
 * edited in the console and Acronis has its troubles, and has it evaluate every query of the dashboard. Needs `prometheus` on PATH.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { type Sandbox, startSandbox } from '../sandbox/acronis/sandbox.ts';
import { type ControlPlane, startControlPlane } from '../sandbox/controlplane/controlplane.ts';
import { kubectlOk } from '../sandbox/controlplane/kubectl.ts';
import { startOperator } from '../sandbox/operator/process.ts';
import { type DrawnPanel, picture } from '../sandbox/prometheus/picture.ts';
import { type PrometheusServer, startPrometheus } from '../sandbox/prometheus/server.ts';
import { systemClock } from '../src/base/clock.ts';
import { provision } from '../tools/controlplane/provision.ts';
import { createProgress } from '../tools/progress.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = `${root}deploy/helm/acronis-upsell-operator/files`;
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '9' } } });
const seconds = Number(values.minutes) * 60;
const { signal } = new AbortController();
const count = 400;

const dashboardSchema = z.object({
  title: z.string(),
  panels: z.array(
    z.object({
      type: z.string(),
      title: z.string(),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      fieldConfig: z
        .object({
          defaults: z.object({
            unit: z.string().optional(),
            custom: z.object({ stacking: z.object({ mode: z.string() }) }).optional(),
            thresholds: z
              .object({ steps: z.array(z.object({ color: z.string(), value: z.number().nullable() })) })
              .optional(),
          }),
        })
        .optional(),
      targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).default([]),
    }),
  ),
});
type Panel = z.output<typeof dashboardSchema>['panels'][number];

await using up = new AsyncDisposableStack();
const progress = createProgress();
const programs = await provision({ progress }, signal);
const controlPlane = await startControlPlane({ programs }, signal);
up.defer(() => controlPlane.stop());
const acronis = await startSandbox({ users: 2 * count });
up.defer(() => acronis.stop());
await kubectlOk(controlPlane, ['apply', '-f', `${root}crds`]);
await kubectlOk(controlPlane, ['wait', '--for=condition=Established', 'crd/tenantuserupsells.upsell.acronis.com']);
const replicas = [await replica(), await replica()];
const targets = replicas.map(({ metrics }, at) => ({
  address: new URL(metrics).host,
  labels: { namespace: 'acronis-system', pod: `acronis-upsell-operator-${at}` },
}));
const rules = await mkdtemp(join(tmpdir(), 'upsell-rules-'));
up.defer(() => rm(rules, { recursive: true }));
// There is one release here, whatever its labels are.
const own = (await readFile(`${files}/rules.yaml`, 'utf8')).replaceAll('release="this"', 'job=~".+"');
await writeFile(join(rules, 'rules.yaml'), own);
const prometheus = await startPrometheus(targets, join(rules, 'rules.yaml'), signal);
up.defer(() => prometheus[Symbol.asyncDispose]());

const from = Date.now() / 1_000;
await progress.step(`a fleet is watched for ${values.minutes} minutes`, () =>
  live(controlPlane, acronis, from + seconds),
);
const to = Date.now() / 1_000;
const alerts = await prometheus.alerts();
progress.note(`alerts: ${[...alerts].map(([name, state]) => `${name} ${state}`).join(', ')}`);
const { title, panels } = dashboardSchema.parse(JSON.parse(await readFile(`${files}/dashboard.json`, 'utf8')));
const step = Math.max(5, Math.round((to - from) / 90));
const drawn = await Promise.all(panels.map((panel) => drawnPanel(panel, prometheus)));
await writeFile(`${root}docs/dashboard.svg`, picture(drawn, { from, to, step }, `${title}, from a real Prometheus`));

async function replica() {
  const operator = await startOperator({
    kubeconfig: controlPlane.kubeconfig,
    acronis,
    flags: ['--drift-interval=10s', '--resync-interval=2m', '--leader-election-namespace=default'],
  });
  up.defer(async () => void (await operator.stop()));
  await operator.ready(AbortSignal.timeout(30_000));
  return operator;
}

/** What a day brings, in minutes: objects in waves, people in the console, a data center that throttles and one that is away. */
async function live(
  cluster: ControlPlane,
  { directory, console: portal, faults }: Sandbox,
  until: number,
): Promise<void> {
  const users = directory
    .all()
    .filter(({ businessTypes, deletedAt }) => businessTypes.length === 0 && deletedAt === undefined)
    .slice(-count)
    .map(({ id }) => id);
  const manifest = (name: string, spec: object) => ({
    apiVersion: 'upsell.acronis.com/v1alpha1',
    kind: 'TenantUserUpsell',
    metadata: { name, namespace: 'default' },
    spec,
  });
  const create = (items: readonly object[]) =>
    kubectlOk(cluster, ['create', '-f', '-'], { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
  const wave = (at: number, to: number) =>
    create(users.slice(at, to).map((userID, index) => manifest(`user-${at + index}`, { userID })));
  const odd = [
    manifest('unknown-user', { userID: '99999999-9999-4999-8999-999999999999' }),
    manifest('keyless', { userID: users[0], credentialsSecretRef: { name: 'none' } }),
    manifest('resting', { userID: users[count - 1], suspend: true }),
    manifest('looking', { userID: users[count - 2], managementPolicy: 'Observe' }),
  ];
  const events: readonly (readonly [share: number, happens: () => unknown])[] = [
    [0.08, () => wave(0, 150)],
    [0.2, () => create(odd)],
    [0.3, () => wave(150, 300)],
    [0.5, () => faults.add({ kind: 'status', status: 429, retryAfter: 5, probability: 0.5, times: 12 })],
    [0.62, () => wave(300, count - 2)],
    [0.72, () => faults.add({ kind: 'status', status: 503, body: 'html', times: 12 })],
  ];
  let done = 0;
  for (let tick = 0; Date.now() / 1_000 < until; tick++) {
    await systemClock.sleep(2_000, signal);
    const share = 1 - (until - Date.now() / 1_000) / seconds;
    for (const [, happens] of events.slice(done).filter(([at]) => at <= share)) {
      done++;
      await happens();
    }
    const someUser = users[(tick * 37) % 140];
    if (share > 0.25 && tick % 3 === 0 && someUser !== undefined) portal.strip(someUser);
  }
}

async function drawnPanel(
  { type, title, gridPos, fieldConfig, targets }: Panel,
  server: PrometheusServer,
): Promise<DrawnPanel> {
  const { unit, custom, thresholds } = fieldConfig?.defaults ?? {};
  const lines = [];
  for (const { expr, legendFormat } of targets) {
    const query = expr.replaceAll(/\$(namespace|job)\b/g, '.*');
    for (const { metric, values: points } of await server.range(query, from, to, step))
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
