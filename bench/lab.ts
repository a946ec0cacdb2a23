/** Where the scenarios are run: the servers, the driver, and what every scenario needs again and again. */
import { randomBytes } from 'node:crypto';
import { until } from '../sandbox/until.ts';
import { maxUsersPerRead } from '../src/acronis/api.ts';
import type { Acronis } from './acronis.ts';
import type { Cluster } from './cluster.ts';
import type { Contender, Running, Settings } from './contenders.ts';
import { type Driver, type Target, targetsOf } from './driver.ts';
import { costOf, untilQuiet } from './process-cost.ts';
import { DriverWatch } from './watch.ts';

export interface Lab {
  readonly cluster: Cluster;
  readonly acronis: Acronis;
  readonly driver: Driver;
  /** One line on what is being done. */
  readonly note: (line: string) => void;
  readonly signal: AbortSignal;
}

/** How long anything that many objects do together may take before it counts as stuck. */
export const patienceMs = (objects: number): number => 60_000 + objects * 60;

export async function freshNamespace({ cluster }: Lab): Promise<string> {
  const name = `bench-${randomBytes(4).toString('hex')}`;
  await cluster.createNamespace(name);
  return name;
}

/** An operator idles nearly all its life, and its runtime takes that for a reason to give room back: what it costs after that is what counts. */
const idleMs = 5_000;

/** Starts a contender and resolves when it has made an object Ready that is then deleted again, and has idled since: it leads, watches and writes. */
export async function startWorking(
  lab: Lab,
  contender: Contender,
  settings: Settings,
): Promise<Running & { readonly readyS: number }> {
  const namespace = await freshNamespace(lab);
  const watch = await DriverWatch.open(lab.cluster.client, namespace, lab.signal);
  // The last of the people who are no buyers: the others are for the scenario.
  const [target] = targetsOf(namespace, await lab.acronis.strangers(1), 'canary');
  if (target === undefined) throw new Error('There is one.');
  const operator = await contender.start(settings);
  try {
    const ready = watch.until(
      'the first object is Ready',
      (seen) => seen.ready,
      60_000,
      () => 'it is not',
    );
    await lab.driver.create(target);
    const at = await operator.whileAlive(ready.done);
    await lab.driver.remove(target);
    await untilQuiet(operator.pid, 500, 10_000);
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    return { ...operator, readyS: (at - operator.startedAt) / 1000 };
  } catch (error) {
    await operator.stop();
    throw error;
  } finally {
    await watch.close();
  }
}

/** CPU and memory of a while, from its beginning to now. */
export async function measure(
  pid: number,
): Promise<() => Promise<{ cpuS: number; rssMiB: number; peakRssMiB: number }>> {
  const before = await costOf(pid);
  return async () => {
    const { cpuS, rssMiB, peakRssMiB } = await costOf(pid);
    return { cpuS: cpuS - before.cpuS, rssMiB, peakRssMiB };
  };
}

/** Creates objects until this operator, which runs, has made all of them Ready. */
export async function fill(lab: Lab, operator: Running, targets: readonly Target[]): Promise<void> {
  const [first] = targets;
  if (first === undefined) return;
  const watch = await DriverWatch.open(lab.cluster.client, first.namespace, lab.signal);
  try {
    const ready = untilEach(watch, 'Ready', targets, (seen) => seen.ready);
    await lab.driver.all(targets, (target) => lab.driver.create(target));
    await operator.whileAlive(ready.done);
  } finally {
    await watch.close();
  }
}

/** Resolves with the time of the last one when each target was seen so. */
export function untilEach(
  watch: DriverWatch,
  what: string,
  targets: readonly Target[],
  holds: Parameters<DriverWatch['until']>[1],
): { readonly done: Promise<number> } {
  const open = new Set(targets.map((target) => target.name));
  return watch.until(
    `all are ${what}`,
    (seen) => {
      if (open.has(seen.name) && holds(seen)) open.delete(seen.name);
      return open.size === 0;
    },
    patienceMs(targets.length),
    () => `${open.size} of ${targets.length} are not, such as ${[...open].slice(0, 3).join(', ')}`,
  );
}

/** Resolves when the sandbox was asked nothing for some seconds, or every user was read one by one; with the time of the last request, and what was asked. */
export async function untilVerified(
  { acronis }: Lab,
  operator: Running,
  objects: number,
  resyncMs: number,
  reads: (stats: Stats) => number,
) {
  // The resync never ends: with many objects its reads follow each other so closely that Acronis is never idle for long.
  const passReadEveryMs = resyncMs / Math.ceil(objects / maxUsersPerRead);
  const stillMs = Math.min(5_000, 1_500 + objects / 5, passReadEveryMs / 2);
  let count = 0;
  let last = performance.now();
  let stats = await acronis.stats();
  await until(
    'all are verified',
    async () => {
      operator.assertAlive();
      stats = await acronis.stats();
      if (reads(stats) !== count) last = performance.now();
      count = reads(stats);
      return count;
    },
    () => (stats.byRoute['getUser'] ?? 0) >= objects || (count > 0 && performance.now() - last > stillMs),
    { withinMs: patienceMs(objects), everyMs: 250 },
  );
  return { at: last, stats };
}
type Stats = Awaited<ReturnType<Acronis['stats']>>;
