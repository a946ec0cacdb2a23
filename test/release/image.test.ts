/** The image as a cluster gets it: pulled by its digest, for each platform. */
import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { scriptsIn } from '../../scripts/release/bundle.ts';
import { onPath } from '../../tools/on-path.ts';
import { type Architecture, ownArchitecture } from './base.ts';
import { pulled, temporary } from './pulled.ts';
import { architectures, isQuick, publish, root } from './stage.ts';

const { programs, release, published, out } = inject('release');

const configSchema = z.object({
  os: z.string(),
  architecture: z.string(),
  created: z.string(),
  config: z.object({
    User: z.string(),
    Entrypoint: z.array(z.string()),
    Cmd: z.array(z.string()),
    Env: z.array(z.string()),
    Labels: z.record(z.string(), z.string()),
  }),
});
describe('the image', () => {
  it.each(architectures)(
    'for %s has the labels of the release and the command of the Dockerfile',
    async (architecture) => {
      const { stdout } = await execa(programs.crane, ['config', `--platform=linux/${architecture}`, published.image]);
      const { os, architecture: found, config } = configSchema.parse(JSON.parse(stdout));
      expect({ os, found }).toEqual({ os: 'linux', found: architecture });
      const [, entrypoint = ''] = /^ENTRYPOINT (.*)$/m.exec(await readFile(join(root, 'Dockerfile'), 'utf8')) ?? [];
      expect(config).toMatchObject({ User: '65532:65532', Cmd: ['run'], Entrypoint: JSON.parse(entrypoint) });
      expect(config.Env).toEqual(['PATH=/usr/local/bin', 'NODE_ENV=production']);
      expect(config.Labels).toMatchObject({
        'org.opencontainers.image.version': release.version,
        'org.opencontainers.image.revision': release.commit,
      });
    },
  );

  it('has for each platform a node of that platform, and the same operator', async () => {
    const machines: Readonly<Record<Architecture, number>> = { amd64: 62, arm64: 183 };
    const operators = new Set<string>();
    for (const architecture of architectures) {
      const files = await pulled(architecture);
      expect(await machineOf(join(files, 'usr/local/bin/node'))).toBe(machines[architecture]);
      const names = (await readdir(join(files, 'app'))).sort();
      expect(names).toEqual(['LICENSE', 'chunks', 'main.js', 'main.js.map', 'package.json']);
      operators.add(JSON.stringify([...(await scriptsIn(join(files, 'app')))]));
    }
    expect(operators.size).toBe(1);
  });

  it('runs on this machine, as it was pulled by its digest', async ({ skip }) => {
    if (process.getuid?.() !== 0 || (await onPath('podman', process.env)) === undefined)
      return skip('needs root and podman');
    const flags = ['--storage-driver=vfs', '--runtime=runc', '--cgroup-manager=cgroupfs'];
    await execa('podman', ['--storage-driver=vfs', 'pull', '--quiet', '--tls-verify=false', published.image]);
    onTestFinished(async () => {
      await execa('podman', ['--storage-driver=vfs', 'rmi', '--force', published.image]);
    });
    const run = ['run', '--rm', '--network=host', '--read-only', '--cap-drop=all'];
    // As the limits of a CI machine need it.
    const limits = ['--ulimit=nofile=1024:1024', '--ulimit=nproc=1024:1024'];
    const { stdout } = await execa('podman', [...flags, ...run, ...limits, published.image, '--version']);
    expect(stdout.trim()).toBe(release.version);
  });

  it.skipIf(isQuick || ownArchitecture === 'arm64')('runs on arm64, emulated', async ({ skip }) => {
    const emulator = await installEmulator();
    if (emulator === undefined) return skip('needs root on Debian for qemu');
    const files = await pulled('arm64');
    const [node, main] = [join(files, 'usr/local/bin/node'), join(files, 'app/main.js')];
    const { stdout } = await execa(emulator, ['-L', '/usr/aarch64-linux-gnu', node, main, '--version']);
    expect(stdout.trim()).toBe(release.version);
  });

  it('of a version is never replaced by another one', async () => {
    const other = join(await temporary(), 'release');
    await execa('cp', ['-r', out, other]);
    const path = join(other, 'release.json');
    await writeFile(
      path,
      JSON.stringify({ ...release, image: { ...release.image, digest: `sha256:${'0'.repeat(64)}` } }),
    );
    await expect(publish(other)).rejects.toThrow(
      /is published already, as sha256:.* A published version never changes/,
    );
  });
});

/** The field of an ELF header that names the processor. */
async function machineOf(file: string): Promise<number> {
  await using handle = await open(file);
  const { buffer } = await handle.read(Buffer.alloc(20), 0, 20, 0);
  expect(buffer.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
  return buffer.readUInt16LE(18);
}

async function installEmulator(): Promise<string | undefined> {
  const found = await onPath('qemu-aarch64', process.env);
  const hasLibraries = (await readdir('/usr/aarch64-linux-gnu/lib').catch((): string[] => [])).includes(
    'libstdc++.so.6',
  );
  if (found !== undefined && hasLibraries) return found;
  if (process.getuid?.() !== 0 || (await onPath('apt-get', process.env)) === undefined) return undefined;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await execa('apt-get', ['update', '-qq'], { env });
  await execa('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'qemu-user', 'libstdc++6-arm64-cross'], {
    env,
  });
  return await onPath('qemu-aarch64', process.env);
}
