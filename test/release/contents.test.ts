/** What is in the files of a release, and that they are the same whenever they are made. */
import { chmod, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, inject, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { scriptsIn } from '../../scripts/release/bundle.ts';
import { ownArchitecture } from './base.ts';
import { pulled, temporary } from './pulled.ts';
import { sourcesIn } from './sources.ts';
import { build, isQuick, publish, root } from './stage.ts';

const { programs, release, published, out } = inject('release');
const assets = join(out, 'assets');
const asset = (name: string): Promise<string> => readFile(join(assets, name), 'utf8');

describe('the JSON schemas', () => {
  const kubeconform = (text: string) =>
    execa(
      programs.kubeconform,
      ['-strict', '-summary', `-schema-location=${assets}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json`, '-'],
      { input: text, all: true, reject: false },
    );
  const samples = async (): Promise<string[]> => {
    const dir = join(root, 'deploy/samples');
    const texts = await Promise.all((await readdir(dir)).map((file) => readFile(join(dir, file), 'utf8')));
    return texts
      .flatMap((text) => parseAllDocuments(text).map((document): unknown => document.toJS()))
      .map((object) => JSON.stringify(object))
      .filter((text) => text.includes('upsell.acronis.com/'));
  };

  it('there is one for each CRD', async () => {
    const kinds = (await readdir(join(root, 'crds'))).map((file) => file.replace(/s\..*|\.yaml$/g, ''));
    const files = await readdir(assets);
    expect(files.filter((file) => file.endsWith('_v1alpha1.json'))).toHaveLength(kinds.length);
  });

  it('take every sample', async () => {
    const all = await samples();
    expect(all.length).toBeGreaterThan(4);
    for (const text of all) {
      const { exitCode, all: said } = await kubeconform(text);
      expect(exitCode, `${text}\n${said}`).toBe(0);
    }
  });

  it('refuse a field that there is not, wherever it stands', async () => {
    for (const wrong of [
      { userID: '1c234e69-5469-424a-a6d1-ff5658b387a6', userld: 'x' },
      { userID: '1c234e69-5469-424a-a6d1-ff5658b387a6', accountRef: { name: 'a', namespace: 'b' } },
      { userID: 7 },
    ]) {
      const object = {
        apiVersion: 'upsell.acronis.com/v1alpha1',
        kind: 'TenantUserUpsell',
        metadata: { name: 'x' },
        spec: wrong,
      };
      const { exitCode, all } = await kubeconform(JSON.stringify(object));
      expect(exitCode, all).toBe(1);
    }
  });
});

describe('two builds of one commit', () => {
  it.skipIf(isQuick)('are equal to the byte, from another directory and at another time', async () => {
    const checkout = join(await temporary(), 'somewhere/else');
    await mkdir(checkout, { recursive: true });
    // What is built, as it is here now: of the commit, with what is not committed yet.
    const { stdout: files } = await execa('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
    });
    await execa('tar', ['-cf', join(checkout, '..', 'files.tar'), '--files-from=-'], { cwd: root, input: files });
    await execa('tar', ['-xf', join(checkout, '..', 'files.tar'), '-C', checkout]);
    await execa('cp', ['-r', join(root, 'node_modules'), join(checkout, 'node_modules')]);
    await execa('find', [join(checkout, 'deploy'), '-exec', 'touch', '{}', '+']);
    await chmod(join(checkout, 'Dockerfile'), 0o600);
    const again = await build(checkout, join(checkout, 'dist/release'));
    expect(again).toEqual(release);
    const sums = (dir: string) => readFile(join(dir, 'assets/SHA256SUMS'), 'utf8');
    expect(await sums(join(checkout, 'dist/release'))).toBe(await sums(out));
  });

  it('publishing the same again changes nothing', async () => {
    expect(await publish(out)).toEqual(published);
  });
});

/** Name and version of what is installed there; nothing where that is no package. */
async function installed(place: string): Promise<string | undefined> {
  const text = await readFile(join(root, place, 'package.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { name, version } = z.object({ name: z.string(), version: z.string() }).parse(JSON.parse(text));
  return `${name}@${version}`;
}

describe('the bill of materials', () => {
  const bomSchema = z.object({
    metadata: z.object({
      component: z.object({
        version: z.string(),
        components: z.array(z.object({ name: z.string(), hashes: z.array(z.object({ content: z.string() })) })),
      }),
    }),
    components: z.array(z.object({ group: z.string().optional(), name: z.string(), version: z.string() })),
  });
  const bom = async () =>
    bomSchema.parse(JSON.parse(await asset(`acronis-upsell-operator-${release.version}.cdx.json`)));

  it('names exactly the packages whose sources are in the bundle, as its source map has them', async () => {
    const app = join(await pulled(ownArchitecture), 'app');
    const sources = await sourcesIn(app);
    const places = new Set(
      sources.flatMap((source) => /node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(source)?.[0] ?? []),
    );
    const inMap = new Set((await Promise.all([...places].map(installed))).filter((name) => name !== undefined));
    const named = (await bom()).components.map(
      ({ group, name, version }) => `${group === undefined ? '' : `${group}/`}${name}@${version}`,
    );
    expect(inMap.size).toBeGreaterThan(10);
    expect([...inMap].filter((each) => !named.includes(each))).toEqual([]);
    // Others come with source maps of their own, which lead to sources that were not published.
    const others = named.filter((each) => !inMap.has(each)).map((each) => each.replace(/@[^@]*$/, ''));
    for (const name of others) {
      const files = await readdir(join(root, 'node_modules', name), { recursive: true });
      expect(files.filter((file) => file.endsWith('.map')).length, name).toBeGreaterThan(0);
    }
    expect(others.length).toBeLessThan(3);
  });

  it('is that of the very files in the image', async () => {
    const { component } = (await bom()).metadata;
    const named = component.components.map(({ name, hashes }) => [name, hashes.map(({ content }) => content).join()]);
    expect(named).toEqual([...(await scriptsIn(join(await pulled(ownArchitecture), 'app')))]);
    expect(component.version).toBe(release.version);
  });
});
