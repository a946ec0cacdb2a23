/**
 * Runs once before all integration tests: one control plane for every file, with the CRD installed, and the operator's bundle built anew.
 * Each file makes namespaces of its own.
 */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';
import { type ControlPlaneAddress, startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { createProgress } from '../../sandbox/controlplane/progress.ts';
import { provision } from '../../sandbox/controlplane/provision.ts';
import type { Programs } from '../../sandbox/controlplane/versions.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The shared control plane. Never restart or stop it: others are using it. */
    controlPlane: ControlPlaneAddress;
    /** For a control plane of one's own. */
    programs: Programs;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { signal } = new AbortController();
  const progress = createProgress();
  const { source, ...programs } = await provision({ progress }, signal);
  const controlPlane = await progress.step(`starting etcd and kube-apiserver (from ${source})`, () =>
    startControlPlane({ programs }, signal),
  );
  const { server, kubeconfig, token, caFile, kubectl, dir } = controlPlane;
  const root = fileURLToPath(new URL('../../', import.meta.url));
  await execa(process.execPath, [`${root}scripts/build.ts`]);
  await kubectlOk(controlPlane, ['apply', '-f', `${root}crds`]);
  await kubectlOk(controlPlane, ['wait', '--for=condition=Established', 'crd/tenantuserupsells.upsell.acronis.com']);
  project.provide('controlPlane', { server, kubeconfig, token, caFile, kubectl, dir });
  project.provide('programs', programs);
  return () => controlPlane.stop();
}
