/** What the API server's own admission says to the chart's pods, where a Pod Security Standard is enforced. */
import { readFile } from 'node:fs/promises';
import { describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { manifestsOf } from '../../tools/helm/manifests.ts';
import { Cluster, rendered, root, type Values } from './chart.ts';

const cluster = new Cluster(inject('auditedControlPlane'));
const templateSchema = z.object({ spec: z.object({ template: z.object({ spec: z.looseObject({}) }) }) });

/** Tries to make the pods of the Deployment and of `helm test` in a namespace with this standard. */
async function tryPods(text: string, standard: string) {
  const namespace = await cluster.newNamespace('psa', { 'pod-security.kubernetes.io/enforce': standard });
  const manifests = manifestsOf(text);
  const account = manifests.find(({ kind }) => kind === 'ServiceAccount');
  await cluster.apply({ ...account, metadata: { ...account?.metadata, namespace } });
  const pods = manifests.flatMap((each): object[] => {
    const metadata = { name: `pod-${each.metadata.name}`, namespace };
    if (each.kind === 'Deployment')
      return [{ apiVersion: 'v1', kind: 'Pod', metadata, spec: templateSchema.parse(each).spec.template.spec }];
    return each.kind === 'Pod' ? [{ ...each, metadata }] : [];
  });
  return await Promise.all(
    pods.map((pod) => cluster.tried(['create', '--dry-run=server', '-f', '-'], JSON.stringify(pod))),
  );
}

/** The values that docs/guide/install.md gives for OpenShift. */
async function forOpenShift(): Promise<Values> {
  const page = await readFile(`${root}docs/guide/install.md`, 'utf8');
  const [, block = ''] = /^## OpenShift[\s\S]*?^```yaml\n([\s\S]*?)^```$/m.exec(page) ?? [];
  return z.record(z.string(), z.unknown()).parse(parse(block));
}

describe('the Pod Security Standard restricted', () => {
  it("admits the Deployment's pod and that of helm test", async () => {
    const { text } = await rendered();
    const results = await tryPods(text, 'restricted');
    expect(results.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
  });

  it('admits that of install.yaml', async () => {
    const text = await readFile(`${root}deploy/install.yaml`, 'utf8');
    const results = await tryPods(text, 'restricted');
    expect(results.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([[0, '']]);
  });

  it('refuses a pod that may be root, so that the check itself can fail', async () => {
    const { text } = await rendered({ podSecurityContext: { runAsNonRoot: false } });
    const [result] = await tryPods(text, 'restricted');
    expect(result?.stderr).toContain('violates PodSecurity "restricted');
  });

  it("admits the pods with the guide's values for OpenShift, which name no user and no group", async () => {
    const values = await forOpenShift();
    const { text } = await rendered(values);
    expect(text).not.toMatch(/runAsUser|runAsGroup|fsGroup/);
    expect(text).toContain('runAsNonRoot: true');
    const results = await tryPods(text, 'restricted');
    expect(results.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
  });
});
