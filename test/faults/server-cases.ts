/** What only a control plane of one's own can be put through: restarts with an empty watch cache, and versions that etcd has thrown away. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlPlane, startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import type { Case } from './case.ts';
import { Cluster } from './cluster.ts';
import { FaultWorld } from './fault-world.ts';
import type { CaseResult } from './result.ts';
import { untilRight } from './run-cells.ts';
import { installCrd } from './stage.ts';

interface Upset {
  readonly name: string;
  readonly flags: readonly string[];
  /** What happens while the operator is cut off. */
  readonly meanwhile: (controlPlane: ControlPlane) => Promise<void>;
}

const upsets: readonly Upset[] = [
  { name: 'restart', flags: [], meanwhile: (controlPlane) => controlPlane.restartApiServer('SIGTERM') },
  { name: 'crash', flags: [], meanwhile: (controlPlane) => controlPlane.restartApiServer('SIGKILL') },
  {
    name: 'etcd compacted, and a restart with an empty watch cache',
    flags: ['--etcd-compaction-interval=1s'],
    // A version is thrown away in the second compaction that sees it.
    meanwhile: async (controlPlane) => {
      await sleep(4_000);
      await controlPlane.restartApiServer('SIGKILL');
    },
  },
];

export const serverCases = (): readonly Case[] =>
  upsets.map((upset) => ({
    title: `kubernetes, server, ${upset.name}`,
    seconds: 60,
    run: async (options) => {
      const controlPlane = await startControlPlane(
        { programs: options.programs, apiServerFlags: upset.flags },
        AbortSignal.timeout(120_000),
      );
      const cluster = await Cluster.to(controlPlane);
      try {
        await installCrd(controlPlane);
        return [await upsetServer(upset, controlPlane, await FaultWorld.make({ ...options, controlPlane, cluster }))];
      } finally {
        await cluster.close();
        await controlPlane.stop();
      }
    },
  }));

async function upsetServer(upset: Upset, controlPlane: ControlPlane, made: FaultWorld): Promise<CaseResult> {
  await using world = made;
  const { workload } = world;
  const { proxy } = await world.start(await world.proxy());
  for (const name of ['kept', 'drifting', 'leaving', 'gone'])
    await workload.create(name, { revoke: name === 'leaving' });
  await untilRight(world, 60_000);

  // Cut off, so that it misses what happens meanwhile, a deletion too, and comes back with an old version.
  proxy.refuse(6_000);
  await workload.create('fresh');
  await workload.remove('gone');
  await workload.remove('leaving');
  workload.drift('drifting');
  await upset.meanwhile(controlPlane);
  const endedAt = performance.now();
  await workload.create('late');
  const convergedMs = await untilRight(world, 90_000).then(
    () => performance.now() - endedAt,
    () => undefined,
  );
  const tally = await workload.tally();
  const problems = await world.stop();
  const expired = world.log.includes('"reason":"Expired"');
  return {
    side: 'kubernetes',
    moment: 'server',
    name: upset.name,
    faults: 2,
    tally,
    convergedMs,
    notes: [expired ? 'the version had become too old, and it was listed again' : 'the watch was taken up again'],
    problems,
  };
}
