/**
 * An operator starts on a fleet that is Ready, with one new object in it: until that is Ready, until every user was verified, and, if wanted,
 * a while in which nothing happens, and then drift.
 */
import { readsOf, requestsOf } from '../acronis.ts';
import type { Contender, Running, Settings } from '../contenders.ts';
import { type Lab, patienceMs, untilVerified } from '../lab.ts';
import { costOf } from '../process-cost.ts';
import type { Sample } from '../sample.ts';
import { DriverWatch } from '../watch.ts';
import { since } from '../write-counts.ts';
import { observeDrift } from './drift.ts';
import type { Fleet } from './fleet.ts';

export interface RestartOptions {
  readonly settings: Settings;
  /** How long the steady state is watched; 0 = not at all. */
  readonly steadyMs: number;
  /** How many users drift together; 0 = none. */
  readonly drifting: number;
}

export async function restart(
  lab: Lab,
  contender: Contender,
  repeat: number,
  fleet: Fleet,
  options: RestartOptions,
): Promise<Sample[]> {
  const { acronis, cluster, driver } = lab;
  const objects = fleet.size;
  const samples: Sample[] = [];
  const add = (phase: string, figures: Sample['figures']) =>
    samples.push({ phase, contender: contender.name, repeat, objects, figures });
  const [newcomer] = await fleet.newcomers(1, `restart-${contender.name}-${repeat}`);
  if (newcomer === undefined) throw new Error('There is one.');
  lab.note(`${contender.name}, run ${repeat}: restart on ${objects} objects`);
  await acronis.reset();
  await driver.create(newcomer);
  const watch = await DriverWatch.open(cluster.client, newcomer.namespace, lab.signal);
  const before = await cluster.writes();
  const operator = await contender.start(options.settings);
  try {
    const first = watch.until(
      'the new object is Ready',
      (seen) => seen.name === newcomer.name && seen.ready,
      patienceMs(objects),
      () => 'it is not',
    );
    const firstAt = await operator.whileAlive(first.done);
    const { at, stats } = await untilVerified(lab, operator, objects, options.settings.resyncMs, readsOf);
    const { cpuS, rssMiB, peakRssMiB } = await costOf(operator.pid);
    const writes = since(before, await cluster.writes());
    add('restart', {
      cpuS,
      seconds: (at - operator.startedAt) / 1000,
      firstWriteS: (firstAt - operator.startedAt) / 1000,
      requests: requestsOf(stats),
      // One PUT and one status are the newcomer's.
      needlessWrites: stats.putsApplied - 1 + (writes.status - 1) + writes.objects,
      rssMiB,
      peakRssMiB,
    });
    if (options.steadyMs > 0) {
      await fleet.settled();
      lab.note(
        `${contender.name}, run ${repeat}: ${options.steadyMs / 1000} s of steady state with ${objects} objects`,
      );
      add('steady', await observeSteadyState(lab, operator, options.steadyMs));
    }
    if (options.drifting > 0) {
      lab.note(`${contender.name}, run ${repeat}: ${options.drifting} users drift`);
      add('drift', await observeDrift(lab, fleet.targets, options));
    }
    operator.assertAlive();
    await driver.remove(newcomer);
    return samples;
  } finally {
    await watch.close();
    await operator.stop();
  }
}

async function observeSteadyState(
  { acronis, cluster }: Lab,
  operator: Running,
  ms: number,
): Promise<Sample['figures']> {
  await acronis.reset();
  const [writes, cost] = [await cluster.writes(), await costOf(operator.pid)];
  await new Promise((resolve) => setTimeout(resolve, ms));
  const [stats, after, cpu] = [
    await acronis.stats(),
    since(writes, await cluster.writes()),
    await costOf(operator.pid),
  ];
  return {
    requestsPerMinute: (requestsOf(stats) * 60_000) / ms,
    needlessWrites: (stats.byRoute['putUser'] ?? 0) + after.status + after.objects,
    cpuPercent: ((cpu.cpuS - cost.cpuS) / (ms / 1000)) * 100,
    rssMiB: cpu.rssMiB,
  };
}
