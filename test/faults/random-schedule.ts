/** A run of everything together: objects come, change and go, users drift, and faults of the whole matrix strike in an order that the seed decides. */
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import type { Random } from '../../src/base/clock.ts';
import type { Case } from './case.ts';
import { type Cell, cells } from './cells.ts';
import { FaultWorld } from './fault-world.ts';
import { actedTogether } from './replicas.ts';
import type { CaseResult } from './result.ts';
import { untilRight } from './run-cells.ts';

const worlds = 3;
/** Faults that wait together; more would leave no moment in which anything works. */
const maxWaiting = 4;

export const randomCases = (ms: number): readonly Case[] =>
  Array.from({ length: ms > 0 ? worlds : 0 }, (_, at) => ({
    title: `both, random, mixture ${at + 1}`,
    seconds: ms / 1_000 + 60,
    run: async (options) => {
      await using world = await FaultWorld.make({ ...options, users: 1_500 });
      await world.start(await world.proxy(), { client: 'partner' });
      await world.start(await world.proxy(), { client: 'customer' });
      return [await mix(`mixture ${at + 1}`, world, ms, seededRandom(options.seed))];
    },
  }));

async function mix(name: string, world: FaultWorld, ms: number, random: Random): Promise<CaseResult> {
  const end = performance.now() + ms;
  let kills = 0;
  for (let n = 0; performance.now() < end; n++) {
    await act(world, n, random);
    if (random() < 0.25) strike(world, pick(cells, random), random);
    if (random() < 0.02 && kills < 3) {
      kills += 1;
      void pick(world.replicas, random).operator.stop('SIGKILL');
    }
    await sleep(50 + random() * 300);
  }
  const faults = world.struck + kills;
  world.clearFaults();
  const endedAt = performance.now();
  const convergedMs = await untilRight(world, 120_000).then(
    () => performance.now() - endedAt,
    () => undefined,
  );
  const tally = await world.workload.tally();
  const problems = await world.stop();
  const together = actedTogether(world);
  if (together > 0) problems.push(`both replicas acted at the same time, ${together} times`);
  return { side: 'both', moment: 'random', name, faults, tally, convergedMs, problems };
}

/** What people do. */
async function act({ workload }: FaultWorld, n: number, random: Random): Promise<void> {
  const what = random();
  const names = workload.names;
  if (what < 0.5 || names.length < 5) {
    if (names.length < 80) await workload.create(`o-${n}`, { revoke: random() < 0.4 });
  } else if (what < 0.7) workload.drift(pick(names, random));
  else if (what < 0.85) await workload.edit(pick(names, random), random() < 0.5);
  else await workload.remove(pick(names, random));
}

export function strike(world: FaultWorld, cell: Cell, random: Random): void {
  const times = 1 + Math.floor(random() * 3);
  if (cell.side === 'acronis') {
    if (world.acronis.faults.list().length < maxWaiting) world.acronis.faults.add({ ...cell.fault, times });
    return;
  }
  const { proxy } = pick(world.replicas, random);
  if (proxy.faults.pending >= maxWaiting) return;
  proxy.faults.add({ ...cell.fault, times });
  if (cell.brings === 'watch') proxy.cut();
}

export function pick<T>(from: readonly T[], random: Random): T {
  const found = from[Math.floor(random() * from.length)];
  if (found === undefined) throw new Error('There is nothing to pick from.');
  return found;
}
