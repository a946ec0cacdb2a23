/** The chart's annotations, by the rules that Artifact Hub's documentation gives for them. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { withAnnotations } from '../../../scripts/artifact-hub.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const chart = read('deploy/helm/acronis-upsell-operator/Chart.yaml');
const { annotations } = z.object({ annotations: z.record(z.string(), z.string()) }).parse(parse(chart));
const crds = globSync('crds/*.yaml', { cwd: root }).toSorted();

const shownSchema = z.array(
  z.strictObject({
    kind: z.string().min(1),
    version: z.string().min(1),
    name: z.string().regex(/^[a-z]+\.upsell\.acronis\.com$/),
    displayName: z.string().min(1),
    description: z.string().min(1),
  }),
);
const examplesSchema = z.array(z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: z.object({}) }));

describe('what Artifact Hub shows of the chart', () => {
  it('has a category and a level of capability that Artifact Hub knows', () => {
    const categories = [
      'ai-machine-learning',
      'database',
      'integration-delivery',
      'monitoring-logging',
      'networking',
      'security',
      'storage',
      'streaming-messaging',
      'skip-prediction',
    ];
    const levels = ['Basic Install', 'Seamless Upgrades', 'Full Lifecycle', 'Deep Insights', 'Auto Pilot'];
    expect(categories).toContain(annotations['artifacthub.io/category']);
    expect(levels).toContain(annotations['artifacthub.io/operatorCapabilities']);
    expect(annotations['artifacthub.io/operator']).toBe('true');
  });

  it('names every CRD as it is in the cluster, in words', () => {
    const shown = shownSchema.parse(parse(annotations['artifacthub.io/crds'] ?? ''));
    expect(shown.map(({ name }) => `crds/${name}.yaml`).toSorted()).toEqual(crds);
    expect(shown.map(({ displayName }) => displayName)).toContain('Tenant User Upsell');
  });

  it('has examples of kinds of these CRDs, and of no other', () => {
    const kinds = shownSchema.parse(parse(annotations['artifacthub.io/crds'] ?? '')).map(({ kind }) => kind);
    const examples = examplesSchema.parse(parse(annotations['artifacthub.io/crdsExamples'] ?? ''));
    expect(examples.length).toBeGreaterThan(4);
    expect(examples.filter(({ kind }) => !kinds.includes(kind))).toEqual([]);
  });

  it('leaves what is written by hand as it is, however often it is made', () => {
    const samples = [read('deploy/samples/buyer.yaml')];
    const once = withAnnotations('apiVersion: v2\nname: a\n', crds.map(read), samples);
    expect(once).toMatch(/^apiVersion: v2\nname: a\n# Made by/);
    expect(withAnnotations(once, crds.map(read), samples)).toBe(once);
  });
});
