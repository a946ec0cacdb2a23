/**
 * The dimension policy: a policy keeps the objects of company administrators while faults strike what it lists, proves and writes by, and while people give and take
 * roles, come and go, and delete and write objects by hand. No user that matches all along loses its child, none has two, and in the end each has exactly one that is
 * Ready, and no other user has any.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultInput } from '../../sandbox/acronis/faults.ts';
import type { Route } from '../../sandbox/acronis/http/routes.ts';
import type { SwitchInput } from '../../sandbox/acronis/switches.ts';
import type { ProxyFault } from '../../sandbox/faulty-proxy/faults.ts';
import type { RequestKind } from '../../sandbox/faulty-proxy/request-kind.ts';
import { until } from '../../sandbox/until.ts';
import type { Case } from './case.ts';
import { named, overHttp } from './cells.ts';
import { FaultWorld } from './fault-world.ts';
import { PolicyWorkload } from './policy-workload.ts';
import { type CaseResult, failed, titleOf } from './result.ts';

type PolicyCell = {
  readonly moment: string;
  readonly name: string;
  /** Beside what convergence takes. */
  readonly seconds: number;
} & (
  | { readonly side: 'kubernetes'; readonly fault: ProxyFault }
  | { readonly side: 'acronis'; readonly fault: FaultInput }
  /** Acronis responds, and not with the truth. */
  | { readonly side: 'acronis'; readonly lies: SwitchInput }
  /** A customer hides its users from the partner. */
  | { readonly side: 'acronis'; readonly hides: true }
  | { readonly side: 'both'; readonly kills: true }
);

const acronis = (moment: string, routes: readonly Route[], faults: readonly (keyof typeof overHttp)[]) =>
  faults.map((name) => {
    const isHang = overHttp[name].kind === 'hang';
    const fault = { ...overHttp[name], routes: [...routes], times: isHang ? 1 : 2 };
    return { side: 'acronis' as const, moment: `policy: ${moment}`, name, seconds: isHang ? 35 : 0, fault };
  });

const kubernetes = (moment: string, on: RequestKind, faults: readonly (keyof typeof named)[]) =>
  faults.map((name) => ({
    side: 'kubernetes' as const,
    moment: `policy: ${moment}`,
    name,
    seconds: 0,
    fault: { ...named[name], on: [on], times: 3 },
  }));

const listings = ['refused', 'omits', 'empty', 'cutShort', 'repeats', 'loops', 'reordered', 'garbled'] as const;
const feeds = ['refused', 'omits', 'backwards'] as const;

const cells: readonly PolicyCell[] = [
  ...listings.map((listing) => ({
    side: 'acronis' as const,
    moment: 'policy: list lies',
    name: listing,
    seconds: 0,
    lies: { listing },
  })),
  ...feeds.map((feed) => ({
    side: 'acronis' as const,
    moment: 'policy: feed lies',
    name: feed,
    seconds: 0,
    lies: { feed },
  })),
  { side: 'acronis', moment: 'policy: list lies', name: 'a customer hides itself', seconds: 5, hides: true },
  ...acronis(
    'list',
    ['listUsers'],
    ['cut before', 'cut in the response', 'hang before', 'body of 16 MB', 'tokens revoked'],
  ),
  ...acronis('list', ['listUsers'], ['cut before', 'hang before', 'tokens revoked', '429 in seconds', '500 html']),
  ...acronis('list', ['listUsers'], ['html 200', 'half a JSON', 'other JSON', 'null']),
  ...acronis('tenants', ['getTenants', 'getTenant'], ['cut before', 'html 200', 'other JSON']),
  ...acronis('proof', ['getUsers'], ['cut before', '500 html', 'html 200', 'other JSON']),
  ...kubernetes('child', 'object', ['cut before', 'cut after', '403', '404', '409', '500 after']),
  ...kubernetes('child', 'object', ['429 in seconds', 'half a JSON']),
  ...kubernetes('policy', 'policy', ['cut before', 'cut after', '404', '409', '410', 'html 200']),
  { side: 'both', moment: 'policy: operator', name: 'killed', seconds: 5, kills: true },
];

/** How many cells share a world; each is worked on by one policy, which has lived through those before. */
const perWorld = 4;
/** Lists come in several pages. */
const paged = { listingPage: 30 } as const;
/** Whether a change of a role shows in the feed is not documented; where it does not, lists alone find it. */
const roleChanges = ['revision', 'stamp', 'nothing'] as const;

