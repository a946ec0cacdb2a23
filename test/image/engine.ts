/**
 * buildah and podman, with the flags that let them work where there is no Docker engine and no full say over cgroups (a CI machine, a container).
 * What is missing is installed where the system's package manager can be used.
 */
import { delimiter } from 'node:path';
import { execa } from 'execa';
import { missingFrom } from '../../tools/cache.ts';

const needed = ['buildah', 'podman', 'runc', 'debootstrap'] as const;

/** @throws Error with a sentence where something is missing and cannot be installed here. */
export async function installEngine(): Promise<void> {
  const missing: string[] = [];
  for (const name of needed) if (!(await isOnPath(name))) missing.push(name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !(await isOnPath('apt-get')))
    throw new Error(
      `The image cannot be tested without ${missing.join(', ')}: install them, or run this as root on Debian.`,
    );
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await execa('apt-get', ['update', '-qq'], { env });
  await execa('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { env });
}

async function isOnPath(name: string): Promise<boolean> {
  for (const dir of (process.env['PATH'] ?? '').split(delimiter))
    if (dir !== '' && (await missingFrom(dir, [name])).length === 0) return true;
  return false;
}

const storage = '--storage-driver=vfs';

export interface Build {
  readonly tag: string;
  readonly context: string;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** @throws Error with the last lines of the build where it fails. */
export async function build({ tag, context, buildArgs }: Build): Promise<void> {
  const args = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  const { exitCode, all } = await execa(
    'buildah',
    [storage, 'bud', '--isolation', 'chroot', '--format', 'docker', '-t', tag, ...args, context],
    { all: true, reject: false, stdin: 'ignore' },
  );
  if (exitCode !== 0) throw new Error(`buildah could not build ${tag}:\n${all.split('\n').slice(-20).join('\n')}`);
}

export async function podman(...args: readonly string[]): Promise<string> {
  const { stdout } = await execa('podman', [storage, ...args], { stdin: 'ignore' });
  return stdout;
}

/** As strict as the chart's security context, on the network of this machine. Goes on until the container has ended. */
export const runStrictly = (name: string, image: string, options: readonly string[], args: readonly string[]) =>
  execa(
    'podman',
    [
      storage,
      '--runtime=runc',
      '--cgroup-manager=cgroupfs',
      'run',
      '--rm',
      `--name=${name}`,
      '--network=host',
      '--ulimit=nofile=1024:1024',
      '--ulimit=nproc=1024:1024',
      '--read-only',
      '--read-only-tmpfs=false',
      '--cap-drop=all',
      '--security-opt=no-new-privileges',
      '--user=65532:65532',
      ...options,
      image,
      ...args,
    ],
    { all: true, reject: false, stdin: 'ignore', buffer: true },
  );
