/**
 * The base that the proof's image stands on, pushed to the loopback registry as an index: for each platform the node binary of that platform, with the libraries that it needs.
 * This machine's are its own; those of arm64 come from npm and, where Debian's cross packages can be installed, from there: then the arm64 image can be run as well, emulated.
 */
import { cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

export type Architecture = 'amd64' | 'arm64';
/** Node's names for them. */
const nodeNames: Readonly<Record<Architecture, string>> = { amd64: 'x64', arm64: 'arm64' };

export const ownArchitecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** Pushes `<host>/base/node:24-slim`. Returns that name. @throws Error with the message of the program that failed. */
export async function pushBase(crane: string, host: string, architectures: readonly Architecture[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'upsell-release-base-'));
  try {
    const name = `${host}/base/node`;
    for (const architecture of architectures) {
      const files = join(dir, architecture);
      if (architecture === ownArchitecture) await ownNode(files);
      else await foreignNode(files, architecture);
      const layer = join(dir, `${architecture}.tar`);
      await execa('tar', ['-C', files, '--owner=0', '--group=0', '--sort=name', '--mtime=@0', '-cf', layer, '.']);
      const one = `${name}:${architecture}`;
      await execa(crane, ['append', `--new_layer=${layer}`, `--new_tag=${one}`]);
      await execa(crane, [
        'mutate',
        one,
        `--set-platform=linux/${architecture}`,
        '--env=PATH=/usr/local/bin',
        '-t',
        one,
      ]);
    }
    const parts = architectures.map((architecture) => `--manifest=${name}:${architecture}`);
    await execa(crane, ['index', 'append', ...parts, `--tag=${name}:24-slim`]);
    return `${name}:24-slim`;
  } finally {
    await rm(dir, { recursive: true });
  }
}

const nodePath = 'usr/local/bin/node';

/** This process's binary, and what ldd says that it loads. */
async function ownNode(files: string): Promise<void> {
  await put(process.execPath, join(files, nodePath));
  const { stdout } = await execa('ldd', [process.execPath]);
  for (const [library] of stdout.matchAll(/\/\S+/g)) await put(library, join(files, library));
}

/** The same version, from the package that npm's `node` would install on such a machine. */
async function foreignNode(files: string, architecture: Architecture): Promise<void> {
  const name = `node-linux-${nodeNames[architecture]}`;
  const fetched = join(files, '..', `${name}-package`);
  await mkdir(fetched, { recursive: true });
  const version = process.versions.node;
  await execa('npm', ['pack', '--silent', `${name}@${version}`], { cwd: fetched, stdin: 'ignore' });
  await execa('tar', ['-xzf', `${name}-${version}.tgz`], { cwd: fetched });
  await put(join(fetched, 'package/bin/node'), join(files, nodePath));
}

async function put(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(await realpath(from), to);
}
