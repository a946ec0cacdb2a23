/** `node sandbox/controlplane/main.ts`: a control plane to play with. Prints the line that points kubectl at it, and stays until Ctrl-C. */
import { once } from 'node:events';
import { Command } from 'commander';
import { provision } from '../../tools/controlplane/provision.ts';
import { createProgress } from '../../tools/progress.ts';
import { leaveOnSignals } from '../leaving.ts';
import { startControlPlane } from './controlplane.ts';

new Command('controlplane')
  .description(
    'A real kube-apiserver and etcd on loopback to play with. Prints the line that points kubectl at them, and stays until Ctrl-C.',
  )
  .allowExcessArguments(false)
  .parse();

const leaving = leaveOnSignals();
try {
  const progress = createProgress();
  const programs = await provision({ progress }, leaving);
  const controlPlane = await progress.step('starting etcd and kube-apiserver', () =>
    startControlPlane({ programs, audit: true }, leaving),
  );
  console.log(`export KUBECONFIG=${controlPlane.kubeconfig}`);
  progress.note(`kubectl: ${controlPlane.kubectl}; logs: ${controlPlane.dir}; Ctrl-C ends it all.`);
  if (!leaving.aborted) await once(leaving, 'abort');
  await controlPlane.stop();
} catch (error) {
  if (leaving.aborted) {
    process.exitCode = 130;
  } else {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
