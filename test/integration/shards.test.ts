/**
 * Two instances split the objects of one namespace by `--watch-selector`, with the labels that kubernetes-controller-sharding sets, each with the lease that
 * follows from its selector. The sandbox's own ledger shows who wrote: each process has a token of its own.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, inject, it, onTestFailed } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import type { WriteRecord } from '../../sandbox/acronis/state/ledger.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { logLines, type OperatorProcess } from '../../sandbox/operator/process.ts';
import { until } from '../../sandbox/until.ts';
import { leaseNameFor } from '../../src/config/config.ts';
import { World } from './world.ts';

type Shard = 'a' | 'b';

/** A ring of this run's own: instances with the rights of a release watch the whole cluster. */
const ring = `upsell-${randomBytes(3).toString('hex')}`;
const shardLabel = `shard.alpha.sharding.timebertt.dev/${ring}`;
const drainLabel = `drain.alpha.sharding.timebertt.dev/${ring}`;
const selectorOf = (shard: Shard) => `${shardLabel}=${shard},!${drainLabel}`;

const seenSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        generation: z.number(),
        annotations: z.record(z.string(), z.string()).default({}),
        deletionTimestamp: z.string().optional(),
      }),
      spec: z.object({ userID: z.string() }),
      status: z.object({
        observedGeneration: z.number().optional(),
        observedVersion: z.number().optional(),
        lastHandledReconcileAt: z.string().optional(),
        conditions: z.array(z.object({ type: z.string(), reason: z.string(), message: z.string() })),
      }),
    }),
  ),
});
type Seen = z.output<typeof seenSchema>['items'][number];

const leasesSchema = z.object({
  items: z.array(
    z.object({ metadata: z.object({ name: z.string() }), spec: z.object({ holderIdentity: z.string().default('') }) }),
  ),
});

let world: World;
/** The instance of shard b; the world's own operator is that of shard a. */
let other: OperatorProcess;
let tokens: Readonly<Record<Shard, number | undefined>>;
/** Users that no test uses yet. */
let fresh: string[] = [];
let round = 0;

beforeAll(async () => {
  world = await World.start({
    sandbox: { users: 120 },
    flags: [`--watch-selector=${selectorOf('a')}`],
    leases: [leaseNameFor(selectorOf('a')), leaseNameFor(selectorOf('b'))],
  });
  other = await world.replica([`--watch-selector=${selectorOf('b')}`]);
  await other.ready(AbortSignal.timeout(30_000));
  fresh = world.freshUsers();
  const first = { a: take(1), b: take(1) };
  await Promise.all([create('first-a', first.a, 'a'), create('first-b', first.b, 'b')]);
  await untilRight([...first.a, ...first.b]);
  tokens = { a: writes(first.a).at(-1)?.token, b: writes(first.b).at(-1)?.token };
});
afterAll(async () => {
  await other?.stop();
  await world?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  world.logOnFailure();
  onTestFailed(() => console.error(`The last lines of shard b:\n${other.lines.slice(-30).join('\n')}`));
});

function take(count: number): string[] {
  const users = fresh.splice(0, count);
  if (users.length < count) throw new Error('The sandbox has too few users for these tests.');
  return users;
}

/** One object for each user, `name-0` and so on; without a shard it has no owner. */
async function create(name: string, users: readonly string[], shard?: Shard, spec: object = {}): Promise<string[]> {
  const objects = users.map((userID, at) => ({
    apiVersion: 'upsell.acronis.com/v1alpha1',
    kind: 'TenantUserUpsell',
    metadata: { name: `${name}-${at}`, labels: shard === undefined ? {} : { [shardLabel]: shard } },
    spec: { userID, ...spec },
  }));
  await world.apply(...objects);
  return objects.map(({ metadata }) => metadata.name);
}

const move = (names: readonly string[], to: Shard) =>
  world.ok('label', 'tuu', ...names, `${shardLabel}=${to}`, '--overwrite');

const list = async (): Promise<Seen[]> =>
  seenSchema.parse(JSON.parse(await world.ok('get', 'tuu', '-o', 'json'))).items;

const reasonOf = ({ status }: Seen) => status.conditions.find(({ type }) => type === 'Ready')?.reason;

