/**
 * Lays out the pages of one version as VitePress reads them: from the files of a repository, as it is now or as it was at a tag.
 * Nothing is edited by hand in between: what is wrong on the site is wrong in docs/.
 */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { anchorOf, pageOf, samples, samplesPage, translate } from './paths.ts';
import { schemasOf, schemasPage } from './schemas.ts';
import { type Group, sidebarOf } from './sidebar.ts';

/** Folders that pages do not come from and do not link into. */
const aside = new Set(['node_modules', 'dist', 'coverage', '.git', 'site']);

/**
 * Writes pages and files below `to`, which is emptied before. Returns the navigation.
 * @throws Error where a page links to what is not there.
 */
export async function stage(root: string, to: string): Promise<readonly Group[]> {
  const all = new Set(await filesOf(root));
  await rm(to, { recursive: true, force: true });
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(to, path)), { recursive: true });
    await writeFile(join(to, path), text);
  };
  const read = (file: string): Promise<string> => readFile(join(root, file), 'utf8');

  for (const file of all) {
    const page = pageOf(file);
    if (page === undefined) continue;
    const { text, files } = translate(file, await read(file), all);
    await write(page, text);
    for (const [path, source] of files) {
      await mkdir(dirname(join(to, path)), { recursive: true });
      await copyFile(join(root, source), join(to, path));
    }
  }
  const sorted = [...all].toSorted();
  const manifests = await Promise.all(
    sorted
      .filter((file) => file.startsWith(`${samples}/`))
      .map(async (file) => ({ name: file.slice(samples.length + 1), text: await read(file) })),
  );
  await write(samplesPage, samplesOf(manifests));
  const crds = sorted.filter((file) => /^crds\/[^/]+\.yaml$/.test(file));
  await write(schemasPage, schemasOf(await Promise.all(crds.map(read))));
  return sidebarOf(await read('docs/README.md'), (file) => all.has(file));
}

/** Each sample below a heading whose anchor is made from its file's name. */
function samplesOf(manifests: readonly { readonly name: string; readonly text: string }[]): string {
  return [
    '# Samples',
    '',
    'The manifests of `deploy/samples`. A test applies each of them.',
    '',
    ...manifests.flatMap(({ name, text }) => [
      `## ${name} {#${anchorOf(name)}}`,
      '',
      '```yaml',
      text.trimEnd(),
      '```',
      '',
    ]),
  ].join('\n');
}

async function filesOf(root: string): Promise<readonly string[]> {
  const top = await readdir(root, { withFileTypes: true });
  const below = top
    .filter((entry) => !aside.has(entry.name))
    .map(async (entry) => {
      if (!entry.isDirectory()) return [entry.name];
      const found = await readdir(join(root, entry.name), { recursive: true, withFileTypes: true });
      return found
        .filter((each) => each.isFile() && !each.parentPath.includes('node_modules'))
        .map((each) => relative(root, join(each.parentPath, each.name)));
    });
  return (await Promise.all(below)).flat();
}