export const policyCases = (wanted: (title: string) => boolean): readonly Case[] => {
  const chosen = cells.filter((cell) => wanted(titleOf(cell)));
  return Array.from({ length: Math.ceil(chosen.length / perWorld) }, (_, at) => {
    const group = chosen.slice(at * perWorld, (at + 1) * perWorld);
    return {
      title: group.map(titleOf).join(' | '),
      seconds: group.reduce((sum, { seconds }) => sum + seconds + 15, 5),
      run: async (options) => {
        await using world = await FaultWorld.make({ ...options, users: 100 });
        world.acronis.switches.set({ ...paged, roleChange: roleChanges[at % roleChanges.length] ?? 'revision' });
        const workload = new PolicyWorkload(world.namespace, world.cluster, world.acronis);
        const results: CaseResult[] = [];
        try {
          await world.start(await world.proxy());
          await workload.create();
          for (const [round, cell] of group.entries()) results.push(await runCell(cell, round, world, workload));
          const problems = await world.stop();
          if (problems.length > 0) results.push({ ...failed(titles(group), new Error(problems.join('; '))) });
        } catch (error) {
          const broken = group[results.length];
          results.push(failed(broken === undefined ? titles(group) : titleOf(broken), error));
        }
        return results;
      },
    };
  });
};

const titles = (group: readonly PolicyCell[]): string => group.map(titleOf).join(' | ');

const rightWithinMs = 90_000;

const untilRight = (workload: PolicyWorkload, withinMs: number): Promise<readonly string[]> =>
  until(
    'the policy is as it should be',
    () => workload.stuck(),
    (stuck) => stuck.length === 0,
    { withinMs, everyMs: 300 },
  );

/** A list that hung in the cell before took 30 s, and the next one keeps twice that away from it. */
const strikesWithinMs = 100_000;

async function runCell(
  cell: PolicyCell,
  round: number,
  world: FaultWorld,
  workload: PolicyWorkload,
): Promise<CaseResult> {
  const { proxy } = world.replica;
  await untilRight(workload, rightWithinMs);
  const before = await workload.before(proxy);
  const effect = strike(cell, world);
  await workload.change(round);
  await until('the fault strikes', effect.count, (count) => count >= effect.wanted, {
    withinMs: strikesWithinMs,
  }).catch(() => {});
  const faults = effect.count();
  // A list that strikes late acts on what it read before: what it would do wrong, it has the time to do.
  if (effect.lastsMs > 0) await sleep(effect.lastsMs);
  effect.end();
  const endedAt = performance.now();
  const convergedMs = await untilRight(workload, rightWithinMs + cell.seconds * 1_000).then(
    () => performance.now() - endedAt,
    () => undefined,
  );
  const problems = faults === 0 ? ['the fault never struck'] : [];
  const wronged = await workload.wronged(before, proxy);
  if (wronged.length > 0) problems.push(`users that matched all along lost their child: ${wronged.join(', ')}`);
  if (convergedMs !== undefined) problems.push(...(await unrest(world)));
  const { side, moment, name } = cell;
  return { side, moment, name, faults, tally: await workload.tally(), convergedMs, problems };
}

interface Effect {
  /** How often it struck by now, and how often it is waited for. */
  readonly count: () => number;
  readonly wanted: number;
  readonly lastsMs: number;
  readonly end: () => void;
}

/** What is waited for besides: two lists and more, at the pace of these worlds. */
const liesLastMs = 3_000;

function strike(cell: PolicyCell, world: FaultWorld): Effect {
  const { acronis: cloud, replica } = world;
  if ('fault' in cell) {
    const before = world.struck;
    if (cell.side === 'kubernetes') replica.proxy.faults.add(cell.fault);
    else cloud.faults.add(cell.fault);
    // The policy is not asked about by itself.
    if (cell.side === 'kubernetes' && cell.moment === 'policy: policy') replica.proxy.cut();
    return { count: () => world.struck - before, wanted: 1, lastsMs: 0, end: () => world.clearFaults() };
  }
  if ('kills' in cell) {
    void replica.operator.stop('SIGKILL');
    return { count: () => replica.past.length, wanted: 1, lastsMs: 0, end: () => {} };
  }
  const route: Route = 'lies' in cell && 'feed' in cell.lies ? 'feed' : 'listUsers';
  const asked = cloud.ledger.count(route);
  const count = () => cloud.ledger.count(route) - asked;
  if ('lies' in cell) {
    cloud.switches.set(cell.lies);
    const end = () => void cloud.switches.set({ listing: 'honest', feed: 'honest' });
    return { count, wanted: 2, lastsMs: liesLastMs, end };
  }
  const hidden = cloud.cast.tenants.customers[1] ?? '';
  cloud.console.setTenant(hidden, { ancestralAccess: false });
  const end = () => void cloud.console.setTenant(hidden, { ancestralAccess: true });
  return { count, wanted: 2, lastsMs: liesLastMs, end };
}

/** Once all is right nothing is written any more, to either side. */
async function unrest({ replica: { proxy }, acronis: { ledger } }: FaultWorld): Promise<readonly string[]> {
  const written = () =>
    proxy.records.filter(({ request: { method, resource } }) => method !== 'GET' && resource.startsWith('tenant'));
  await sleep(1_300);
  const [patches, puts] = [written().length, ledger.count('putUser')];
  await sleep(1_000);
  const more = written()
    .slice(patches)
    .map(({ request: { method, resource, name } }) => `${method} of ${resource} ${name}`);
  if (ledger.count('putUser') > puts) more.push(`${ledger.count('putUser') - puts} PUTs`);
  return more.length === 0 ? [] : [`written after all was right: ${more.join(', ')}`];
}
