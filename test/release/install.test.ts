/** Chart, manifests and npm package as people install them. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { freePort } from '../../sandbox/port.ts';
import { sha256 } from '../../scripts/release/archive.ts';
import { helmOk } from '../../tools/helm/helm.ts';
import { temporary } from './pulled.ts';

const { programs, release, published, out } = inject('release');
const controlPlane = inject('releaseControlPlane');
const assets = join(out, 'assets');

describe('on a cluster', () => {
  const image = () => published.image;

  it('the chart, pulled from the registry, installs pods with the image by the digest that was pushed', async () => {
    const dir = await temporary();
    const { helm } = programs;
    const chart = `oci://${release.charts}/acronis-upsell-operator`;
    const { version } = release;
    await helmOk({ helm }, ['pull', chart, `--version=${version}`, '--plain-http', `--destination=${dir}`]);
    const archive = join(dir, `acronis-upsell-operator-${version}.tgz`);
    expect(sha256(await readFile(archive))).toBe(sha256(await readFile(join(assets, release.chart))));
    const { kubeconfig } = controlPlane;
    const install = ['install', 'upsell', archive, '--namespace=released', '--create-namespace'];
    await helmOk({ helm, kubeconfig }, install);
    const found = await kubectlOk(controlPlane, [
      ...['get', 'deployments', '--namespace=released'],
      '--output=jsonpath={.items[*].spec.template.spec.containers[*].image}',
    ]);
    expect(found).toBe(image());
    const listed = await helmOk({ helm, kubeconfig }, ['list', '--namespace=released', '--output=json']);
    const [one] = z.array(z.object({ chart: z.string(), app_version: z.string() })).parse(JSON.parse(listed));
    expect(one).toEqual({ chart: `acronis-upsell-operator-${version}`, app_version: version });
    await helmOk({ helm, kubeconfig }, ['uninstall', 'upsell', '--namespace=released']);
  });

  it('install.yaml and crds.yaml are accepted, with the image by its digest and its version to read', async () => {
    await kubectlOk(controlPlane, ['apply', '--server-side', '--force-conflicts', '-f', join(assets, 'crds.yaml')]);
    await kubectlOk(controlPlane, ['apply', '--server-side', '-f', join(assets, 'install.yaml')]);
    const found = await kubectlOk(controlPlane, [
      ...['get', 'deployments', '--namespace=acronis-system'],
      '--output=jsonpath={.items[*].spec.template.spec.containers[*].image}',
    ]);
    const [repository, digest] = image().split('@');
    expect(found).toBe(`${repository}:${release.version}@${digest}`);
  });
});

describe('the npm package', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'upsell-release-npm-'));
    await writeFile(join(folder, 'package.json'), '{"private":true}');
    // Offline: it needs nothing else.
    const archive = join(assets, release.npm);
    await execa('npm', ['install', '--offline', '--no-audit', '--no-fund', archive], { cwd: folder, stdin: 'ignore' });
    return () => rm(folder, { recursive: true });
  });
  const plugin = () => join(folder, 'node_modules/.bin/kubectl-upsell');

  it('installs into an empty folder without anything else, and runs no script', async () => {
    const installed = (await readdir(join(folder, 'node_modules'))).filter((name) => !name.startsWith('.'));
    expect(installed).toEqual(['acronis-upsell-operator']);
    const manifest = JSON.parse(
      await readFile(join(folder, 'node_modules/acronis-upsell-operator/package.json'), 'utf8'),
    );
    expect(Object.keys(manifest)).not.toContain('scripts');
    expect(Object.keys(manifest)).not.toContain('private');
  });

  it('is a plugin of kubectl, and says its version', async () => {
    expect((await execa(plugin(), ['--version'])).stdout).toBe(release.version);
    const PATH = [dirname(plugin()), process.env['PATH']].join(delimiter);
    const { stdout } = await execa(controlPlane.kubectl, ['upsell', '--version'], { env: { PATH } });
    expect(stdout).toBe(release.version);
  });

  it('runs the operator, which bears the version of the release in its requests and in build_info', async () => {
    const acronis = await startSandbox({ users: 5 });
    onTestFinished(() => acronis.stop());
    await kubectlOk(controlPlane, ['apply', '--server-side', '--force-conflicts', '-f', join(assets, 'crds.yaml')]);
    const object = {
      apiVersion: 'upsell.acronis.com/v1alpha1',
      kind: 'TenantUserUpsell',
      metadata: { name: 'released', namespace: 'default' },
      spec: { userID: acronis.cast.johnDoe },
    };
    const [probes, metrics] = [await freePort(), await freePort()];
    const running = execa(
      plugin(),
      [
        ...['run', `--kubeconfig=${controlPlane.kubeconfig}`, '--allow-insecure-acronis'],
        ...['--leader-election-namespace=default', `--health-probe-bind-address=127.0.0.1:${probes}`],
        `--metrics-bind-address=127.0.0.1:${metrics}`,
      ],
      {
        env: {
          ACRONIS_URL: acronis.url,
          ACRONIS_CLIENT_ID: acronis.clientId,
          ACRONIS_CLIENT_SECRET: acronis.clientSecret,
        },
        all: true,
        reject: false,
        stdin: 'ignore',
      },
    );
    onTestFinished(async () => {
      running.kill();
      await running;
    });
    await kubectlOk(controlPlane, ['apply', '-f', '-'], { stdin: JSON.stringify(object) });
    await kubectlOk(controlPlane, ['wait', '--for=condition=Ready', 'tuu/released', '--timeout=60s']);
    const { version } = release;
    const agents = new Set(acronis.ledger.requests.all().map(({ userAgent }) => userAgent));
    expect([...agents]).toEqual([`acronis-upsell-operator/${version}`]);
    const page = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
    expect(page).toContain(`acronis_upsell_operator_build_info{version="${version}"} 1`);
  });
});
