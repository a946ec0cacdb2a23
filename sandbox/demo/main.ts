/**
 * `npm run demo`: the main job, end to end, on a real control plane, in under a minute once that is built. It ends by itself, with exit code 0
 * only if all that it promises was really seen; `--keep` leaves everything up to be played with.
 */
import { Command } from 'commander';
import { provision } from '../../tools/controlplane/provision.ts';
import { createProgress } from '../../tools/progress.ts';
import { ProvisionError } from '../../tools/provision-error.ts';
import { startSandbox } from '../acronis/sandbox.ts';
import { startControlPlane } from '../controlplane/controlplane.ts';
import { leaveOnSignals } from '../leaving.ts';
import { startOperator } from '../operator/process.ts';
import { play, type Stage } from './play.ts';
import { createStory } from './story.ts';

const { keep } = new Command('demo')
  .description('Shows the operator at work, on a real control plane and with a stand-in for Acronis.')
  .option('--keep', 'keep everything running at the end, and print how to inspect it', false)
  .parse()
  .opts<{ keep: boolean }>();

const stopped = leaveOnSignals();
const story = createStory(console.log);

try {
  process.exitCode = await demo(stopped);
} catch (error) {
  if (stopped.aborted) process.exitCode = 130;
  else if (error instanceof ProvisionError) {
    console.error(error.message);
    process.exitCode = 1;
  } else throw error;
}

async function demo(signal: AbortSignal): Promise<number> {
  await using up = new AsyncDisposableStack();
  const progress = createProgress();
  const programs = await provision({ progress }, signal);
  const controlPlane = await progress.step('starting a control plane (etcd, kube-apiserver)', () =>
    startControlPlane({ programs }, signal),
  );
  up.defer(() => controlPlane.stop());
  const acronis = await startSandbox({ users: 40 });
  up.defer(() => acronis.stop());
  const stage: Stage = {
    controlPlane,
    acronis,
    startOperator: async () => {
      const operator = await startOperator({
        kubeconfig: controlPlane.kubeconfig,
        acronis,
        // Shorter than in production, since a demo cannot take an hour.
        flags: ['--drift-interval=2s', '--resync-interval=2s', '--brand-interval=2s'],
      });
      up.defer(async () => void (await operator.stop()));
      return operator;
    },
  };
  await play(stage, story, signal);
  if (story.broken > 0) {
    console.log(`\n${story.broken} of the things that were promised were not seen.`);
    return 1;
  }
  console.log('\nAll that was promised was seen.');
  if (!keep) return 0;
  console.log(`
Everything stays up until Ctrl-C. In another terminal:

  export KUBECONFIG=${controlPlane.kubeconfig}
  kubectl get tuu -A                                  (kubectl is at ${controlPlane.kubectl})
  kubectl describe tuu -n demo no-such-user
  kubectl delete tuu -n demo for-a-while
  curl ${acronis.url}/_sandbox/                        what the Acronis sandbox can be made to do
`);
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  return 0;
}
