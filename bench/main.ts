/** `npm run bench`: brings up the servers, runs the scenarios, prints a table; writes JSON, a plot, and docs/performance.md where asked to. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { leaveOnSignals } from '../sandbox/leaving.ts';
import { createProgress } from '../tools/progress.ts';
import { startAcronis } from './acronis.ts';
import { startCluster } from './cluster.ts';
import { bareLoop, type Contender, goOperator, keepBundle, ours } from './contenders.ts';
import { replaceResults } from './docs.ts';
import { Driver } from './driver.ts';
import { goPeer, goVersion, peerVersion } from './go-peer.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import { plot } from './plot.ts';
import { bundleResolver, ProfileFolder, profileText, readProfile, timeSpent } from './profile.ts';
import { load, machine, merge, provenance, type Report, readReport } from './report.ts';
import { runScenarios } from './run.ts';
import type { Sample } from './sample.ts';
import { summarize } from './summary.ts';
import { markdownTable, textTable } from './table.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const leaving = leaveOnSignals();
try {
  await main(parseOptions(process.argv));
} catch (error) {
  if (!leaving.aborted) console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = leaving.aborted ? 130 : 1;
}

async function main(options: BenchOptions): Promise<void> {
  const earlier = await Promise.all(options.with.map(readReport));
  const now = options.scenario.length > 0 ? await run(options) : undefined;
  const reports = now === undefined ? earlier : [...earlier, now];
  if (reports.length === 0) throw new Error('There is nothing to show: name scenarios, or earlier reports by --with.');
  const { samples, lost } = merge(reports);
  const rows = summarize(samples);
  const where = reports.map(provenance);
  console.log(`\n${[textTable(rows), where.join('\n'), ...lost].join('\n\n')}`);
  await writeFile(options.svg, plot(samples, where.at(-1) ?? ''));
  if (!options.docs) return;
  await writeFile(join(root, 'docs/performance.svg'), plot(samples, where.at(-1) ?? ''));
  const page = join(root, 'docs/performance.md');
  const results = `${where.map((one) => `- ${one}`).join('\n')}\n\n${markdownTable(rows)}\n\n![All runs](performance.svg)`;
  await writeFile(page, replaceResults(await readFile(page, 'utf8'), results));
}

async function run(options: BenchOptions): Promise<Report> {
  const progress = createProgress();
  const note = (line: string) => progress.note(line);
  await using end = new AsyncDisposableStack();
  const peer = options.vs.includes('go') ? await goPeer(progress, leaving) : undefined;
  const bundle = end.use(await keepBundle(options.bundle ?? join(root, 'dist/main.js')));
  const cluster = await startCluster(progress, leaving);
  end.defer(() => cluster.stop());
  const acronis = await startAcronis(
    peopleFor(options),
    options.tenants ?? (options.scenario.includes('steady') ? 500 : 4),
  );
  end.defer(() => acronis.stop());
  const profiling =
    options.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-interval=500', `--cpu-prof-dir=${options.profile}`];
  const place = { kubeconfig: cluster.kubeconfig, acronis };
  const operators: [Contender, ...Contender[]] = [
    ours(place, bundle.file, [...options.nodeFlags, ...profiling], options.flags),
  ];
  if (peer !== undefined) operators.push(goOperator(place, peer, options.goWorkers));

  const before = load();
  const samples: Sample[] = [];
  const report = async (): Promise<Report> => ({
    startedAt,
    machine: machine(),
    versions: {
      operator: `${await operatorVersion()} (build ${bundle.fingerprint})`,
      node: process.versions.node,
      kubernetes: cluster.version,
      ...(peer === undefined ? {} : { go: await goVersion(leaving), controllerRuntime: await peerVersion() }),
    },
    load: { before, after: load() },
    settings: { ...options, json: undefined, svg: undefined, with: undefined, profile: undefined },
    samples,
  });
  const startedAt = new Date().toISOString();
  const lab = { cluster, acronis, driver: new Driver(cluster.client, leaving), note, signal: leaving };
  const profiles = options.profile === undefined ? undefined : await ProfileFolder.open(options.profile);
  const contenders = { operators, ...(options.vs.includes('bare') ? { bare: bareLoop(place) } : {}) };
  await runScenarios(lab, contenders, options, async (more) => {
    samples.push(...more);
    // A run takes long: what is there is kept, whatever happens to the rest.
    await writeFile(options.json, `${JSON.stringify(await report(), null, 1)}\n`);
  });
  await showProfile(await profiles?.first(), dirname(bundle.file), options.objects);
  return await report();
}

/** Everybody who is no buyer and will be made one, at the same time. */
function peopleFor({ objects, fleet, scenario, memorySizes, churnRate, churnSeconds, repeat }: BenchOptions): number {
  const largest = Math.max(objects, fleet, ...(scenario.includes('memory') ? memorySizes : []));
  const newcomers = 2 * repeat * churnRate * churnSeconds;
  return largest + newcomers + 1_000;
}

/** @param bundle the directory of what was profiled. @param objects of the burst that the profile is of. */
async function showProfile(file: string | undefined, bundle: string, objects: number): Promise<void> {
  if (file === undefined) return;
  const resolve = await bundleResolver(bundle);
  console.log(`\n${basename(file)}\n${profileText(timeSpent(await readProfile(file), resolve), objects)}`);
}

async function operatorVersion(): Promise<string> {
  return z.object({ version: z.string() }).parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')))
    .version;
}
