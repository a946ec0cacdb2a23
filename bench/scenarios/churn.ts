/**
 * People create and edit objects at a steady rate while the operator verifies the whole fleet again and again: how long each of them waits, from the
 * request the driver sends to the event that its own watch brings.
 */
import { until } from '../../sandbox/until.ts';
import { readsOf } from '../acronis.ts';
import type { Contender, Settings } from '../contenders.ts';
import type { Target } from '../driver.ts';
import { type Lab, patienceMs } from '../lab.ts';
import { bucketQuantile, histogram } from '../metrics-page.ts';
import type { Sample } from '../sample.ts';
import { quantile } from '../statistics.ts';
import { DriverWatch } from '../watch.ts';
import type { Fleet } from './fleet.ts';

export interface ChurnOptions {
  /** `resyncMs` is how long one resync takes; resyncs follow each other without a pause. */
  readonly settings: Settings;
  readonly ms: number;
  /** Objects created, and as many edited, per second. */
  readonly perSecond: number;
}

export async function churn(
  lab: Lab,
  contender: Contender,
  repeat: number,
  fleet: Fleet,
  options: ChurnOptions,
): Promise<Sample[]> {
  const { acronis, cluster, driver } = lab;
  const count = Math.max(1, Math.round((options.perSecond * options.ms) / 1000));
  const created = await fleet.newcomers(count, `churn-${contender.name}-${repeat}`);
  const edited = fleet.unedited(count);
  const [first] = created;
  if (first === undefined || edited.length < count)
    throw new Error(`The fleet is too small for ${count} edits: give --fleet more.`);
  const watch = await DriverWatch.open(cluster.client, first.namespace, lab.signal);
  await acronis.reset();
  const operator = await contender.start(options.settings);
  try {
    lab.note(
      `${contender.name}, run ${repeat}: ${options.perSecond} creates and edits a second while ${fleet.size} objects are verified`,
    );
    const readsBefore = await until(
      'a resync is in progress',
      async () => readsOf(await acronis.stats()),
      (count) => count > 0,
      { withinMs: 60_000, everyMs: 50 },
    );
    const before = await page(operator.metrics);
    const sent = new Map<string, number>();
    const waits = { create: [] as number[], edit: [] as number[] };
    const isNew = new Set(created.map((target) => target.name));
    const all = watch.until(
      'each is Ready',
      (seen) => {
        const at = sent.get(seen.name);
        if (at === undefined || !seen.ready || (!isNew.has(seen.name) && seen.generation < 2)) return false;
        sent.delete(seen.name);
        waits[isNew.has(seen.name) ? 'create' : 'edit'].push(seen.at - at);
        return waits.create.length + waits.edit.length === 2 * count;
      },
      options.ms + patienceMs(fleet.size),
      () => `${2 * count - waits.create.length - waits.edit.length} of ${2 * count} are not`,
    );
    const timed = (act: (target: Target) => Promise<void>) => (target: Target) => {
      sent.set(target.name, performance.now());
      return act(target);
    };
    const started = performance.now();
    await Promise.all([
      driver.atRate(
        created,
        options.perSecond,
        timed((target) => driver.create(target)),
      ),
      driver.atRate(
        edited,
        options.perSecond,
        timed((target) => driver.edit(target)),
      ),
    ]);
    await operator.whileAlive(all.done);
    const seconds = (performance.now() - started) / 1000;
    const after = await page(operator.metrics);
    const queue = bucketQuantile(histogram(before, queueSeries), histogram(after, queueSeries), 0.99) * 1000;
    const reads = readsOf(await acronis.stats()) - readsBefore;
    await driver.all(created, (target) => driver.remove(target));
    const sample = (phase: string, ms: readonly number[]): Sample => ({
      phase,
      contender: contender.name,
      repeat,
      objects: fleet.size,
      figures: {
        p50Ms: quantile(ms, 0.5),
        p95Ms: quantile(ms, 0.95),
        p99Ms: quantile(ms, 0.99),
        ...(Number.isFinite(queue) ? { queueP99Ms: queue } : {}),
        readsPerSecond: reads / seconds,
      },
    });
    return [sample('churn: create', waits.create), sample('churn: edit', waits.edit)];
  } finally {
    await watch.close();
    await operator.stop();
  }
}

const queueSeries = 'workqueue_queue_duration_seconds';

const page = async (url: string): Promise<string> => await (await fetch(url)).text();
