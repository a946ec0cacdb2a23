/** What README and guide tell a newcomer to type, typed on an empty cluster: from nothing to an object that is Ready. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../sandbox/port.ts';
import { until } from '../../sandbox/until.ts';
import { shellBlocks } from '../support/blocks.ts';
import { Cluster, root } from './chart.ts';
import { installing, Newcomer, readme } from './newcomer.ts';

describe('from an empty cluster to Ready', { timeout: 180_000 }, () => {
  it('with Helm, by the README', async () => {
    const newcomer = await Newcomer.arrive();
    await newcomer.sets(readme);
    await newcomer.types(readme, '2. Build the image');
    await using _pod = newcomer.cluster('acronis-system');
    const [helm = '', fromSource, ...more] = await shellBlocks(readme, '', '3. Run the operator');
    expect(fromSource).toContain('dist/main.js');
    expect(more).toEqual([]);
    await newcomer.typesBlock(helm);
    await newcomer.types(readme, '4. Name the buyers');
    expect(newcomer.isBuyer).toBe(true);
    // The namespace may have the label that the guide has for it.
    await newcomer.types(installing, 'Pod Security');
  });

  it('from source, by the README', async () => {
    const newcomer = await Newcomer.arrive();
    const [, fromSource = ''] = await shellBlocks(readme, '', '3. Run the operator');
    const probes = await freePort();
    const ended = newcomer.leavesRunning(fromSource, {
      ALLOW_INSECURE_ACRONIS: 'true',
      METRICS_BIND_ADDRESS: '0',
      HEALTH_PROBE_BIND_ADDRESS: `127.0.0.1:${probes}`,
    });
    let over = false;
    void ended.then(() => {
      over = true;
    });
    await until(
      'the operator is ready',
      () => (over ? 'it ended' : fetch(`http://127.0.0.1:${probes}/readyz`).then(({ status }) => status, String)),
      (seen) => seen === 200 || seen === 'it ended',
      { withinMs: 60_000 },
    );
    await newcomer.types(readme, '4. Name the buyers');
    expect(newcomer.isBuyer).toBe(true);
  });

  it.each([
    ['With install.yaml', 'acronis-system'],
    ['With Kustomize', 'upsell'],
  ])('%s, by the guide', async (heading, namespace) => {
    const newcomer = await Newcomer.arrive();
    await newcomer.sets(installing);
    await newcomer.types(readme, '2. Build the image');
    await using _pod = newcomer.cluster(namespace);
    await newcomer.types(installing, heading);
    await newcomer.types(readme, '4. Name the buyers');
    expect(newcomer.isBuyer).toBe(true);
    const cluster = new Cluster(newcomer.controlPlane);
    const enforced = ['get', 'namespace', namespace, '-o', 'jsonpath={.metadata.labels}'];
    expect(await cluster.ok(enforced)).toContain('"pod-security.kubernetes.io/enforce":"restricted"');
  });
});

describe('what the guide says to change', () => {
  it('in install.yaml is one line, and all of the namespace', async () => {
    const text = await readFile(join(root, 'deploy/install.yaml'), 'utf8');
    expect([...text.matchAll(/image: acronis-upsell-operator:.*/g)]).toHaveLength(1);
    expect([...text.matchAll(/^\s*image:/gm)]).toHaveLength(1);
    expect(text).toContain('secretName: acronis-upsell-operator-credentials\n');
  });
});
