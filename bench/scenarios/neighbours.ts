/**
 * Two accounts of one data center. New objects of the operator's own account are created at a rate: first alone, then while the other account hangs on
 * every call and so many of its objects wait. How long each waits is from the request the driver sends to the event that its own watch brings.
 */
import { randomUUID } from 'node:crypto';
import { until } from '../../sandbox/until.ts';
import type { Contender, Running, Settings } from '../contenders.ts';
import { type Target, targetsOf } from '../driver.ts';
import { fill, freshNamespace, type Lab, patienceMs, startWorking } from '../lab.ts';
import { gauge } from '../metrics-page.ts';
import type { Sample } from '../sample.ts';
import { quantile } from '../statistics.ts';
import { DriverWatch } from '../watch.ts';

export interface NeighboursOptions {
  readonly settings: Settings;
  /** Objects of the account that hangs. */
  readonly waiting: number;
  /** How long objects are created, each time, and how many per second. */
  readonly ms: number;
  readonly perSecond: number;
}

/** Objects made before the first measurement: the code is warm in both. */
const warmUp = 300;

export async function neighbours(
  lab: Lab,
  contender: Contender,
  repeat: number,
  options: NeighboursOptions,
): Promise<Sample[]> {
  const { acronis, driver } = lab;
  const count = Math.max(1, Math.round((options.perSecond * options.ms) / 1000));
  await acronis.reseed();
  // The first stranger is the canary's.
  const users = (await acronis.strangers(1 + warmUp + 2 * count)).slice(1);
  const part = async (prefix: string, from: number, size: number) =>
    targetsOf(await freshNamespace(lab), users.slice(from, from + size), prefix);
  const [warm, alone, beside] = [
    await part('warm', 0, warmUp),
    await part('alone', warmUp, count),
    await part('beside', warmUp + count, count),
  ];
  const operator = await startWorking(lab, contender, options.settings);
  try {
    const note = (what: string) => lab.note(`${contender.name}, run ${repeat}: ${what}`);
    await fill(lab, operator, warm);
    note(`${count} new objects alone`);
    const first = await waits(lab, operator, alone, options);
    const namespace = await freshNamespace(lab);
    const release = await hangingAccount(lab, namespace);
    note(`${options.waiting} objects of an account that hangs`);
    const hanging = targetsOf(namespace, madeUp(options.waiting), 'hanging');
    await driver.all(hanging, (target) => driver.create({ ...target, secret: 'own' }));
    await untilWaiting(operator, options.waiting);
    note(`${count} new objects beside them`);
    const second = await waits(lab, operator, beside, options);
    await release();
    // The next run has the same users again, and an older object of theirs would claim them.
    await driver.all([...hanging, ...warm, ...alone, ...beside], (target) => driver.remove(target));
    const sample = (phase: string, ms: readonly number[], more: Readonly<Record<string, number>> = {}): Sample => ({
      phase: `neighbours: ${phase}`,
      contender: contender.name,
      repeat,
      objects: options.waiting,
      figures: { p50Ms: quantile(ms, 0.5), p95Ms: quantile(ms, 0.95), p99Ms: quantile(ms, 0.99), ...more },
    });
    return [
      sample('alone', first),
      sample('one hangs', second, { p99OfAlone: quantile(second, 0.99) / quantile(first, 0.99) }),
    ];
  } finally {
    await operator.stop();
  }
}

/** Credentials of another account in this namespace, none of whose calls is responded to. @returns what ends that. */
async function hangingAccount({ acronis, cluster, signal }: Lab, namespace: string): Promise<() => Promise<void>> {
  const { clientId, clientSecret } = await acronis.otherAccount();
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'own' },
    stringData: { url: acronis.url, clientID: clientId, clientSecret },
  };
  await cluster.client.request({ method: 'POST', path: `/api/v1/namespaces/${namespace}/secrets`, body }, signal);
  return await acronis.hang(clientId);
}

/** No call about them is ever responded to, so no such user has to be there. */
const madeUp = (count: number) =>
  Array.from({ length: count }, () => ({ id: randomUUID(), tenantId: randomUUID(), businessTypes: [] }));

/** Resolves when the operator has all of them in its queue, in flight, or waiting for their next try. */
const untilWaiting = (operator: Running, objects: number) =>
  until(
    'the operator has all objects of the account that hangs',
    async () => {
      operator.assertAlive();
      const page = await (await fetch(operator.metrics)).text();
      return gauge(page, 'acronis_upsell_objects');
    },
    (known) => known >= objects,
    { withinMs: patienceMs(objects), everyMs: 250 },
  );

/** Milliseconds from create to Ready, of each. */
async function waits(
  lab: Lab,
  operator: Running,
  targets: readonly Target[],
  { ms, perSecond, waiting }: NeighboursOptions,
): Promise<readonly number[]> {
  const [first] = targets;
  if (first === undefined) return [];
  const watch = await DriverWatch.open(lab.cluster.client, first.namespace, lab.signal);
  try {
    const sent = new Map<string, number>();
    const found: number[] = [];
    const all = watch.until(
      'each is Ready',
      (seen) => {
        const at = sent.get(seen.name);
        if (at === undefined || !seen.ready) return false;
        sent.delete(seen.name);
        found.push(seen.at - at);
        return found.length === targets.length;
      },
      ms + patienceMs(waiting),
      () => `${targets.length - found.length} of ${targets.length} are not`,
    );
    await lab.driver.atRate(targets, perSecond, (target) => {
      sent.set(target.name, performance.now());
      return lab.driver.create(target);
    });
    await operator.whileAlive(all.done);
    return found;
  } finally {
    await watch.close();
  }
}
