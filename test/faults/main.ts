/**
 * `npm run test:faults [-- --seed N --minutes M --filter TEXT --parallel P]`: every fault at every moment on either side, faults of one user or one account, a policy beside all of it, replicas that fight over a
 * lease, and a random mixture of it all, on one real control plane. Prints a table; exit code 0 only if nothing was lost, doubled or stuck.
 */
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { leaveOnSignals } from '../../sandbox/leaving.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { type Case, caseOf } from './case.ts';
import { cells, groups } from './cells.ts';
import { policyCases } from './policy-cells.ts';
import { randomCases } from './random-schedule.ts';
import { replicaCases } from './replicas.ts';
import { type CaseResult, complaint, failed, isBad, titleOf } from './result.ts';
import { scopedCases } from './scoped-cells.ts';
import { serverCases } from './server-cases.ts';
import { startStage } from './stage.ts';
import { table } from './table.ts';

const number = (text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${text} is no number.`);
  return value;
};

const options = new Command('test:faults')
  .option('--seed <n>', 'the order of things and every chance', number, randomInt(1_000_000))
  .option('--minutes <n>', 'how long the random mixture goes on', number, 0.75)
  .option('--filter <text>', 'only cases whose name holds this, such as "watch" or "putUser, hang"', '')
  .option('--parallel <n>', 'worlds in parallel', number, availableParallelism() * 12)
  .option('--verbose', 'say each case as it ends', false)
  .parse()
  .opts<{ seed: number; minutes: number; filter: string; parallel: number; verbose: boolean }>();

const stopped = leaveOnSignals();
console.log(`seed ${options.seed} (repeat with: npm run test:faults -- --seed ${options.seed})`);
await using stage = await startStage(stopped);
const wanted = (title: string): boolean => title.includes(options.filter);
const all: readonly Case[] = [
  ...[...serverCases(), ...replicaCases(), ...randomCases(options.minutes * 60_000)].filter(({ title }) =>
    wanted(title),
  ),
  ...scopedCases(wanted),
  ...policyCases(wanted),
  ...groups(cells.filter((cell) => wanted(titleOf(cell)))).map(caseOf),
];
const random = seededRandom(options.seed);
const waiting = all
  .map((each) => ({ ...each, seed: Math.floor(random() * 2 ** 31) }))
  // The longest first, so that none of them is left alone at the end.
  .sort((a, b) => b.seconds - a.seconds);

const startedAt = performance.now();
const results: CaseResult[] = [];
await Promise.all(
  Array.from({ length: Math.min(options.parallel, waiting.length) }, async () => {
    for (let next = waiting.shift(); next !== undefined && !stopped.aborted; next = waiting.shift()) {
      const { title, run, seed } = next;
      // A case that cannot even be run is bad too, and no reason to leave the others out.
      const ended = await run({ ...stage, seed }).catch((error: unknown) => [failed(title, error)]);
      results.push(...ended);
      for (const result of ended) {
        if (isBad(result)) console.log(`BAD  ${complaint(result)}`);
        else if (options.verbose)
          console.log(`ok   ${titleOf(result)} ${((result.convergedMs ?? 0) / 1_000).toFixed(1)} s`);
      }
    }
  }),
);

const bad = results.filter(isBad);
const order = ['kubernetes', 'acronis', 'both'];
results.sort((a, b) => order.indexOf(a.side) - order.indexOf(b.side) || a.moment.localeCompare(b.moment));
console.log(`\n${table(results)}\n`);
for (const result of results) for (const note of result.notes ?? []) console.log(`${titleOf(result)}: ${note}`);
for (const result of bad) console.log(`BAD  ${complaint(result)}`);
console.log(
  `${results.length} cases in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s, ${bad.length} bad, seed ${options.seed}`,
);
if (stopped.aborted) process.exitCode = 130;
else if (bad.length > 0 || results.length === 0) process.exitCode = 1;
