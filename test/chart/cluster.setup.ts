/**
 * Runs once before the chart's tests: helm and kubeconform found or built, the operator's bundle rebuilt, and one control plane with an audit log.
 * The CRD is installed as the chart renders it; tests of what a release does with it start a control plane of their own.
 */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';
import { type ControlPlaneAddress, startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { provision } from '../../tools/controlplane/provision.ts';
import type { Programs } from '../../tools/controlplane/versions.ts';
import { helmOk } from '../../tools/helm/helm.ts';
import { findTool } from '../../tools/helm/provision.ts';
import { createProgress } from '../../tools/progress.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The control plane of the chart's tests. */
    auditedControlPlane: ControlPlaneAddress & { readonly auditLog: string };
    /** For a control plane of one's own. */
    controlPlanePrograms: Programs;
    /** The helm program, version 4. */
    helm: string;
    /** The same, version 3. */
    helm3: string;
    /** The kubeconform program. */
    kubeconform: string;
  }
}

/** A server that knows no streaming lists: there the operator needs the right to list. (With them it needs to watch, as everywhere.) */
const apiServerFlags = ['--feature-gates=WatchList=false'];

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { signal } = new AbortController();
  const progress = createProgress();
  const { source, ...programs } = await provision({ progress }, signal);
  const helm = await findTool('helm', { progress }, signal);
  const helm3 = await findTool('helm3', { progress }, signal);
  const kubeconform = await findTool('kubeconform', { progress }, signal);
  progress.note(`helm 4 from ${helm.source}, helm 3 from ${helm3.source}, kubeconform from ${kubeconform.source}`);
  await execa(process.execPath, [fileURLToPath(new URL('../../scripts/build.ts', import.meta.url))]);
  const controlPlane = await progress.step(`starting etcd and kube-apiserver (from ${source})`, () =>
    startControlPlane({ programs, audit: true, apiServerFlags }, signal),
  );
  const { server, kubeconfig, token, caFile, kubectl, dir, auditLog } = controlPlane;
  if (auditLog === undefined) throw new Error('The control plane has no audit log although it was asked for one.');
  project.provide('auditedControlPlane', { server, kubeconfig, token, caFile, kubectl, dir, auditLog });
  const chart = fileURLToPath(new URL('../../deploy/helm/acronis-upsell-operator', import.meta.url));
  const rendering = ['template', 'crd', chart, '--show-only=templates/crd.yaml', '--set=image.repository=any'];
  const crd = await helmOk({ helm: helm.path }, rendering);
  await kubectlOk(controlPlane, ['apply', '-f', '-'], { stdin: crd });
  await kubectlOk(controlPlane, ['wait', '--for=condition=Established', 'crd/tenantuserupsells.upsell.acronis.com']);
  project.provide('controlPlanePrograms', programs);
  project.provide('helm', helm.path);
  project.provide('helm3', helm3.path);
  project.provide('kubeconform', kubeconform.path);
  return () => controlPlane.stop();
}
