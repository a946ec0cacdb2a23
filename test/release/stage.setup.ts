/** Runs once before the proof of a release: programs found or built, a registry and a control plane started, a release built and published. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';
import { type ControlPlaneAddress, startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { provision } from '../../tools/controlplane/provision.ts';
import { findTool } from '../../tools/helm/provision.ts';
import { createProgress } from '../../tools/progress.ts';
import { releaseProgram } from '../../tools/release/programs.ts';
import { pushBase } from './base.ts';
import { startRegistry } from './registry.ts';
import { architectures, buildIn, publishFrom, root, type Stage } from './stage.ts';

declare module 'vitest' {
  interface ProvidedContext {
    release: Stage;
    /** Where the release is installed. */
    releaseControlPlane: ControlPlaneAddress;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const progress = createProgress();
  const { signal } = new AbortController();
  const programs = {
    cosign: await releaseProgram('cosign', progress, signal),
    crane: await releaseProgram('crane', progress, signal),
    helm: (await findTool('helm', { progress }, signal)).path,
    kubeconform: (await findTool('kubeconform', { progress }, signal)).path,
    registry: await releaseProgram('registry', progress, signal),
  };
  const { source: _, ...controlPlanePrograms } = await provision({ progress }, signal);

  await using end = new AsyncDisposableStack();
  const keys = await mkdtemp(join(tmpdir(), 'upsell-release-'));
  end.defer(() => rm(keys, { recursive: true, force: true }));
  const registry = await startRegistry(programs.registry);
  end.defer(() => registry.stop());
  const controlPlane = await startControlPlane({ programs: controlPlanePrograms }, signal);
  end.defer(() => controlPlane.stop());
  const base = await progress.step(`making a base for ${architectures.join(' and ')}`, () =>
    pushBase(programs.crane, registry.host, architectures),
  );
  // The key is of this moment and thrown away with it; so it needs no password.
  process.env['COSIGN_PASSWORD'] = '';
  await execa(programs.cosign, ['generate-key-pair'], { cwd: keys, stdin: 'ignore' });

  const git = async (...args: readonly string[]) => (await execa('git', args, { cwd: root })).stdout.trim();
  const surroundings = {
    ...{ host: registry.host, base, programs, keys },
    commit: await git('rev-parse', 'HEAD'),
    epoch: Number(await git('log', '-1', '--format=%ct')),
  };
  const out = join(keys, 'release');
  const release = await buildIn(surroundings, root, out, progress);
  const published = await publishFrom(surroundings, out, progress);
  project.provide('release', { ...surroundings, release, out, published });
  const { server, kubeconfig, token, caFile, kubectl, dir } = controlPlane;
  project.provide('releaseControlPlane', { server, kubeconfig, token, caFile, kubectl, dir });
  const kept = end.move();
  return () => kept.disposeAsync();
}
