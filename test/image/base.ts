/**
 * Base images for the Dockerfile: pulled where they can be, else made here, of a minimal Debian and the node binary that runs this test.
 * One to run on, which has node and nothing else, and one to build on, which has npm and this machine's way to the registry too.
 */
import { chmod, cp, mkdir, mkdtemp, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { cacheRoot } from '../../tools/cache.ts';
import { build, podman } from './engine.ts';

export interface Bases {
  readonly runtime: string;
  readonly build: string;
  readonly source: 'NODE_IMAGE' | 'pulled' | 'made here';
}

const official = 'node:24-slim';
const made = { runtime: 'localhost/node:24-slim', build: 'localhost/node-build:24-slim' };
const suite = 'bookworm';

export async function bases(env: Readonly<Record<string, string | undefined>> = process.env): Promise<Bases> {
  const given = env['NODE_IMAGE'];
  if (given !== undefined && given !== '')
    return { runtime: given, build: env['BUILD_IMAGE'] || given, source: 'NODE_IMAGE' };
  if (await canPull(official)) return { runtime: official, build: official, source: 'pulled' };
  await importRuntime(await minimalDebian(env));
  await makeBuildBase(env);
  return { ...made, source: 'made here' };
}

const canPull = async (image: string): Promise<boolean> =>
  (
    await execa('podman', ['--storage-driver=vfs', 'pull', '-q', image], {
      reject: false,
      timeout: 30_000,
      stdin: 'ignore',
    })
  ).exitCode === 0;

/** The root of a minimal Debian; kept, as it takes a minute. */
async function minimalDebian(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const entry = join(cacheRoot('image', env), `debian-${suite}`);
  if ((await stat(join(entry, 'etc')).catch(() => undefined)) !== undefined) return entry;
  await mkdir(dirname(entry), { recursive: true });
  const partial = await mkdtemp(`${entry}.partial-`);
  try {
    await execa('debootstrap', ['--variant=minbase', suite, partial]);
    // It becomes the root directory, which every user may enter.
    await chmod(partial, 0o755);
    await rename(partial, entry);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return entry;
}

async function importRuntime(rootfs: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'upsell-base-'));
  try {
    await mkdir(join(dir, 'usr/local/bin'), { recursive: true });
    await cp(process.execPath, join(dir, 'usr/local/bin/node'), { dereference: true });
    const archive = join(dir, 'base.tar');
    const unneeded = ['./var/cache/apt', './var/lib/apt', './usr/share/doc', './usr/share/man', './usr/share/locale'];
    await execa('tar', ['-C', rootfs, ...unneeded.map((path) => `--exclude=${path}`), '-cf', archive, '.']);
    await execa('tar', ['-C', dir, '--owner=0', '--group=0', '-rf', archive, './usr/local/bin/node']);
    await podman('import', '-q', archive, made.runtime);
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** Where the npm of this machine is, with all it needs. */
async function npmPackage(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const cli = env['npm_execpath'] || (await realpath((await execa('sh', ['-c', 'command -v npm'])).stdout.trim()));
  return dirname(dirname(cli));
}

async function makeBuildBase(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'upsell-build-base-'));
  try {
    await cp(await npmPackage(env), join(context, 'npm'), { recursive: true, dereference: true });
    const registry = (await execa('npm', ['config', 'get', 'registry'])).stdout.trim();
    const authorities = env['NODE_EXTRA_CA_CERTS'] ?? '';
    if (authorities === '') await writeFile(join(context, 'authorities.pem'), '');
    else await cp(authorities, join(context, 'authorities.pem'), { dereference: true });
    const npm = '/usr/local/lib/node_modules/npm';
    await writeFile(
      join(context, 'Dockerfile'),
      `FROM ${made.runtime}
COPY npm ${npm}
COPY authorities.pem /etc/ssl/authorities.pem
RUN ln -s ${npm}/bin/npm-cli.js /usr/local/bin/npm
ENV NPM_CONFIG_REGISTRY=${registry}
${authorities === '' ? '' : 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/authorities.pem'}
`,
    );
    await build({ tag: made.build, context, buildArgs: {} });
  } finally {
    await rm(context, { recursive: true });
  }
}
