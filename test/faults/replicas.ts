/**
 * Two replicas and one lease, and everything that can make both believe that it is theirs. Each replica has an API client of its own at Acronis, so the
 * sandbox's record of who asked when shows whether they ever acted at the same time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProxyFault } from '../../sandbox/faulty-proxy/faults.ts';
import { until } from '../../sandbox/until.ts';
import { countIn } from '../support/log-count.ts';
import type { Case } from './case.ts';
import { FaultWorld, type Replica } from './fault-world.ts';
import type { CaseResult } from './result.ts';
import { untilRight } from './run-cells.ts';

interface Upset {
  readonly name: string;
  /** What it returns is called once the other one has taken over. */
  readonly begin: (leader: Replica) => (() => void) | undefined;
  /** The longest that the other one may take to take over, where there is a limit. */
  readonly withinMs?: number;
}

const signal = ({ operator }: Replica, name: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT') =>
  void process.kill(operator.pid, name);

/** Ends it, and starts it again only after the take-over: one that is back immediately may win its own lease. */
function end(leader: Replica, name: 'SIGKILL' | 'SIGTERM'): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  leader.mayStart = promise;
  signal(leader, name);
  return resolve;
}

function afflict({ proxy }: Replica, fault: ProxyFault): undefined {
  proxy.faults.add(fault);
}

const upsets: readonly Upset[] = [
  { name: 'the leader is killed', begin: (leader) => end(leader, 'SIGKILL'), withinMs: 20_000 },
  { name: 'the leader is stopped', begin: (leader) => end(leader, 'SIGTERM'), withinMs: 20_000 },
  {
    name: 'the leader is paused',
    begin: (leader) => {
      signal(leader, 'SIGSTOP');
      return () => signal(leader, 'SIGCONT');
    },
  },
  {
    name: 'the lease is out of reach',
    begin: (leader) => afflict(leader, { kind: 'cut', moment: 'before', on: ['lease'] }),
  },
  {
    name: 'answers about the lease are lost',
    begin: (leader) => afflict(leader, { kind: 'cut', moment: 'after', on: ['lease'] }),
  },
  {
    name: 'the API server swallows all',
    begin: (leader) => {
      leader.proxy.faults.add({ kind: 'hang', moment: 'before' });
      leader.proxy.cut();
      return undefined;
    },
  },
  {
    name: 'the API server answers 500 to all',
    begin: (leader) => afflict(leader, { kind: 'status', status: 500 }),
  },
];

export const replicaCases = (): readonly Case[] =>
  upsets.map((upset) => ({
    title: `kubernetes, replicas, ${upset.name}`,
    seconds: 45,
    run: async (options) => {
      await using world = await FaultWorld.make({ ...options, users: 600 });
      const first = await world.start(await world.proxy(), { client: 'partner' });
      await until(
        'there is a leader',
        () => world.cluster.leader(world.namespace),
        (holder) => holder !== '',
        {
          withinMs: 60_000,
        },
      );
      const second = await world.start(await world.proxy(), { client: 'customer' });
      await until(
        'the other one waits',
        () => second.operator.lines.join('\n'),
        (log) => log.includes('another process leads'),
        {
          withinMs: 60_000,
        },
      );
      return [await upsetLeader(upset, world, first, second)];
    },
  }));

async function upsetLeader(upset: Upset, world: FaultWorld, leader: Replica, other: Replica): Promise<CaseResult> {
  const stop = new AbortController();
  const busy = keepBusy(world, stop.signal);
  await until(
    'the leader works',
    () => world.acronis.ledger.stats().putsApplied,
    (puts) => puts >= 3,
    {
      withinMs: 30_000,
    },
  );
  const asked = () => askedBy(world, other);
  const began = performance.now();
  const tookOver = upset.begin(leader);
  await until('the other one works', asked, (count) => count > 0, { withinMs: 60_000, everyMs: 20 });
  const tookOverMs = performance.now() - began;
  // A leader that comes back too late must find that it is none.
  await sleep(1_000);
  tookOver?.();
  await sleep(3_000);
  world.clearFaults();
  stop.abort();
  await busy;
  const endedAt = performance.now();
  const convergedMs = await untilRight(world, 90_000).then(
    () => performance.now() - endedAt,
    () => undefined,
  );
  const tally = await world.workload.tally();
  const faults = 1 + world.struck;
  const problems = await world.stop();
  const together = actedTogether(world);
  if (together > 0) problems.push(`both acted concurrently, ${together} times`);
  if (tookOverMs > (upset.withinMs ?? Number.POSITIVE_INFINITY))
    problems.push(`the take-over took ${(tookOverMs / 1_000).toFixed(1)} s`);
  return {
    side: 'kubernetes',
    moment: 'replicas',
    name: upset.name,
    faults,
    tally,
    convergedMs,
    notes: [`the other replica worked after ${(tookOverMs / 1_000).toFixed(1)} s`],
    problems,
  };
}

async function keepBusy({ workload }: FaultWorld, signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted && n < 150; n++) {
    await workload.create(`busy-${n}`, { revoke: n % 3 === 0 });
    if (n > 4) workload.drift(`busy-${n - 5}`);
    await sleep(400);
  }
}

const requestsOf = ({ acronis }: FaultWorld) => acronis.ledger.requests.all().filter(({ route }) => route !== 'token');

const askedBy = (world: FaultWorld, { client }: Replica): number => {
  const { id } = world.acronis.clients[client];
  return requestsOf(world).filter((request) => request.client === id).length;
};

/**
 * Each leadership may ask in one go. A replica that asks again after another one began, without becoming leader again, acted beside it.
 * Call when all have stopped: only then is every line of their logs read.
 */
export function actedTogether(world: FaultWorld): number {
  let turns = 0;
  let last: string | undefined;
  for (const { client } of requestsOf(world)) {
    if (client !== undefined && client !== last) turns += 1;
    last = client ?? last;
  }
  const leaderships = countIn(world.log, '"msg":"became leader"');
  return Math.max(0, turns - leaderships);
}
