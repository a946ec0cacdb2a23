import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { manifestsOf } from '../../tools/helm/manifests.ts';
import { Cluster, root, upsell } from './chart.ts';

const userID = '1c234e69-5469-424a-a6d1-ff5658b387a6';

describe('without Helm', () => {
  const cluster = new Cluster(inject('auditedControlPlane'));

  it('crds.yaml and install.yaml, or the same of Kustomize, are applied as they are, and removing the operator leaves the CRD and the objects', async () => {
    const taking = ['apply', '--server-side', '--force-conflicts'];
    await cluster.ok([...taking, '-f', `${root}deploy/crds.yaml`]);
    await cluster.untilEstablished();
    await cluster.ok([...taking, '-f', `${root}deploy/install.yaml`]);
    const again = await cluster.ok([...taking, '-k', `${root}deploy/kustomize/base`]);
    expect(again).toContain('deployment.apps/acronis-upsell-operator');
    const stays = await cluster.newNamespace('stays');
    await cluster.apply(upsell(stays, 'one', { userID }));
    await cluster.ok(['delete', '-f', `${root}deploy/install.yaml`, '--wait=false']);
    expect(await cluster.ok(['-n', stays, 'get', 'tuu', '-o', 'name'])).toContain('/one');
  });

  it('install.yaml says what comes first and in which order it goes', async () => {
    const text = await readFile(`${root}deploy/install.yaml`, 'utf8');
    expect(text).toMatch(/apply --server-side -f deploy\/crds\.yaml\n.+-f deploy\/install\.yaml/);
    expect(text).toMatch(/To remove it: first the objects with deletionPolicy Revoke, while the operator still runs/);
    expect(text).not.toContain('CustomResourceDefinition');
  });

  it('Kustomize moves everything to another namespace, with all components', async () => {
    const overlay = await mkdtemp(join(tmpdir(), 'upsell-elsewhere-'));
    onTestFinished(() => rm(overlay, { recursive: true }));
    const from = (path: string) => relative(overlay, `${root}deploy/kustomize/${path}`);
    const components = await readdir(`${root}deploy/kustomize/components`);
    const kustomization = {
      namespace: 'elsewhere',
      resources: [from('crds'), from('base')],
      components: components.map((name) => from(`components/${name}`)),
    };
    await writeFile(join(overlay, 'kustomization.yaml'), JSON.stringify(kustomization));
    const text = await cluster.ok(['kustomize', overlay]);
    expect(text).not.toContain('acronis-system');
    for (const kind of ['ServiceMonitor', 'PodDisruptionBudget', 'Deployment'])
      expect(manifestsOf(text).find((each) => each.kind === kind)?.metadata.namespace, kind).toBe('elsewhere');
    await cluster.accepts(text);
  });
});
