/**
 * Everything of a release, made in one directory and published nowhere: `assets/` with the files that people download, `image/` with the image index, release.json with what
 * publishing needs. From one commit and one base it is the same to the byte, wherever and whenever it is made.
 */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import * as z from 'zod';
import type { Progress } from '../../tools/progress.ts';
import { archive, sha256 } from './archive.ts';
import { pullBases } from './bases.ts';
import { scriptsIn } from './bundle.ts';
import { lastStage } from './dockerfile.ts';
import { type Platform, writeImage } from './image.ts';
import { releaseNotes } from './notes.ts';
import { packChart, packNpm, withImage } from './package-files.ts';
import { provenance, type Subject, statement } from './provenance.ts';
import { metafileSchema, sbom } from './sbom.ts';
import { schemasOf } from './schemas.ts';
import { disagreements, readPackage } from './versions.ts';

export interface ReleaseOptions {
  readonly root: string;
  /** Emptied first. */
  readonly out: string;
  /** Where images and charts go, as `registry.example.com/acme`. */
  readonly registry: string;
  /** What the image runs on. */
  readonly base: string;
  readonly platforms: readonly Platform[];
  /** Of git, as `v1.2.3`; absent: no tag is needed. */
  readonly tag: string | undefined;
  readonly commit: string;
  /** Of the commit: everything that is made bears it. */
  readonly created: Date;
  /** The repository's address. */
  readonly source: string | undefined;
  readonly builder: string;
  readonly programs: { readonly crane: string; readonly helm: string };
}

/** What publishing and proving read of release.json. */
export const releaseSchema = z.object({
  version: z.string(),
  commit: z.string(),
  image: z.object({ repository: z.string(), digest: z.string() }),
  /** Where the chart goes, without its name. */
  charts: z.string(),
  chart: z.string(),
  npm: z.string(),
});
export type Release = z.output<typeof releaseSchema>;

/** @throws Error with a sentence for each thing that does not agree with the version. */
export async function buildRelease(options: ReleaseOptions, progress: Progress): Promise<Release> {
  const { root, out, registry, created, commit, source, programs } = options;
  const facts = await readPackage(root);
  const { name, version } = facts;
  const wrong = await disagreements(root, version, options.tag);
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  const notes = releaseNotes(await readFile(join(root, 'CHANGELOG.md'), 'utf8'), version);

  await rm(out, { recursive: true, force: true });
  const work = join(out, 'work');
  const assets = join(out, 'assets');
  for (const dir of [work, assets]) await mkdir(dir, { recursive: true });
  await writeFile(join(out, 'notes.md'), notes);

  const app = join(work, 'layer/app');
  const dist = join(work, 'dist');
  const metafile = await progress.step('building the bundle', () => buildBundle(root, dist, join(work, 'meta.json')));
  await cp(dist, app, { recursive: true });
  await cp(join(root, 'LICENSE'), join(app, 'LICENSE'));
  await writeFile(join(app, 'package.json'), '{"type":"module"}\n');

  const bases = await progress.step(`fetching the base ${options.base}`, () =>
    pullBases(programs.crane, options.base, options.platforms, join(work, 'bases')),
  );
  const labels = { VERSION: version, REVISION: commit, CREATED: created.toISOString() };
  const config = lastStage(await readFile(join(root, 'Dockerfile'), 'utf8'), labels);
  const annotations = {
    ...config.Labels,
    ...(source === undefined ? {} : { 'org.opencontainers.image.source': source }),
    'org.opencontainers.image.base.name': bases.pinned.name,
    'org.opencontainers.image.base.digest': bases.pinned.digest,
  };
  const layer = await archive(join(work, 'layer'), created);
  const index = await progress.step('writing the image', () =>
    writeImage(join(out, 'image'), { bases: bases.pulled, layer, config, created, annotations }),
  );
  const image = { repository: `${registry}/${name}`, digest: index.digest };

  await progress.step('packing the chart and the npm package', async () => {
    const chart = join(assets, `${name}-chart-${version}.tgz`);
    await packChart({
      ...{ root, helm: programs.helm, image, modified: created, facts },
      ...{ staging: join(work, 'chart'), to: chart },
    });
    await packNpm({
      ...{ root, dist, facts, source, staging: join(work, 'npm') },
      to: join(assets, `${name}-npm-${version}.tgz`),
    });
  });
  const install = await readFile(join(root, 'deploy/install.yaml'), 'utf8');
  const reference = `${image.repository}:${version}@${image.digest}`;
  await writeFile(join(assets, 'install.yaml'), withImage(install, name, reference));
  await cp(join(root, 'deploy/crds.yaml'), join(assets, 'crds.yaml'));
  for (const crd of await readdir(join(root, 'crds')))
    for (const [file, schema] of schemasOf(parse(await readFile(join(root, 'crds', crd), 'utf8'))))
      await writeFile(join(assets, file), `${JSON.stringify(schema, null, 2)}\n`);
  await writeFile(
    join(assets, `${name}-${version}.cdx.json`),
    await sbom({ root, metafile, facts, files: await scriptsIn(dist), created }),
  );

  const predicate = provenance({
    ...{ version, commit, source, builder: options.builder, bases: [bases.pinned] },
    lockDigest: sha256(await readFile(join(root, 'package-lock.json'))),
  });
  await writeFile(join(out, 'provenance.json'), `${JSON.stringify(predicate, null, 2)}\n`);
  const files = await subjectsIn(assets);
  const subjects = [...files, { name: image.repository, digest: image.digest }];
  await writeFile(join(out, 'statement.json'), `${JSON.stringify(statement(subjects, predicate), null, 2)}\n`);
  const sums = files.map((each) => `${each.digest.replace('sha256:', '')}  ${each.name}\n`).join('');
  await writeFile(join(assets, 'SHA256SUMS'), sums);

  const release: Release = {
    ...{ version, commit, image, charts: `${registry}/charts` },
    ...{ chart: `${name}-chart-${version}.tgz`, npm: `${name}-npm-${version}.tgz` },
  };
  await writeFile(join(out, 'release.json'), `${JSON.stringify(release, null, 2)}\n`);
  await rm(work, { recursive: true });
  return release;
}

async function buildBundle(root: string, dist: string, metafile: string) {
  await execa(process.execPath, [join(root, 'scripts/build.ts'), `--outdir=${dist}`, `--metafile=${metafile}`]);
  return metafileSchema.parse(JSON.parse(await readFile(metafile, 'utf8')));
}

async function subjectsIn(dir: string): Promise<readonly Subject[]> {
  const names = (await readdir(dir)).sort();
  return await Promise.all(names.map(async (name) => ({ name, digest: sha256(await readFile(join(dir, name))) })));
}
