/**
 * The version of a release stands in package.json, and nowhere else by hand: the chart and what is generated from it are held against it here, before anything is made.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';

const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
  type: z.literal('module'),
  bin: z.record(z.string(), z.string()),
});
export type PackageFacts = z.output<typeof packageSchema>;

export const readPackage = async (root: string): Promise<PackageFacts> =>
  packageSchema.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));

export const chartPath = 'deploy/helm/acronis-upsell-operator';
const chartSchema = z.object({ version: z.string(), appVersion: z.string() });

/** What does not agree with the version, each as a sentence; empty where all do. `tag` is that of git, as `v1.2.3`. */
export async function disagreements(root: string, version: string, tag: string | undefined): Promise<string[]> {
  const chart = chartSchema.parse(parse(await readFile(join(root, chartPath, 'Chart.yaml'), 'utf8')));
  const install = await readFile(join(root, 'deploy/install.yaml'), 'utf8');
  const labels = new Set([...install.matchAll(/app\.kubernetes\.io\/version: "?([^"\s]+)/g)].map(([, found]) => found));
  const checks: readonly (readonly [boolean, string])[] = [
    [chart.version === version, `Chart.yaml has version ${chart.version}`],
    [chart.appVersion === version, `Chart.yaml has appVersion ${chart.appVersion}`],
    [
      labels.size === 1 && labels.has(version),
      `deploy/install.yaml was generated for ${[...labels].join(' and ') || 'no version'}`,
    ],
    [tag === undefined || tag === `v${version}`, `the tag is ${tag}`],
  ];
  return checks
    .filter(([agrees]) => !agrees)
    .map(([, what]) => `package.json has version ${version}, but ${what}: run \`npm version\` and tag its commit.`);
}

/** Chart.yaml with this version, and nothing else changed. @throws Error where it does not name each of its versions once. */
export function withVersion(chart: string, version: string): string {
  for (const key of ['version', 'appVersion']) {
    const count = [...chart.matchAll(new RegExp(`^${key}: .*$`, 'gm'))].length;
    if (count !== 1) throw new Error(`Chart.yaml names ${key} ${count} times instead of once.`);
  }
  return chart.replace(/^(version|appVersion): .*$/gm, `$1: ${version}`);
}
