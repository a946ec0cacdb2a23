/**
 * An earlier version of the operator, made from this repository's own history: its bundle, and the CRDs as it had them. Its sources are built with the packages of
 * today, so it is that version's behaviour and not its very file. Nothing is downloaded.
 */
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The last commit of 0.1.0. It has no tag: it was never published. */
export const previousVersion = { version: '0.1.0', commit: '4463890130c0cd91117bef51afb2f6d639861762' };

/** A shallow clone, or an archive without history, does not have it. */
export async function hasHistoryOf(commit: string): Promise<boolean> {
  const { exitCode } = await execa('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root, reject: false });
  return exitCode === 0;
}

export interface EarlierVersion extends AsyncDisposable {
  readonly bundle: string;
  /** As `crdsOf`. */
  readonly crds: string;
}

/** @throws Error where the history does not have the commit, or its sources cannot be built. */
export async function buildEarlier(commit: string): Promise<EarlierVersion> {
  const dir = await mkdtemp(join(tmpdir(), 'upsell-earlier-'));
  const remove = () => rm(dir, { recursive: true, force: true });
  try {
    const wanted = ['src', 'scripts', 'package.json'];
    const archive = await execa('git', ['archive', '--format=tar', commit, ...wanted], {
      cwd: root,
      encoding: 'buffer',
    });
    await execa('tar', ['-x', '-C', dir], { input: archive.stdout });
    await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
    await execa(process.execPath, ['scripts/build.ts'], { cwd: dir });
    return { bundle: join(dir, 'dist/main.js'), crds: await crdsOf(commit), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The CRDs of a commit, as a stream of YAML documents. @throws Error where the history does not have it. */
export async function crdsOf(commit: string): Promise<string> {
  const { stdout } = await execa('git', ['ls-tree', '--name-only', commit, 'crds/'], { cwd: root });
  const files = stdout.split('\n').filter((name) => name.endsWith('.yaml'));
  const texts = await Promise.all(files.map((name) => execa('git', ['show', `${commit}:${name}`], { cwd: root })));
  return texts.map(({ stdout: text }) => text).join('\n---\n');
}

/** This version's. */
export async function crdsOfToday(): Promise<string> {
  const folder = join(root, 'crds');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.join('---\n');
}
