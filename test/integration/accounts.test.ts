/** AcronisAccounts on the real API server, with the built operator and the sandbox. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, inject, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { until } from '../../sandbox/until.ts';
import { ready, secret, stalled, upsell, World } from './world.ts';

const accountSchema = z.object({
  metadata: z.object({ resourceVersion: z.string(), generation: z.number() }),
  status: z.object({
    observedGeneration: z.number().optional(),
    url: z.string().optional(),
    tenantID: z.string().optional(),
    conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() })),
  }),
});
type SeenAccount = z.output<typeof accountSchema>;

const account = (name: string, spec: object = {}): object => ({
  apiVersion: 'upsell.acronis.com/v1alpha1',
  kind: 'AcronisAccount',
  metadata: { name },
  spec: { credentialsSecretRef: { name }, ...spec },
});

const reasonOf = (seen: SeenAccount | undefined, type: string) =>
  seen?.status.conditions.find((each) => each.type === type)?.reason;

/** The world's own namespace is that of accounts; objects of others carry the world's label. */
class AccountWorld implements AsyncDisposable {
  readonly world: World;
  readonly #others: string[] = [];

  constructor(world: World) {
    this.world = world;
  }

  static async start(flags: readonly string[] = []): Promise<AccountWorld> {
    const world = await World.start({ ownCredentials: false, perObjectSecrets: false, accountSecrets: true, flags });
    world.logOnFailure();
    return new AccountWorld(world);
  }

  get values() {
    const { url, clientId: clientID, clientSecret } = this.world.acronis;
    return { url, clientID, clientSecret };
  }

  /** The values of `kubectl get acct`, or undefined where there is no such account. */
  async account(name: string): Promise<SeenAccount | undefined> {
    const { stdout } = await this.world.kubectl('get', 'acct', name, '-o', 'json', '--ignore-not-found');
    return stdout.trim() === '' ? undefined : accountSchema.parse(JSON.parse(stdout));
  }

  async untilAccount(name: string, type: 'Ready' | 'ChangeFeed', reason: string, withinMs = 45_000) {
    return await until(
      `${name} is ${type} ${reason}`,
      () => this.account(name),
      (seen) => reasonOf(seen, type) === reason,
      { withinMs },
    );
  }

  async namespace(labels: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = `t-${randomBytes(4).toString('hex')}`;
    const manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
    await kubectlOk(inject('controlPlane'), ['create', '-f', '-'], { stdin: JSON.stringify(manifest) });
    this.#others.push(name);
    return name;
  }

  async apply(namespace: string, ...manifests: readonly object[]): Promise<void> {
    const items = manifests.map((each) => this.world.own(each));
    await kubectlOk(inject('controlPlane'), ['-n', namespace, 'apply', '-f', '-'], {
      stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    });
  }

