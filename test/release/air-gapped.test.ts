/** The blocks of docs/guide/air-gapped.md, with a second registry for the inside, where nothing knows the first one. */
import { chmod, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { provision } from '../../tools/controlplane/provision.ts';
import { helmOk } from '../../tools/helm/helm.ts';
import { runBlock, shellBlocks } from '../support/blocks.ts';
import { temporary } from './pulled.ts';
import { startRegistry } from './registry.ts';
import { root } from './stage.ts';

const { programs, release, out, keys, host } = inject('release');
const page = join(root, 'docs/guide/air-gapped.md');

const entry = z.looseObject({ digest: z.string() });
const layout = z.looseObject({ manifests: z.tuple([entry], entry) });

/** One side of the gap: its programs, its variables, and nothing of the other. */
async function side(home: string, variables: Readonly<Record<string, string>>, kubectl?: string) {
  const bin = join(home, 'bin');
  await mkdir(bin);
  for (const name of ['cosign', 'crane', 'helm'] as const) await symlink(programs[name], join(bin, name));
  if (kubectl !== undefined) await symlink(kubectl, join(bin, 'kubectl'));
  const env = { HOME: home, PATH: [bin, process.env['PATH']].join(delimiter), VERSION: release.version, ...variables };
  return async (word: string, cwd: string) => {
    const [block = '', ...more] = await shellBlocks(page, word);
    expect(more).toEqual([]);
    return await runBlock(block, { cwd, env });
  };
}

/** The release's files, and the image as the page has it carried. */
async function carriedIn(): Promise<string> {
  const media = join(await temporary(), 'media');
  await cp(join(out, 'assets'), media, { recursive: true });
  const outside = await side(await temporary(), { REGISTRY: `${host}/acme` });
  const { exitCode, said } = await outside('outside', media);
  expect(exitCode, said).toBe(0);
  return media;
}

async function insider(kubeconfig?: { readonly kubectl: string; readonly kubeconfig: string }) {
  const registry = await startRegistry(programs.registry);
  onTestFinished(() => registry.stop());
  const mirror = `${registry.host}/mirror`;
  const run = await side(
    await temporary(),
    {
      MIRROR: mirror,
      SIGNER: `--key=${join(keys, 'cosign.pub')} --insecure-ignore-tlog=true`,
      ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig.kubeconfig }),
      // Whatever would go out of here fails.
      HTTPS_PROXY: 'http://127.0.0.1:9',
      HTTP_PROXY: 'http://127.0.0.1:9',
      NO_PROXY: '127.0.0.1,localhost',
    },
    kubeconfig?.kubectl,
  );
  return { mirror, run };
}

it('the image is brought in to the byte, and both ways to install name it where it is inside, by its digest', async () => {
  const media = await carriedIn();
  const { signal } = new AbortController();
  const { source: _, ...controlPlanePrograms } = await provision({}, signal);
  const controlPlane = await startControlPlane({ programs: controlPlanePrograms }, signal);
  onTestFinished(() => controlPlane.stop());
  const { mirror, run } = await insider(controlPlane);
  const verified = await run('inside', media);
  expect(verified.exitCode, verified.said).toBe(0);

  const image = `${mirror}/acronis-upsell-operator`;
  const { digest } = release.image;
  for (const [word, expected] of [
    ['helm', `${image}@${digest}`],
    ['manifests', `${image}:${release.version}@${digest}`],
  ] as const) {
    const { exitCode, said } = await run(word, media);
    expect(exitCode, said).toBe(0);
    const names = '--output=jsonpath={.items[*].spec.template.spec.containers[*].image}';
    expect(await kubectlOk(controlPlane, ['get', 'deployments', '-n', 'acronis-system', names])).toBe(expected);
    // What a node would pull is there.
    await execa(programs.crane, ['manifest', expected]);
    if (word === 'manifests') continue;
    const { kubeconfig } = controlPlane;
    await helmOk({ helm: programs.helm, kubeconfig }, ['uninstall', 'acronis-upsell-operator', '-n', 'acronis-system']);
    await kubectlOk(controlPlane, ['delete', 'crd', '--all']);
  }
});

it('an image in which something is another one is found before anything is installed', async () => {
  const media = await carriedIn();
  const index = join(media, 'image/index.json');
  const whole = layout.parse(JSON.parse(await readFile(index, 'utf8')));
  const [{ digest }] = whole.manifests;
  const blob = join(media, 'image/blobs/sha256', digest.replace('sha256:', ''));
  const { manifests } = layout.parse(JSON.parse(await readFile(blob, 'utf8')));
  // One platform of it, as a tool that keeps only its own would bring.
  await chmod(index, 0o644);
  await writeFile(index, JSON.stringify({ ...whole, manifests: [manifests[0]] }));
  const { run } = await insider();
  expect((await run('inside', media)).exitCode).not.toBe(0);
});
