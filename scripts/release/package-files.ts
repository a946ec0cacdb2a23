/** The packages of a release that other package managers read: the one for npm, and the Helm chart. Both name what was really published, and depend on nothing else. */
import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { isMap, isScalar, parseDocument } from 'yaml';
import { helmOk } from '../../tools/helm/helm.ts';
import { setModified } from './archive.ts';
import { chartPath, type PackageFacts } from './versions.ts';

export interface NpmPackage {
  readonly root: string;
  /** The directory with main.js and what lies beside it. */
  readonly dist: string;
  readonly facts: PackageFacts;
  readonly source: string | undefined;
  /** A directory of its own. */
  readonly staging: string;
  /** The archive's path. */
  readonly to: string;
}

/** Everything is in the bundle: the package has no dependencies and runs no script at install. */
export async function packNpm({ root, dist, facts, source, staging, to }: NpmPackage): Promise<void> {
  await mkdir(staging, { recursive: true });
  await cp(dist, join(staging, 'dist'), { recursive: true });
  for (const file of ['LICENSE', 'README.md']) await cp(join(root, file), join(staging, file));
  const { name, version, description, license, type, bin } = facts;
  const content = {
    ...{ name, version, description, license, type, bin },
    files: ['dist'],
    engines: { node: '>=24' },
    keywords: ['acronis', 'upsell', 'kubernetes', 'operator', 'kubectl-plugin'],
    ...(source === undefined ? {} : { repository: { type: 'git', url: `git+${source}.git` } }),
  };
  await writeFile(join(staging, 'package.json'), `${JSON.stringify(content, null, 2)}\n`);
  await execa('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', join(to, '..')], {
    cwd: staging,
    stdin: 'ignore',
  });
  await rename(join(to, '..', `${name}-${version}.tgz`), to);
}

export interface ChartPackage {
  readonly root: string;
  readonly helm: string;
  /** The image's repository and digest, which become the chart's defaults. */
  readonly image: { readonly repository: string; readonly digest: string };
  readonly modified: Date;
  readonly facts: PackageFacts;
  readonly staging: string;
  readonly to: string;
}

export async function packChart({ root, helm, image, modified, facts, staging, to }: ChartPackage): Promise<void> {
  const chart = join(staging, facts.name);
  await cp(join(root, chartPath), chart, { recursive: true });
  const values = parseDocument(await readFile(join(chart, 'values.yaml'), 'utf8'));
  const imageValues = values.get('image', true);
  for (const [key, value] of Object.entries(image)) {
    if (!values.hasIn(['image', key])) throw new Error(`The chart's values.yaml has no image.${key} to set.`);
    values.setIn(['image', key], value);
  }
  // The comment of the source says how to build one.
  const pair = isMap(imageValues)
    ? imageValues.items.find(({ key }) => isScalar(key) && key.value === 'repository')
    : undefined;
  if (isScalar(pair?.key)) pair.key.commentBefore = ' -- The image of this release; its digest is below.';
  await writeFile(join(chart, 'values.yaml'), values.toString({ lineWidth: 0, flowCollectionPadding: false }));
  // Helm writes the files' times into the archive, and the archive's into the manifest that it pushes.
  await setModified(chart, modified);
  const made = join(staging, 'made');
  await helmOk({ helm }, ['package', chart, '--destination', made]);
  await rename(join(made, `${facts.name}-${facts.version}.tgz`), to);
  await setModified(to, modified);
}

/** install.yaml with the image that was published. @throws Error where it does not name exactly the images that it should. */
export function withImage(install: string, name: string, image: string): string {
  const pattern = new RegExp(`^(\\s*(?:- )?image: )${name}:\\S+$`, 'gm');
  const count = [...install.matchAll(pattern)].length;
  if (count !== 1) throw new Error(`deploy/install.yaml names ${count} images of ${name} instead of one.`);
  return install.replace(pattern, `$1${image}`);
}