/** Its status speaks of the present spec, of what was asked last, and of its user as the user is. */
const isRight = (object: Seen): boolean =>
  reasonOf(object) === 'BuyerAssigned' &&
  object.status.observedGeneration === object.metadata.generation &&
  object.status.lastHandledReconcileAt === object.metadata.annotations['upsell.acronis.com/requestedAt'] &&
  object.status.observedVersion === world.user(object.spec.userID).version &&
  world.isBuyer(object.spec.userID);

/** Waits until the objects of these users are Ready in every sense. */
async function untilRight(users: readonly string[]): Promise<void> {
  const wanted = new Set(users);
  await until(
    'all objects are right',
    async () => (await list()).filter(({ spec }) => wanted.has(spec.userID)).map((each) => [each, isRight(each)]),
    (seen) => seen.length === wanted.size && seen.every(([, right]) => right),
    { withinMs: 40_000, everyMs: 200 },
  );
}

const untilGone = (names: readonly string[]) =>
  until(
    'the objects are gone',
    async () => (await list()).map(({ metadata }) => metadata.name).filter((name) => names.includes(name)),
    (left) => left.length === 0,
    { withinMs: 40_000, everyMs: 200 },
  );

/** PUTs that were applied to these users, oldest first. */
const writes = (users: readonly string[]): WriteRecord[] =>
  users.flatMap((id) => world.acronis.ledger.writesOf(id)).filter(({ by }) => by === 'put');
const shardsOf = (records: readonly WriteRecord[]) =>
  records.map(({ token }) => (token === tokens.a ? 'a' : token === tokens.b ? 'b' : 'unknown'));
const repeat = (shard: Shard, count: number) => Array.from({ length: count }, () => shard);

/** Each user was written as often as was owed, and nothing was sent beside that but what a revision turned away. */
function expectPuts(users: readonly string[], owed: number | ((user: string, at: number) => number)): void {
  const counted = users.map((id) => world.acronis.ledger.putsOf(id));
  expect(counted.map(({ applied }) => applied)).toEqual(
    users.map((id, at) => (typeof owed === 'number' ? owed : owed(id, at))),
  );
  expect(counted.map(({ sent }) => sent)).toEqual(counted.map(({ applied, conflicts }) => applied + conflicts));
}

/** Lets an instance ask its change feed and read its own users, each some more times. */
async function afterLooking(shard: Shard): Promise<void> {
  const of = (...routes: readonly string[]) =>
    world.acronis.ledger.requests.all().filter(({ token, route }) => token === tokens[shard] && routes.includes(route))
      .length;
  const before = { feed: of('feed'), reads: of('getUser', 'getUsers') };
  await until(
    `shard ${shard} looked again`,
    () => ({ feed: of('feed'), reads: of('getUser', 'getUsers') }),
    ({ feed, reads }) => feed >= before.feed + 3 && reads >= before.reads + 2,
  );
}

it('each has a lease of its own and serves its own objects, with one PUT each', async () => {
  const users = { a: take(12), b: take(12) };
  await Promise.all([create('mine-a', users.a, 'a'), create('mine-b', users.b, 'b')]);
  await untilRight([...users.a, ...users.b]);
  expectPuts([...users.a, ...users.b], 1);
  expect(shardsOf(writes(users.a))).toEqual(repeat('a', 12));
  expect(shardsOf(writes(users.b))).toEqual(repeat('b', 12));

  const leases = leasesSchema.parse(JSON.parse(await world.ok('get', 'leases', '-o', 'json'))).items;
  const names = [leaseNameFor(selectorOf('a')), leaseNameFor(selectorOf('b'))];
  expect(leases.map(({ metadata }) => metadata.name).toSorted()).toEqual(names.toSorted());
  const holders = leases.map(({ spec }) => spec.holderIdentity);
  expect(holders).not.toContain('');
  expect(new Set(holders).size).toBe(2);
});

it('an object without the label has no owner until it gets one', async () => {
  const users = take(1);
  const [name = ''] = await create('unassigned', users);
  await Promise.all([afterLooking('a'), afterLooking('b')]);
  expect((await list()).filter(({ metadata }) => metadata.name === name).map(reasonOf)).toEqual(['Pending']);
  expectPuts(users, 0);
  await move([name], 'b');
  await untilRight(users);
  expect(shardsOf(writes(users))).toEqual(['b']);
});

