/** The chart's alerts and dashboard as their tests read them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import * as z from 'zod';
import { pageOfAllMetrics } from '../support/page-of-all-metrics.ts';
import { rendered } from './chart.ts';

/** Go's first build of Prometheus's tools takes minutes. */
export const buildMs = 1_800_000;

const alertSchema = z.object({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.object({ severity: z.enum(['critical', 'warning', 'info']) }),
  annotations: z.object({
    summary: z.string(),
    description: z.string(),
    runbook: z.string().optional(),
    runbook_url: z.string().optional(),
  }),
});
const recordSchema = z.object({ record: z.string(), expr: z.string(), labels: z.record(z.string(), z.string()) });
export type Alert = z.output<typeof alertSchema>;
export type Recording = z.output<typeof recordSchema>;
const rulesSchema = z.object({
  groups: z.array(z.object({ name: z.string(), rules: z.array(z.union([alertSchema, recordSchema])) })),
});
export type Rules = z.output<typeof rulesSchema>;

/** The series of the release that `readRules` renders the rules of. */
export const release = { namespace: 'sys', job: 'demo-acronis-upsell-operator-metrics' };

/** The rules as a release has them, for Prometheus. */
export async function readRules(prometheusRule: object = {}): Promise<Rules> {
  const chart = await rendered({ metrics: { prometheusRule: { enabled: true, ...prometheusRule } } });
  return chart.only('PrometheusRule', z.object({ spec: rulesSchema })).spec;
}
export const alertsOf = ({ groups }: Rules): Alert[] =>
  groups.flatMap(({ rules }) => rules.filter((rule) => 'alert' in rule));
export const recordingsOf = ({ groups }: Rules): Recording[] =>
  groups.flatMap(({ rules }) => rules.filter((rule) => 'record' in rule));

/** What a program prints, however it ends. */
export async function said(program: string, args: readonly string[], input?: string) {
  const { all, exitCode } = await execa(program, args, {
    all: true,
    reject: false,
    ...(input === undefined ? {} : { input }),
  });
  return { said: all, exitCode };
}

/** Files in a directory that goes with the test. */
export async function directoryOf(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'upsell-rules-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  return dir;
}

/** The labels of every metric that the operator has, by the name of each of its series. */
export async function registered(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const text = await pageOfAllMetrics();
  const names = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-z_]+)(?:\{([^}]*)\})? \S+$/gm)) {
    const known = names.get(name) ?? new Set<string>();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    names.set(name, known);
  }
  return names;
}
