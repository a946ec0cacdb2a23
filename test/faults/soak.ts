/**
 * `npm run soak -- --minutes N [--objects N] [--seed N]`: objects come, change, drift and go for as long as wanted, with faults on both sides, while the
 * operator's memory, sockets, timers and queue are watched for a trend. Exit code 0 only if all of them are flat, and nothing was lost, doubled or stuck.
 */
import { randomInt } from 'node:crypto';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { leaveOnSignals } from '../../sandbox/leaving.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { cells } from './cells.ts';
import { FaultWorld } from './fault-world.ts';
import { pick, strike } from './random-schedule.ts';
import { untilRight } from './run-cells.ts';
import { startStage } from './stage.ts';
import { isFlat, type Sample, trendOf } from './trend.ts';

const options = new Command('soak')
  .option('--minutes <n>', 'how long', Number, 5)
  .option('--objects <n>', 'objects at a time', Number, 300)
  .option('--seed <n>', 'the order of things', Number, randomInt(1_000_000))
  .parse()
  .opts<{ minutes: number; objects: number; seed: number }>();

/** What is watched: how much growth over the whole run is noise. */
const series = {
  'resident memory, MiB': { share: 0.15, noise: 10 },
  'open sockets': { share: 0.2, noise: 6 },
  'active timers and handles': { share: 0.2, noise: 10 },
  // Each half-open connection holds some of it up for half a minute.
  'queue depth': { share: 0.2, noise: 40 },
  'heap in use, MiB': { share: 0.15, noise: 8 },
} as const;
type Series = keyof typeof series;

const stopped = leaveOnSignals();
console.log(`seed ${options.seed}`);
await using stage = await startStage(stopped);
await using world = await FaultWorld.make({ ...stage, seed: options.seed, users: 20_000 + options.minutes * 2_000 });
await world.start(await world.proxy(), {
  flags: ['--log-level=info', '--concurrency=64', '--resync-interval=30s'],
});
const random = seededRandom(options.seed);
const samples = new Map<Series, Sample[]>(
  (
    ['resident memory, MiB', 'heap in use, MiB', 'open sockets', 'active timers and handles', 'queue depth'] as const
  ).map((name) => [name, []]),
);
const began = performance.now();
const seconds = (): number => (performance.now() - began) / 1_000;
const totalSeconds = options.minutes * 60;
/** Lease faults end the process, as they should; here one process is to be watched. */
const mild = cells.filter(({ moment, name }) => moment !== 'lease' && name !== 'connection refused');

/** When the process that is watched was first seen. */
let startedAt = 0;
const done = new AbortController();
const watching = watch(done.signal);
for (let n = 0; seconds() < totalSeconds && !stopped.aborted; n++) {
  await act(n);
  if (random() < 0.04) strike(world, pick(mild, random), random);
  await sleep(20 + random() * 120);
}
const faults = world.struck;
world.clearFaults();
done.abort();
await watching;
const endedAt = performance.now();
const stuck = await untilRight(world, 180_000).catch(() => world.workload.stuck());
const convergedSeconds = (performance.now() - endedAt) / 1_000;
const tally = await world.workload.tally();
const restarts = world.replica.past.length;
const problems = await world.stop();

console.log(
  `\n${tally.objects} objects in ${seconds().toFixed(0)} s, ${faults} faults, ${tally.applied} PUTs (owed ${tally.owed}, sent ${tally.sent}), lost updates ${tally.lost}, duplicate PUTs ${tally.duplicates}, stuck ${stuck.length}, restarts ${restarts}, all right ${convergedSeconds.toFixed(1)} s after the last fault`,
);
// A third of the run, and two minutes at most: then caches, pools and the JIT are full.
const warmUp = startedAt + Math.min(120, (totalSeconds - startedAt) / 3);
let rising = 0;
for (const [name, values] of samples) {
  const trend = trendOf(values, warmUp);
  const flat = isFlat(trend, series[name]);
  if (!flat) rising += 1;
  console.log(
    `${name.padEnd(28)} mean ${trend.mean.toFixed(1).padStart(7)}  max ${trend.max.toFixed(1).padStart(7)}  ${trend.perMinute >= 0 ? '+' : ''}${trend.perMinute.toFixed(2)} a minute  ${flat ? 'flat' : 'RISING'}`,
  );
}
for (const problem of [...problems, ...stuck]) console.log(`BAD  ${problem}`);
const bad = rising + tally.lost + tally.duplicates + stuck.length + problems.length;
process.exitCode = stopped.aborted ? 130 : bad > 0 ? 1 : 0;

/** What people do, at about the wanted number of objects. */
async function act(n: number): Promise<void> {
  const { workload } = world;
  const names = workload.names;
  const what = random();
  if (names.length < options.objects && (what < 0.6 || names.length < options.objects / 2))
    await workload.create(`o-${n}`, { revoke: random() < 0.4 });
  else if (what < 0.75) workload.drift(pick(names, random));
  else if (what < 0.85) await workload.edit(pick(names, random), random() < 0.5);
  else await workload.remove(pick(names, random));
}

async function watch(signal: AbortSignal): Promise<void> {
  const note = (name: Series, value: number) => samples.get(name)?.push({ seconds: seconds(), value });
  let watched = 0;
  while (!signal.aborted) {
    await sleep(1_000);
    const { operator } = world.replica;
    if (operator.pid !== watched) {
      // Another process (the one before lost its lease, as it does on a machine that is too busy): what was measured of the old one says nothing of it.
      watched = operator.pid;
      startedAt = seconds();
      for (const values of samples.values()) values.length = 0;
    }
    try {
      const [status, files, page] = await Promise.all([
        readFile(`/proc/${operator.pid}/status`, 'utf8'),
        openSockets(operator.pid),
        fetch(operator.metrics).then((response) => response.text()),
      ]);
      note('resident memory, MiB', Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024);
      note('heap in use, MiB', sumOf(page, 'nodejs_heap_size_used_bytes') / 2 ** 20);
      note('open sockets', files);
      note('active timers and handles', sumOf(page, 'nodejs_active_resources'));
      note('queue depth', sumOf(page, 'workqueue_depth'));
    } catch {
      // It is being restarted, which is counted elsewhere.
    }
  }
}

async function openSockets(pid: number): Promise<number> {
  const names = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return links.filter((link) => link.startsWith('socket:')).length;
}

function sumOf(page: string, metric: string): number {
  let sum = 0;
  for (const line of page.split('\n')) {
    if (line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
      sum += Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return sum;
}
