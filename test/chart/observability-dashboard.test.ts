import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { type Dashboard, queryOf, readDashboard } from '../../sandbox/prometheus/dashboard.ts';
import { reasons } from '../../src/api/conditions.ts';
import { createProgress } from '../../tools/progress.ts';
import { namesIn, promqlNamesProgram } from '../../tools/prometheus/programs.ts';
import { root } from './chart.ts';
import { alertsOf, buildMs, readRules, recordingsOf, registered } from './observability.ts';

let names: string;
let dashboard: Dashboard;
beforeAll(async () => {
  names = await promqlNamesProgram(createProgress(), new AbortController().signal);
  dashboard = await readDashboard();
}, buildMs);

/** What Prometheus adds to each series it scrapes from a pod, and the bound of a histogram's bucket. */
const added = ['namespace', 'job', 'instance', 'pod', 'le'];
/** Prometheus's own, about the rules. */
const alerts = new Map([['ALERTS', new Set(['alertname', 'alertstate'])]]);

/** Metrics and labels that expressions name and the operator does not have. */
async function unknown(expressions: readonly string[]): Promise<string[]> {
  const metrics = new Map([...(await registered()), ...alerts]);
  const found = await namesIn(names, expressions);
  return found.flatMap((each) => {
    const labels = new Set([...added, ...each.metrics.flatMap((name) => [...(metrics.get(name) ?? [])])]);
    return [...each.metrics.filter((name) => !metrics.has(name)), ...each.labels.filter((label) => !labels.has(label))];
  });
}

const queries = () => dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => queryOf(expr, dashboard)));

it('every query of the dashboard is about metrics and labels that the operator has', async () => {
  expect(queries().length).toBeGreaterThan(20);
  expect(await unknown([...queries(), ...dashboard.annotations.list.map(({ expr }) => expr)])).toEqual([]);
});

it('what the operator says of its own objects is on the dashboard, each series of it', async () => {
  const shown = new Set((await namesIn(names, queries())).flatMap(({ metrics }) => metrics));
  const own = [...(await registered()).keys()].filter((name) => name.startsWith('acronis_upsell_'));
  const missing = own.filter((name) => !shown.has(name) && !shown.has(name.replace(/_(sum|count|bucket)$/, '_bucket')));
  expect(missing.toSorted()).toEqual(elsewhere.toSorted());
});

/**
 * What a dry run would have written, and namespaces that are left to another release: neither is news of the fleet that is shown. For how long a policy makes no
 * progress is its alert's; the dashboard has its children instead.
 */
const elsewhere = [
  'acronis_upsell_would_write_total',
  'acronis_upsell_unserved_namespaces',
  'acronis_upsell_policy_no_progress_seconds',
];

it('every alert is too', async () => {
  const rules = await readRules();
  const recorded = recordingsOf(rules).map(({ record }) => record);
  const all = [...alertsOf(rules), ...recordingsOf(rules)].map(({ expr }) => expr);
  expect((await unknown(all)).filter((name) => !recorded.includes(name) && name !== 'upsell_release')).toEqual([]);
});

it('the measure itself: a metric or label that does not exist is found, and what is no query is refused', async () => {
  expect(await unknown(['sum by (reazon) (acronis_upsell_object{reason="x"})'])).toEqual([
    'acronis_upsell_object',
    'reazon',
    'reason',
  ]);
  await expect(namesIn(names, ['sum by ('])).rejects.toThrow('parse error');
});

it('every legend names a label that its query keeps', () => {
  const lost = dashboard.panels.flatMap(({ title, targets }) =>
    targets.flatMap(({ expr, legendFormat }) =>
      [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)]
        .filter(
          ([, label = '']) => /^(sum|max|min|count|histogram_quantile)\b/.test(expr) && !kept(expr).includes(label),
        )
        .map(([, label]) => `${title}: ${label}`),
    ),
  );
  expect(lost).toEqual([]);
});

/** The labels of the first `by`, which in these queries is the outermost. */
const kept = (expr: string): string[] =>
  / by \(([^)]*)\)/
    .exec(expr)?.[1]
    ?.split(',')
    .map((label) => label.trim()) ?? [];

it('each reason is Ready, as it was asked to be, passing by itself, or waiting for a person', () => {
  const counted = ['Buyers set', 'Pass by themselves', 'Wait for a person'].flatMap((title) => {
    const expr = dashboard.panels.find((panel) => panel.title === title)?.targets[0]?.expr ?? '';
    return [...expr.matchAll(/reason[!=]~?"([^"]*)"/g)].flatMap(([, names = '']) => names.split('|'));
  });
  expect(counted.toSorted()).toEqual([...reasons].toSorted());
});

it('panels have ids of their own and lie beside one another', () => {
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
  );
  expect(taken.length).toBe(new Set(taken).size);
  expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
});

it('the picture of it in the docs is small and loads nothing', async () => {
  const picture = await readFile(`${root}docs/dashboard.svg`, 'utf8');
  expect(picture.length).toBeLessThan(300_000);
  expect(picture.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|href|<script|<style|@import|url\(/);
  expect(dashboard.panels.map(({ title }) => title).filter((title) => !picture.includes(title))).toEqual([]);
});