it('objects move there and back amid edits and drift, without a gap and without a second PUT', async () => {
  const users = take(12);
  const names = await create('moving', users, 'a');
  await untilRight(users);
  let owed = users.map(() => 1);
  const strip = (which: readonly string[]) => {
    for (const id of which) world.acronis.console.strip(id);
    owed = owed.map((count, at) => count + (which.includes(users[at] ?? '') ? 1 : 0));
  };
  const part = (rest: number) => users.flatMap((id, at) => (at % 3 === rest ? [{ id, name: names[at] ?? '' }] : []));

  for (const to of ['b', 'a'] as const) {
    round++;
    // A third is edited, a third drifts, a third only moves; all at the same time.
    strip(part(1).map(({ id }) => id));
    const edited = part(0).map(({ name }) => name);
    await Promise.all([
      move(names, to),
      world.ok('annotate', 'tuu', ...edited, `upsell.acronis.com/requestedAt=round-${round}`, '--overwrite'),
      ...(round === 1 ? part(0).map(({ id, name }) => setTenant(name, world.user(id).tenant.id)) : []),
    ]);
    strip(part(2).map(({ id }) => id));
    await untilRight(users);
    expectPuts(users, (_, at) => owed[at] ?? 0);

    // Whatever happens from now on is the new owner's alone.
    const before = writes(users).length;
    strip(users);
    await untilRight(users);
    expectPuts(users, (_, at) => owed[at] ?? 0);
    const latest = users.map((id) => writes([id]).at(-1)).filter((each) => each !== undefined);
    expect(writes(users)).toHaveLength(before + users.length);
    expect(shardsOf(latest)).toEqual(repeat(to, users.length));
  }

  await Promise.all([afterLooking('a'), afterLooking('b')]);
  expectPuts(users, (_, at) => owed[at] ?? 0);
}, 120_000);

const setTenant = (name: string, tenantID: string) =>
  world.ok('patch', 'tuu', name, '--type=merge', '-p', JSON.stringify({ spec: { tenantID } }));

/** Audit lines of an instance, by what was done to the objects of this name. */
const audit = (operator: OperatorProcess, action: string, name: string) =>
  logLines(operator).filter(
    (line) =>
      line.msg === 'wrote to Acronis' && line['action'] === action && String(line['object']).includes(`/${name}-`),
  );

it('an object that is deleted right after it moved is revoked by its new owner, once', async () => {
  const users = take(8);
  const names = await create('leaving', users, 'a', { deletionPolicy: 'Revoke' });
  await untilRight(users);
  await move(names, 'b');
  await world.ok('delete', 'tuu', ...names, '--wait=false');
  await untilGone(names);
  expect(users.filter((id) => world.isBuyer(id))).toEqual([]);
  expectPuts(users, 2);
  for (const id of users) expect(shardsOf(writes([id]))).toEqual(['a', 'b']);
  const revoked = () => audit(other, 'revoke', 'leaving').length;
  await until('the new owner reports all', revoked, (count) => count >= 8);
  expect([revoked(), audit(world.operator, 'revoke', 'leaving')]).toEqual([8, []]);
});

it('a deletion that waits goes with its object, and is finished where that went', async () => {
  const users = take(1);
  const [id = ''] = users;
  const names = await create('waiting', users, 'a', { deletionPolicy: 'Revoke' });
  await untilRight(users);
  const fault = world.acronis.faults.add({ kind: 'status', status: 500, routes: ['putUser'], id });
  await world.ok('delete', 'tuu', ...names, '--wait=false');
  await until(
    'the deletion waits',
    async () => (await list()).filter(({ metadata }) => names.includes(metadata.name)),
    ([object]) => object !== undefined && reasonOf(object) === 'Unavailable',
  );
  await move(names, 'b');
  await until(
    'the new owner tries',
    () => audit(other, 'revoke', 'waiting').length,
    (count) => count > 0,
  );
  world.acronis.faults.remove(fault);
  await untilGone(names);
  expect(world.isBuyer(id)).toBe(false);
  expect(world.puts(id)).toBe(2);
  expect(shardsOf(writes(users))).toEqual(['a', 'b']);
});