  async reason(namespace: string, name: string): Promise<string> {
    const path = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}';
    return await kubectlOk(inject('controlPlane'), ['-n', namespace, 'get', 'tuu', name, '-o', path]);
  }

  async untilReason(namespace: string, name: string, reason: string, withinMs = 30_000): Promise<void> {
    await until(
      `${namespace}/${name} is ${reason}`,
      () => this.reason(namespace, name),
      (is) => is === reason,
      {
        withinMs,
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }
}

const inCluster = () => inject('rights').kind === 'cluster';

it('an object that comes before its account is tried as soon as the account is there, and an account that goes takes nothing with it', async () => {
  await using own = await AccountWorld.start();
  const { world } = own;
  const { cast } = world.acronis;
  await world.upsell('john', { userID: cast.johnDoe, accountRef: { name: 'eu2' } });
  const waiting = await world.untilReason('john', 'AccountNotFound');
  expect(stalled(waiting)?.status).toBe('True');
  await world.apply(secret('eu2', own.values), account('eu2'));
  await world.untilReason('john', 'BuyerAssigned', 10_000);
  const connected = await own.untilAccount('eu2', 'Ready', 'Connected');
  expect(connected?.status).toMatchObject({ url: own.values.url, tenantID: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  await own.untilAccount('eu2', 'ChangeFeed', 'Following');

  await world.ok('delete', 'acct', 'eu2');
  const left = await world.untilReason('john', 'AccountNotFound', 10_000);
  expect(left.status.assigned).toMatchObject({ userID: cast.johnDoe });
  expect(left.status.userID).toBe(cast.johnDoe);
  expect(world.isBuyer(cast.johnDoe)).toBe(true);
});

it('a namespace that loses its label is not served any more, forgets nothing, and is served again with it', async ({
  skip,
}) => {
  if (!inCluster()) skip();
  await using own = await AccountWorld.start();
  const { world } = own;
  const { cast } = world.acronis;
  const allowedNamespaces = { from: 'Selector', selector: { matchLabels: { world: world.namespace } } };
  await world.apply(secret('eu2', own.values), account('eu2', { allowedNamespaces }));
  const customers = await own.namespace({ world: world.namespace });
  const elsewhere = await own.namespace();
  await own.apply(customers, upsell('john', { userID: cast.johnDoe, accountRef: { name: 'eu2' } }));
  await own.apply(elsewhere, upsell('ada', { userID: cast.companyAdmin, accountRef: { name: 'eu2' } }));
  await own.untilReason(customers, 'john', 'BuyerAssigned');
  await own.untilReason(elsewhere, 'ada', 'AccountNotAllowed');
  expect(world.isBuyer(cast.companyAdmin)).toBe(false);

  await kubectlOk(inject('controlPlane'), ['label', 'namespace', customers, 'world-']);
  await own.untilReason(customers, 'john', 'AccountNotAllowed', 10_000);
  const path = 'jsonpath={.status.assigned.userID}';
  expect(await kubectlOk(inject('controlPlane'), ['-n', customers, 'get', 'tuu', 'john', '-o', path])).toBe(
    cast.johnDoe,
  );
  // Drift is not its business any more.
  const puts = world.puts(cast.johnDoe);
  world.acronis.console.strip(cast.johnDoe);
  const polls = () => world.acronis.ledger.count('feed');
  const before = polls();
  await until('the change was seen', polls, (count) => count >= before + 3);
  expect(world.puts(cast.johnDoe)).toBe(puts);

  await kubectlOk(inject('controlPlane'), ['label', 'namespace', customers, `world=${world.namespace}`]);
  await own.untilReason(customers, 'john', 'BuyerAssigned', 10_000);
  expect(world.isBuyer(cast.johnDoe)).toBe(true);
});

it('a Secret that is wrong shows in the account alone, and a rotation is seen without a restart', async () => {
  await using own = await AccountWorld.start();
  const { world } = own;
  const { cast } = world.acronis;
  await world.apply(account('eu2'), secret('us5', own.values), account('us5'));
  await own.untilAccount('eu2', 'Ready', 'CredentialsMissing');
  await own.untilAccount('eu2', 'ChangeFeed', 'Refused');
  await world.apply(secret('eu2', { ...own.values, clientSecret: 'not-the-secret' }));
  const rejected = await own.untilAccount('eu2', 'Ready', 'CredentialsRejected');
  expect(JSON.stringify(rejected)).not.toContain('not-the-secret');
  // The same client with the right secret is another account, and not touched by it.
  await own.untilAccount('us5', 'Ready', 'Connected');
  await world.upsell('john', { userID: cast.johnDoe, accountRef: { name: 'us5' } });
  await world.untilReason('john', 'BuyerAssigned');
  await world.apply(secret('eu2', own.values));
  await own.untilAccount('eu2', 'Ready', 'Connected');
  await own.untilAccount('eu2', 'ChangeFeed', 'Following');
  const events = await world.events('eu2');
  expect(events.map(({ reason }) => reason)).toEqual(
    expect.arrayContaining(['CredentialsMissing', 'CredentialsRejected', 'Connected']),
  );
}, 180_000);

it('an account that is throttled, that does not respond, or whose feed is refused says so and comes back by itself; a steady state writes nothing', async () => {
  await using own = await AccountWorld.start();
  const { world } = own;
  const { acronis } = world;
  await world.apply(secret('eu2', own.values), account('eu2'));
  await own.untilAccount('eu2', 'Ready', 'Connected');
  const steady = await own.untilAccount('eu2', 'ChangeFeed', 'Following');

  acronis.switches.set({ feed: 'refused' });
  await own.untilAccount('eu2', 'ChangeFeed', 'Refused');
  expect(reasonOf(await own.account('eu2'), 'Ready')).toBe('Connected');
  acronis.switches.set({ feed: 'honest' });
  await own.untilAccount('eu2', 'ChangeFeed', 'Following');

  const fault = acronis.faults.add({ kind: 'status', status: 429, retryAfter: 12 });
  await own.untilAccount('eu2', 'Ready', 'Throttled');
  acronis.faults.remove(fault);
  await own.untilAccount('eu2', 'Ready', 'Connected', 90_000);

  const broken = acronis.faults.add({ kind: 'status', status: 500 });
  await own.untilAccount('eu2', 'Ready', 'Unavailable', 60_000);
  acronis.faults.remove(broken);
  await own.untilAccount('eu2', 'Ready', 'Connected', 90_000);
  const back = await own.untilAccount('eu2', 'ChangeFeed', 'Following');
  expect(back?.metadata.generation).toBe(steady?.metadata.generation);

  const polls = () => acronis.ledger.count('feed');
  const before = polls();
  await until('the feed was polled ten times more', polls, (count) => count >= before + 10, { withinMs: 60_000 });
  expect((await own.account('eu2'))?.metadata.resourceVersion).toBe(back?.metadata.resourceVersion);
}, 420_000);

it('an account that hangs on every call says so, while another one is served as ever', async () => {
  await using own = await AccountWorld.start();
  const { world } = own;
  const { acronis } = world;
  const { customer } = acronis.clients;
  const slow = { url: acronis.url, clientID: customer.id, clientSecret: customer.secret };
  await world.apply(secret('eu2', own.values), account('eu2'), secret('slow', slow), account('slow'));
  await own.untilAccount('slow', 'Ready', 'Connected');
  const fault = acronis.faults.add({ kind: 'hang', client: customer.id });
  await own.untilAccount('slow', 'Ready', 'Unavailable', 150_000);
  expect(reasonOf(await own.account('eu2'), 'Ready')).toBe('Connected');
  await world.upsell('john', { userID: acronis.cast.johnDoe, accountRef: { name: 'eu2' } });
  await world.untilReason('john', 'BuyerAssigned', 10_000);
  acronis.faults.remove(fault);
  await own.untilAccount('slow', 'Ready', 'Connected', 120_000);
}, 360_000);

it('tenantIDs bound what an account serves: users of these tenants and below, and nobody else is read or written', async () => {
  await using own = await AccountWorld.start();
  const { world } = own;
  const { cast } = world.acronis;
  const { tenants } = cast;
  const [customer = ''] = tenants.customers;
  const outside = world.user(cast.johnDoe);
  const bounds = (tenantIDs: readonly string[]) => account('eu2', { tenantIDs });
  await world.apply(secret('eu2', own.values), bounds([customer]));
  const by = { accountRef: { name: 'eu2' } };
  await world.upsell('customer', { userID: cast.companyAdmin, ...by });
  await world.upsell('unit', { userID: cast.unitUser, ...by });
  await world.upsell('above', { userID: outside.id, ...by });
  await world.upsell('above-by-login', { login: outside.login, tenantID: outside.tenant.id, ...by });
  await world.untilReason('customer', 'BuyerAssigned');
  await world.untilReason('unit', 'BuyerAssigned');
  await world.untilReason('above', 'UserNotFound');
  await world.untilReason('above-by-login', 'UserNotFound');
  expect(world.puts(outside.id)).toBe(0);

  await world.ok('delete', 'tuu', 'above-by-login');
  await world.apply(bounds([tenants.partner]));
  await world.untilReason('above', 'BuyerAssigned');
  const object = await world.untilReason('unit', 'BuyerAssigned');
  expect(ready(object)?.status).toBe('True');
});

it('the sample is accepted as it is', async () => {
  const text = await readFile(new URL('../../deploy/samples/account.yaml', import.meta.url), 'utf8');
  const items = parseAllDocuments(text).map((each): unknown => each.toJS());
  expect(items).toHaveLength(3);
  for (const item of items)
    await kubectlOk(inject('controlPlane'), ['create', '--dry-run=server', '--validate=strict', '-f', '-'], {
      stdin: JSON.stringify(item).replaceAll('"acronis-system"', '"default"'),
    });
});
