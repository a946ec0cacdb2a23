/**
 * Cells of the matrix, one after the other in one world: objects are created, edited, drifted and deleted while a fault strikes, and must all be right
 * once it is over, with nothing written after that.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../sandbox/until.ts';
import type { Cell } from './cells.ts';
import { FaultWorld, type FaultWorldOptions } from './fault-world.ts';
import { type CaseResult, failed, titleOf } from './result.ts';

export interface CellOptions extends Omit<FaultWorldOptions, 'flags' | 'users'> {
  /** How long after the end of the fault everything may take. */
  readonly patienceMs?: number;
  /** How long nothing may be written after that. */
  readonly quietMs?: number;
}

const strikesWithinMs = 120_000;
/** Once the first strike came, how long the others may keep one waiting: backoffs grow. */
const moreWithinMs = 5_000;

export async function runCells(cells: readonly Cell[], options: CellOptions): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  await using world = await FaultWorld.make({ ...options, users: 60 * cells.length });
  await world.start(await world.proxy());
  for (const [at, cell] of cells.entries()) {
    try {
      results.push(await runCell(cell, at, world, options));
    } catch (error) {
      results.push(failed(titleOf(cell), error));
    }
    world.clearFaults();
    try {
      await world.workload.clear();
    } catch (error) {
      results.push(failed(`${titleOf(cell)}, and the end of its objects`, error));
      break;
    }
  }
  const said = await world.stop();
  return results.map((result, at) =>
    at === results.length - 1 ? { ...result, problems: [...result.problems, ...said] } : result,
  );
}

export async function runCell(
  cell: Cell,
  round: number,
  world: FaultWorld,
  { patienceMs = 60_000, quietMs = 1_000 }: Pick<CellOptions, 'patienceMs' | 'quietMs'>,
): Promise<CaseResult> {
  const { workload, acronis, cluster, namespace } = world;
  const { proxy } = world.replica;
  const { url, clientId, clientSecret } = acronis;
  const own = `own-${round}`;
  await cluster.createSecret(namespace, own, { url, clientID: clientId, clientSecret });
  for (const name of ['drifting', 'leaving', 'edited'])
    await workload.create(`${name}-${round}`, { revoke: name === 'leaving' });
  await untilRight(world, 90_000);

  const before = world.struck;
  const struck = () => world.struck - before;
  if (cell.side === 'kubernetes') proxy.faults.add(cell.fault);
  else acronis.faults.add(cell.fault);
  bring(cell, world);
  await workload.create(`fresh-${round}`, { spec: { credentialsSecretRef: { name: own } } });
  await workload.create(`fresh-revoke-${round}`, { revoke: true });
  workload.drift(`drifting-${round}`);
  await workload.edit(`edited-${round}`, true);
  await workload.remove(`leaving-${round}`);

  await until('the fault strikes', struck, (count) => count > 0, { withinMs: strikesWithinMs }).catch(() => {});
  const times = cell.fault.times ?? 1;
  await until('it strikes again', struck, (count) => count >= times, { withinMs: moreWithinMs }).catch(() => {});
  const endedAt = performance.now();
  world.clearFaults();
  const convergedMs = await untilRight(world, patienceMs + cell.seconds * 1_000).then(
    () => performance.now() - endedAt,
    () => undefined,
  );
  const problems = struck() === 0 ? ['the fault never struck'] : [];
  if (convergedMs !== undefined) {
    // Events come in order: who has served this one has seen what was written before it, lost events and slow lists included.
    await workload.create(`after-${round}`);
    await untilRight(world, patienceMs + cell.seconds * 1_000);
    problems.push(...(await unrest(world, quietMs)));
  }
  const { side, moment, name } = cell;
  return { side, moment, name, faults: struck(), tally: await workload.tally(), convergedMs, problems };
}

function bring({ brings }: Cell, { replica: { proxy }, acronis }: FaultWorld): void {
  switch (brings) {
    case 'nothing':
      return;
    case 'list':
      // Only a version that is said to be too old leads to a list.
      proxy.faults.add({ kind: 'errorEvent', code: 410, reason: 'Expired', on: ['watch'], times: 1 });
      return;
    case 'watch':
      proxy.cut();
      return;
    case 'token':
      acronis.console.revokeTokens();
      return;
  }
}

export const untilRight = (world: FaultWorld, withinMs: number): Promise<readonly string[]> =>
  until(
    'everything is as it should be',
    () => world.workload.stuck(),
    (stuck) => stuck.length === 0,
    { withinMs, everyMs: 200 },
  );

/** Once all is right nothing is written any more, to either side. */
async function unrest({ replica: { proxy }, acronis, workload }: FaultWorld, quietMs: number): Promise<string[]> {
  // One that is gone may be released again until the watch reports it; that changes nothing.
  const live = new Set<string | undefined>(workload.names);
  const toCluster = () => proxy.records.filter(({ request: { method, name } }) => method !== 'GET' && live.has(name));
  const toAcronis = () => acronis.ledger.count('putUser');
  // What was in flight when the last object became right may still end, and its report may still be written.
  await sleep(1.3 * quietMs);
  const [patches, puts] = [toCluster().length, toAcronis()];
  await sleep(quietMs);
  const more = toCluster()
    .slice(patches)
    .map(({ request: { kind, name } }) => `${kind} of ${name}`);
  if (toAcronis() > puts) more.push(`${toAcronis() - puts} PUTs`);
  return more.length === 0 ? [] : [`written after all was right: ${more.join(', ')}`];
}
