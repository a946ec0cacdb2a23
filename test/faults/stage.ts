/** What all worlds of a run stand on: one control plane with the CRD and the operator's ClusterRoles installed, and the built operator. */
import { fileURLToPath } from 'node:url';
import { type ControlPlaneAddress, startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { installClusterRoles } from '../../sandbox/operator/rights.ts';
import { provision } from '../../tools/controlplane/provision.ts';
import type { Programs } from '../../tools/controlplane/versions.ts';
import { createProgress } from '../../tools/progress.ts';
import { Cluster } from './cluster.ts';

export interface Stage extends AsyncDisposable {
  readonly controlPlane: ControlPlaneAddress;
  readonly cluster: Cluster;
  readonly programs: Programs;
}

export async function startStage(signal: AbortSignal): Promise<Stage> {
  const progress = createProgress();
  const { source, ...programs } = await provision({ progress }, signal);
  const controlPlane = await progress.step(`starting etcd and kube-apiserver (from ${source})`, () =>
    startControlPlane({ programs }, signal),
  );
  await installCrd(controlPlane);
  const cluster = await Cluster.to(controlPlane);
  return {
    controlPlane,
    cluster,
    programs,
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await controlPlane.stop();
    },
  };
}

/** With the roles that an operator is given beside it (`grantRelease`). */
export async function installCrd(controlPlane: ControlPlaneAddress): Promise<void> {
  await kubectlOk(controlPlane, ['apply', '-f', fileURLToPath(new URL('../../crds', import.meta.url))]);
  await kubectlOk(controlPlane, ['wait', '--for=condition=Established', '--all', 'crd']);
  await installClusterRoles(controlPlane);
}
