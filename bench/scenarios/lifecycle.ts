/**
 * Objects from their creation to their end: a burst of new ones, all edited, all deleted. Each phase ends when the driver's own watch has seen the last
 * object become what it should, and half a second after (in which events and logs trickle out).
 */
import { requestsOf } from '../acronis.ts';
import type { Contender, Settings } from '../contenders.ts';
import { type Target, targetsOf } from '../driver.ts';
import { freshNamespace, type Lab, measure, startWorking, untilEach } from '../lab.ts';
import type { Sample } from '../sample.ts';
import { DriverWatch, type Seen } from '../watch.ts';
import { since } from '../write-counts.ts';

export interface LifecycleOptions {
  readonly objects: number;
  readonly settings: Settings;
  readonly deletionPolicy: 'Retain' | 'Revoke';
  /** What the phases are called in the results; one without a name is not recorded. Objects are always created and always deleted. */
  readonly phases: { readonly create?: string; readonly edit?: string; readonly remove?: string };
}

export async function lifecycle(
  lab: Lab,
  contender: Contender,
  repeat: number,
  options: LifecycleOptions,
): Promise<Sample[]> {
  const { objects, phases, deletionPolicy } = options;
  const { acronis, driver, cluster } = lab;
  await acronis.reseed();
  const namespace = await freshNamespace(lab);
  // The first stranger is the canary's.
  const targets = targetsOf(namespace, (await acronis.strangers(objects + 1)).slice(1));
  const operator = await startWorking(lab, contender, options.settings);
  const watch = await DriverWatch.open(cluster.client, namespace, lab.signal);
  const samples: Sample[] = [];

  const phase = async (
    name: string | undefined,
    holds: (seen: Seen) => boolean,
    act: (target: Target) => Promise<void>,
    more: Readonly<Record<string, number>> = {},
  ): Promise<void> => {
    lab.note(`${contender.name}, run ${repeat}: ${name ?? 'clearing up'}, ${objects} objects`);
    await acronis.reset();
    const [before, edits, cost, started] = [
      await cluster.writes(),
      driver.edits,
      await measure(operator.pid),
      performance.now(),
    ];
    const each = untilEach(watch, name ?? 'gone', targets, holds);
    const sentPerSecond = await driver.all(targets, act);
    const seconds = ((await operator.whileAlive(each.done)) - started) / 1000;
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { cpuS, rssMiB, peakRssMiB } = await cost();
    const [stats, writes] = [await acronis.stats(), since(before, await cluster.writes())];
    operator.assertAlive();
    if (name === undefined) return;
    samples.push({
      phase: name,
      contender: contender.name,
      repeat,
      objects,
      figures: {
        cpuMsPerObject: (cpuS / objects) * 1000,
        perSecond: objects / seconds,
        sentPerSecond,
        requestsPerObject: requestsOf(stats) / objects,
        puts: stats.putsApplied,
        userPutTwice: stats.usersPutMoreThanOnce,
        clusterWritesPerObject: (writes.status + writes.objects - (driver.edits - edits)) / objects,
        events: writes.events,
        rssMiB,
        peakRssMiB,
        ...more,
      },
    });
  };

  try {
    const isReady = (seen: Seen) => seen.ready && !seen.deleted;
    await phase(phases.create, isReady, (target) => driver.create(target, deletionPolicy), { readyS: operator.readyS });
    if (phases.edit !== undefined)
      await phase(
        phases.edit,
        (seen) => isReady(seen) && seen.generation > 1,
        (target) => driver.edit(target),
      );
    await phase(
      phases.remove,
      (seen) => seen.deleted,
      (target) => driver.remove(target),
    );
    return samples;
  } finally {
    await watch.close();
    await operator.stop();
  }
}
