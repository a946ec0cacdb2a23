/**
 * `npm run build` in site/: the whole site into site/dist/site, one VitePress build for each version.
 *
 * SITE_BASE is the path that the site is served below (`/name/` with GitHub Pages); SITE_REPOSITORY, where it is known, the URL that "Edit this page" leads to.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { build } from 'vitepress';
import { stage } from './stage.ts';
import { type Version, versionsOf } from './versions.ts';

const site = fileURLToPath(new URL('.', import.meta.url));
const root = join(site, '..');

/** Read by .vitepress/config.ts, which VitePress loads by itself. */
export interface Built {
  readonly version: Version;
  readonly versions: readonly Version[];
  readonly base: string;
  readonly sidebar: Awaited<ReturnType<typeof stage>>;
}

/** `treeOf` gives the folder that a version's files are in. */
export async function buildSite(
  { versions, base, out }: { readonly versions: readonly Version[]; readonly base: string; readonly out: string },
  treeOf: (version: Version) => Promise<string>,
): Promise<void> {
  await rm(out, { recursive: true, force: true });
  // The root first: each build empties its own folder.
  for (const version of versions.toSorted((a, b) => a.path.length - b.path.length)) {
    const sidebar = await stage(await treeOf(version), join(site, 'dist/pages'));
    const built: Built = { version, versions, base, sidebar };
    process.env['SITE_BUILD'] = JSON.stringify(built);
    await build(site, { outDir: join(out, version.path) });
  }
}

/** The files of a tag, unpacked beside; the working tree as it is. */
async function treeOf({ tag }: Version): Promise<string> {
  if (tag === undefined) return root;
  const to = await mkdtemp(join(tmpdir(), 'upsell-site-'));
  await mkdir(to, { recursive: true });
  const archive = join(to, 'tree.tar');
  await execa('git', ['archive', '--output', archive, tag], { cwd: root });
  await execa('tar', ['-xf', archive, '-C', to]);
  return to;
}

if (import.meta.main) {
  const { stdout } = await execa('git', ['tag', '--list', 'v*'], { cwd: root });
  const versions = versionsOf(stdout.split('\n'));
  await buildSite({ versions, base: process.env['SITE_BASE'] ?? '/', out: join(site, 'dist/site') }, treeOf);
}
