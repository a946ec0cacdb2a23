/**
 * The dimension scope: faults that strike one user or one account, for as long as the case lasts. The others are worked for meanwhile as if nothing were:
 * new, edited and drifted ones become right while the fault is in force, and nothing is written to one that was Ready. In the end all are right.
 */
import type { FaultInput } from '../../sandbox/acronis/faults.ts';
import type { Route } from '../../sandbox/acronis/http/routes.ts';
import { until } from '../../sandbox/until.ts';
import type { Case } from './case.ts';
import { overHttp } from './cells.ts';
import { FaultWorld } from './fault-world.ts';
import { type CaseResult, failed, titleOf } from './result.ts';
import { untilRight } from './run-cells.ts';

interface ScopedCell {
  readonly side: 'acronis';
  readonly scope: 'user' | 'account';
  readonly moment: string;
  readonly name: string;
  readonly fault: FaultInput;
}

/** How long others may take while the fault is in force: far less than a time-out of a request, and than the `Retry-After` below. */
const othersWithinMs = 20_000;
const longAnswer = { kind: 'status', status: 503, retryAfter: 40 } as const;

const names = {
  ...overHttp,
  '503 with a long Retry-After': longAnswer,
  '429 with a long Retry-After': { ...longAnswer, status: 429 },
} as const satisfies Readonly<Record<string, FaultInput>>;

const of = (
  scope: ScopedCell['scope'],
  what: string,
  routes: readonly Route[],
  faults: readonly (keyof typeof names)[],
): readonly ScopedCell[] =>
  faults.map((name) => ({
    side: 'acronis',
    scope,
    moment: `${what} (one ${scope})`,
    name,
    fault: { ...names[name], routes: [...routes] },
  }));

const reads: readonly Route[] = ['getUser', 'getUsers'];
const answers = ['500 html', '502 text', '504 empty'] as const;
const garbage = ['html 200', 'half a JSON', 'null'] as const;

const scoped: readonly ScopedCell[] = [
  ...of('user', 'read', reads, [...answers, ...garbage, 'cut before', 'hang before']),
  ...of('user', 'read', reads, ['503 with a long Retry-After']),
  ...of('user', 'putUser', ['putUser'], [...answers, ...garbage, 'cut before', '500 after', 'hang before']),
  ...of('user', 'putUser', ['putUser'], ['503 with a long Retry-After']),
  ...of('account', 'token', ['token'], [...answers, 'html 200', 'hang before', '429 with a long Retry-After']),
  ...of('account', 'read', reads, [...answers, 'html 200', 'hang before', '429 with a long Retry-After']),
  ...of('account', 'putUser', ['putUser'], [...answers, 'hang before', '429 with a long Retry-After']),
  ...of('account', 'feed', ['feed'], ['500 html', 'hang before']),
];

/** Each has a world of its own: it shows how fast others are, and nothing of an earlier fault may be left. */
export const scopedCases = (wanted: (title: string) => boolean): readonly Case[] =>
  scoped
    .filter((cell) => wanted(titleOf(cell)))
    .map((cell) => ({
      title: titleOf(cell),
      seconds: 40,
      run: async (options) => {
        await using world = await FaultWorld.make({ ...options, users: 120 });
        try {
          await world.start(await world.proxy());
          return [await runScoped(cell, world)];
        } catch (error) {
          return [failed(titleOf(cell), error)];
        }
      },
    }));

async function runScoped(cell: ScopedCell, world: FaultWorld): Promise<CaseResult> {
  const { workload, acronis, cluster, namespace } = world;
  const { id: clientID, secret: clientSecret } = acronis.clients.customer;
  await cluster.createSecret(namespace, 'own', { url: acronis.url, clientID, clientSecret });
  // The struck user is of the same account as the others; the struck account is another one.
  const spec = cell.scope === 'account' ? { credentialsSecretRef: { name: 'own' } } : {};
  const struckNames = cell.scope === 'account' ? ['struck-0', 'struck-1', 'struck-2'] : ['struck-0'];
  for (const name of struckNames) await workload.create(name, { spec });
  for (const name of ['untouched', 'edited', 'drifting']) await workload.create(name);
  await untilRight(world, 90_000);
  const versionOf = async (name: string) =>
    (await cluster.list(namespace)).find(({ metadata }) => metadata.name === name)?.metadata.resourceVersion;
  const untouched = await versionOf('untouched');

  acronis.faults.add({
    ...cell.fault,
    ...(cell.scope === 'account' ? { client: clientID } : { names: workload.userOf('struck-0') }),
  });
  if (cell.moment.startsWith('token')) acronis.console.revokeTokens(clientID);
  for (const name of struckNames) {
    workload.drift(name);
    await workload.edit(name, true);
  }
  await until(
    'the fault strikes',
    () => world.struck,
    (count) => count > 0,
    { withinMs: 60_000 },
  ).catch(() => {});
  const problems: string[] = world.struck === 0 ? ['the fault never struck'] : [];

  const beganAt = performance.now();
  for (const name of ['fresh-0', 'fresh-1']) await workload.create(name);
  workload.drift('drifting');
  await workload.edit('edited', true);
  const others = workload.names.filter((name) => !struckNames.includes(name));
  const left = await until(
    'the others are right',
    () => workload.stuck(others),
    (stuck) => stuck.length === 0,
    { withinMs: othersWithinMs, everyMs: 200 },
  ).catch(() => workload.stuck(others));
  const othersMs = performance.now() - beganAt;
  if (left.length > 0) problems.push(`others waited for a fault of one ${cell.scope}: ${left.join(', ')}`);
  if ((await versionOf('untouched')) !== untouched)
    problems.push(`another object, which was Ready, was written to because of one ${cell.scope}`);

  const faults = world.struck;
  const endedAt = performance.now();
  world.clearFaults();
  const convergedMs = await untilRight(world, 120_000).then(
    () => performance.now() - endedAt,
    () => undefined,
  );
  const tally = await workload.tally();
  problems.push(...(await world.stop()));
  const { side, moment, name } = cell;
  const notes = [`the others were right after ${(othersMs / 1_000).toFixed(1)} s`];
  return { side, moment, name, faults, tally, convergedMs, notes, problems };
}