/** How many objects an instance knows, as its own metrics say. */
async function servedBy(operator: OperatorProcess): Promise<number> {
  const page = await (await fetch(operator.metrics)).text();
  const counts = [...page.matchAll(/^acronis_upsell_objects\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  return counts.reduce((sum, count) => sum + count, 0);
}

it('an object that is being drained is left alone immediately, and served again by its new owner', async () => {
  const users = take(4);
  const names = await create('draining', users, 'a');
  await untilRight(users);
  const served = await servedBy(world.operator);
  await world.ok('label', 'tuu', ...names, `${drainLabel}=true`);
  await until(
    'shard a dropped the objects',
    () => servedBy(world.operator),
    (count) => count === served - 4,
  );
  for (const id of users) world.acronis.console.strip(id);
  await afterLooking('a');
  expect(users.filter((id) => world.isBuyer(id))).toEqual([]);
  expectPuts(users, 1);

  // The acknowledgement, as docs/guide/sharding.md has it; then the label that the sharder's webhook sets.
  await world.ok('label', 'tuu', '-l', drainLabel, `${shardLabel}-`, `${drainLabel}-`);
  await move(names, 'b');
  await untilRight(users);
  expectPuts(users, 2);
  for (const id of users) expect(shardsOf(writes([id]))).toEqual(['a', 'b']);
});

it('two objects of different shards that name one user do not see each other: nothing is written twice, and a Revoke is made good', async () => {
  const users = take(1);
  const [id = ''] = users;
  const [first = ''] = await create('twin-a', users, 'a', { deletionPolicy: 'Revoke' });
  await untilRight(users);
  await create('twin-b', users, 'b');
  await untilReasons(id, ['BuyerAssigned', 'BuyerAssigned']);
  await Promise.all([afterLooking('a'), afterLooking('b')]);
  expectPuts(users, 1);

  await world.ok('delete', 'tuu', first, '--timeout=15s');
  await untilRight(users);
  expect(shardsOf(writes(users))).toEqual(['a', 'a', 'b']);

  // In one shard they see each other.
  const [third = ''] = await create('twin-c', users, 'a');
  await untilReasons(id, ['BuyerAssigned', 'BuyerAssigned']);
  await move([third], 'b');
  await world.ok('annotate', 'tuu', third, 'upsell.acronis.com/requestedAt=now', '--overwrite');
  await untilReasons(id, ['BuyerAssigned', 'DuplicateClaim']);
  expectPuts(users, 3);
});

const untilReasons = (id: string, reasons: readonly string[]) =>
  until(
    `the objects of one user are ${reasons.join(' and ')}`,
    async () =>
      (await list())
        .filter(({ spec }) => spec.userID === id)
        .map(reasonOf)
        .toSorted(),
    (seen) => JSON.stringify(seen) === JSON.stringify(reasons),
  );

it('the objects of a shard that was killed are given to the other one, which finds what drifted meanwhile', async () => {
  const users = take(8);
  const names = await create('orphan', users, 'b');
  await untilRight(users);
  await other.stop('SIGKILL');
  for (const id of users.slice(0, 4)) world.acronis.console.strip(id);
  await move(names, 'a');
  await untilRight(users);
  expectPuts(users, (_, at) => (at < 4 ? 2 : 1));
  expect(shardsOf(writes(users.slice(0, 4)))).toEqual(['b', 'a', 'b', 'a', 'b', 'a', 'b', 'a']);
});

it('the API server takes the manifests of the page on sharding, as far as it knows their kinds', async () => {
  const page = await readFile(new URL('../../docs/guide/sharding.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block]) => block ?? '');
  const known = z.object({
    kind: z.enum(['Lease', 'ClusterRole', 'ClusterRoleBinding']),
    metadata: z.looseObject({ namespace: z.string().optional() }),
  });
  const manifests = blocks
    .flatMap((block) => parseAllDocuments(block).map((each): unknown => each.toJS()))
    .filter((each) => known.safeParse(each).success);
  expect(manifests).toHaveLength(3);
  const items = JSON.parse(JSON.stringify(manifests).replaceAll('"acronis-upsell"', `"${world.namespace}"`));
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await kubectlOk(inject('controlPlane'), ['create', '--dry-run=server', '--validate=strict', '-f', '-'], {
    stdin: list,
  });
});
