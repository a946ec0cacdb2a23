/**
 * Runs once before all integration tests: one control plane for every file, with the CRD installed, and the operator's bundle rebuilt.
 * Each file makes namespaces of its own, in which the operator has the rights of deploy/install.yaml, or with RIGHTS=namespaced those of the chart for
 * one namespace. After the last test the API server's audit log is held against these rights; what is wrong then makes the run fail.
 */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';
import { type ControlPlaneAddress, startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { installClusterRoles, type RightsScope } from '../../sandbox/operator/rights.ts';
import { provision } from '../../tools/controlplane/provision.ts';
import type { Programs } from '../../tools/controlplane/versions.ts';
import { findTool } from '../../tools/helm/provision.ts';
import { createProgress, type Progress } from '../../tools/progress.ts';
import { auditSuite } from './suite-audit.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The shared control plane. Never restart or stop it: others are using it. */
    controlPlane: ControlPlaneAddress;
    /** For a control plane of one's own. */
    programs: Programs;
    /** Which rights the operators of this run have. */
    rights: RightsScope;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { signal } = new AbortController();
  const progress = createProgress();
  const { source, ...programs } = await provision({ progress }, signal);
  const rights = await rightsOfThisRun(progress, signal);
  const controlPlane = await progress.step(`starting etcd and kube-apiserver (from ${source})`, () =>
    startControlPlane({ programs, audit: true }, signal),
  );
  const { server, kubeconfig, token, caFile, kubectl, dir, auditLog } = controlPlane;
  if (auditLog === undefined) throw new Error('The control plane has no audit log although it was asked for one.');
  const root = fileURLToPath(new URL('../../', import.meta.url));
  await execa(process.execPath, [`${root}scripts/build.ts`]);
  await kubectlOk(controlPlane, ['apply', '-f', `${root}crds`]);
  await installClusterRoles(controlPlane);
  await kubectlOk(controlPlane, ['wait', '--for=condition=Established', 'crd/tenantuserupsells.upsell.acronis.com']);
  project.provide('controlPlane', { server, kubeconfig, token, caFile, kubectl, dir });
  project.provide('programs', programs);
  project.provide('rights', rights);
  return async () => {
    try {
      const whole = await hasRunWhole(project);
      const { complaints, requests, operators, rights: count } = await auditSuite(controlPlane, auditLog, whole);
      if (complaints.length > 0) throw new Error(`The API server's audit log says:\n${complaints.join('\n')}`);
      const needed = whole ? `; each of the ${count} rights was needed` : '';
      progress.note(`audit: ${operators} operators asked ${requests} times and were refused nothing${needed}`);
    } finally {
      await controlPlane.stop();
    }
  };
}

async function rightsOfThisRun(progress: Progress, signal: AbortSignal): Promise<RightsScope> {
  const scope = process.env['RIGHTS'] || 'cluster';
  if (scope === 'cluster') return { kind: 'cluster' };
  if (scope !== 'namespaced') throw new Error(`RIGHTS is ${scope}. Write cluster (the default) or namespaced.`);
  return { kind: 'namespaced', helm: (await findTool('helm', { progress }, signal)).path };
}

/** Every test of the project ran, and passed: only then is an unused right worth a word. */
async function hasRunWhole(project: TestProject): Promise<boolean> {
  const { testFiles } = await project.globTestFiles();
  const passed = new Set(
    project.vitest.state
      .getTestModules()
      .filter((each) => each.project.name === project.name && each.state() === 'passed')
      .map(({ moduleId }) => moduleId),
  );
  return project.config.testNamePattern === undefined && testFiles.every((file) => passed.has(file));
}
