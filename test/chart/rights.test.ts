import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it, onTestFailed } from 'vitest';
import * as z from 'zod';
import { type Sandbox, startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { asked, refused, unused } from '../../sandbox/controlplane/audit.ts';
import { boundRights } from '../../sandbox/controlplane/bound-rights.ts';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { serviceAccountToken } from '../../sandbox/controlplane/kubectl.ts';
import { type OperatorProcess, startOperator } from '../../sandbox/operator/process.ts';
import { until } from '../../sandbox/until.ts';
import { Cluster, chartDir, unique, upsell, type Values } from './chart.ts';
import { withoutPlaces } from './pod.ts';

const cluster = new Cluster(inject('auditedControlPlane'));

/** A release, an Acronis, and the operator as the release's pod would run it: its arguments, its ServiceAccount's token, its Secret as files. */
class Installed implements AsyncDisposable {
  readonly namespace: string;
  /** Of the release, and so of all its objects. */
  readonly name: string;
  readonly acronis: Sandbox;
  readonly operator: OperatorProcess;
  readonly #files: string;

  private constructor(namespace: string, name: string, acronis: Sandbox, operator: OperatorProcess, files: string) {
    this.namespace = namespace;
    this.name = name;
    this.acronis = acronis;
    this.operator = operator;
    this.#files = files;
  }

  static async start(values: Values): Promise<Installed> {
    const controlPlane = inject('auditedControlPlane');
    const namespace = await cluster.newNamespace('sys');
    const acronis = await startSandbox({ users: 40 });
    const { url, clientId: clientID, clientSecret } = acronis;
    const name = newRelease();
    await cluster.helm(namespace, ['install', name, chartDir], {
      ...values,
      crds: { install: false },
      acronis: { allowInsecure: true },
    });

    const files = await mkdtemp(join(tmpdir(), 'upsell-credentials-'));
    for (const [file, value] of Object.entries({ url, clientID, clientSecret }))
      await writeFile(join(files, file), value);
    const token = await serviceAccountToken(controlPlane, namespace, name);
    const operator = await startOperator({
      kubeconfig: await kubeconfigFor(controlPlane, { name: namespace, token, namespace }),
      flags: [
        ...(await argumentsOf(namespace, name)),
        `--acronis-credentials-dir=${files}`,
        '--drift-interval=1s',
        '--resync-interval=2s',
      ],
    });
    onTestFailed(() => console.error(`The operator's last lines:\n${operator.lines.slice(-30).join('\n')}`));
    await operator.ready(AbortSignal.timeout(30_000));
    return new Installed(namespace, name, acronis, operator, files);
  }

  get user(): string {
    return `system:serviceaccount:${this.namespace}:${this.name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.operator.stop();
    await this.acronis.stop();
    await rm(this.#files, { recursive: true });
    await cluster.helm(this.namespace, ['uninstall', this.name]);
  }
}

/** Of the Deployment in the cluster, but for where this machine has other places. */
async function argumentsOf(namespace: string, name: string): Promise<string[]> {
  const text = await cluster.ok([
    '-n',
    namespace,
    'get',
    'deploy',
    name,
    '-o',
    'jsonpath={.spec.template.spec.containers[0].args}',
  ]);
  return withoutPlaces(z.array(z.string()).parse(JSON.parse(text)));
}

const untilReason = (namespace: string, name: string, reason: string, kind: 'tuu' | 'tup' = 'tuu') =>
  until(
    `${namespace}/${name} is ${reason}`,
    async () =>
      (
        await cluster.tried([
          '-n',
          namespace,
          'get',
          kind,
          name,
          '-o',
          'jsonpath={.status.conditions[?(@.type=="Ready")].reason}',
        ])
      ).stdout,
    (seen) => seen === reason,
    { withinMs: 30_000 },
  );

/** A policy makes the object of its one user, and removes it where a person lets that through. */
async function playPolicy(namespace: string, { id, login, tenantID }: Cast['byPolicy']): Promise<void> {
  const child = `u-${id}`;
  const policy = (users: object, annotations: object = {}): object => ({
    apiVersion: 'upsell.acronis.com/v1alpha1',
    kind: 'TenantUpsellPolicy',
    metadata: { namespace, name: 'one-user', annotations },
    spec: {
      tenantID,
      includeSubtenants: false,
      tenantKinds: ['customer', 'unit'],
      users: { roles: [], logins: [login], ...users },
    },
  });
  await cluster.apply(policy({}));
  await untilReason(namespace, child, 'BuyerAssigned');
  await cluster.apply(policy({ exclude: [id] }));
  await untilReason(namespace, 'one-user', 'Braked', 'tup');
  await cluster.apply(policy({ exclude: [id] }, { 'upsell.acronis.com/approve': '1' }));
  await until(
    `${namespace}/${child} is gone`,
    () => cluster.ok(['-n', namespace, 'get', 'tuu', child, '--ignore-not-found', '-o', 'name']),
    (seen) => seen.trim() === '',
    { withinMs: 45_000 },
  );
  await cluster.ok(['-n', namespace, 'delete', 'tup', 'one-user', '--timeout=30s']);
}

/** The cases that need each right: assign by id and by login, a Secret of its own, an account, revoke, and a policy. */
async function play(installed: Installed, namespace: string, cast: Cast): Promise<void> {
  const { acronis } = installed;
  const { url, clientId: clientID, clientSecret } = acronis;
  const account = {
    apiVersion: 'upsell.acronis.com/v1alpha1',
    kind: 'AcronisAccount',
    metadata: { namespace: installed.namespace, name: 'own' },
    spec: { credentialsSecretRef: { name: 'own' }, allowedNamespaces: { from: 'All' } },
  };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: 'own' },
    stringData: { url, clientID, clientSecret },
  };
  await cluster.apply(secret);
  await cluster.apply({ ...secret, metadata: { ...secret.metadata, namespace: installed.namespace } });
  await cluster.apply(account);
  await cluster.apply(upsell(namespace, 'by-account', { userID: cast.byAccount, accountRef: { name: 'own' } }));
  await cluster.apply(upsell(namespace, 'by-id', { userID: cast.byId }));
  await cluster.apply(upsell(namespace, 'by-login', cast.byLogin));
  await cluster.apply(
    upsell(namespace, 'own-secret', { userID: cast.ownSecret, credentialsSecretRef: { name: 'own' } }),
  );
  await cluster.apply(upsell(namespace, 'for-a-while', { userID: cast.forAWhile, deletionPolicy: 'Revoke' }));
  for (const name of ['by-id', 'by-login', 'by-account', 'own-secret', 'for-a-while'])
    await untilReason(namespace, name, 'BuyerAssigned');
  await cluster.ok(['-n', namespace, 'delete', 'tuu', 'for-a-while', '--timeout=30s']);
  expect(acronis.directory.get(cast.forAWhile)?.businessTypes).toEqual([]);
  await playPolicy(namespace, cast.byPolicy);
}

interface Cast {
  readonly byId: string;
  readonly byLogin: { readonly login: string; readonly tenantID: string };
  readonly byAccount: string;
  readonly ownSecret: string;
  readonly forAWhile: string;
  readonly byPolicy: { readonly id: string; readonly login: string; readonly tenantID: string };
}

/** Users that no object names yet. */
function* casts({ acronis }: Installed): Generator<Cast, never> {
  // Those of the cast have traits of their own; one of them, for instance, is beyond this client's sight.
  const cast = new Set(Object.values(acronis.cast).flat());
  const users = acronis.directory.all().filter((each) => !cast.has(each.id) && each.businessTypes.length === 0);
  for (;;) {
    const [one, two, three, four, five, six] = users.splice(0, 6);
    if (one === undefined || two === undefined || three === undefined || four === undefined || five === undefined)
      throw new Error('The sandbox has too few users for these tests.');
    if (six === undefined) throw new Error('The sandbox has too few users for these tests.');
    yield {
      byId: one.id,
      byLogin: { login: two.login, tenantID: two.tenant.id },
      ownSecret: three.id,
      forAWhile: four.id,
      byAccount: five.id,
      byPolicy: { id: six.id, login: six.login, tenantID: six.tenant.id },
    };
  }
}

describe("with a token of the chart's own ServiceAccount", () => {
  it('the operator serves the whole cluster, is refused nothing, and needs every right it has', async () => {
    const customers = await cluster.newNamespace('customers');
    const gone = await cluster.newNamespace('gone');
    await using installed = await Installed.start({
      credentials: { perObjectSecrets: { enabled: true } },
      accounts: { secrets: { enabled: true } },
    });
    const [cast, other] = take(casts(installed));
    await play(installed, customers, cast);

    // An object whose namespace the cache does not have is why namespaces may be got one by one. Here it was deleted beneath it.
    await cluster.apply(upsell(gone, 'left', { userID: other.byId }));
    await untilReason(gone, 'left', 'BuyerAssigned');
    await cluster.ok(['delete', 'namespace', gone, '--wait=false']);
    await cluster.ok(
      ['replace', '--raw', `/api/v1/namespaces/${gone}/finalize`, '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: gone }, spec: { finalizers: [] } }),
    );

    await untilAllUsed(installed);
  }, 240_000);

  it('the operator serves listed namespaces with a Role in each, is refused nothing, and needs every right it has', async () => {
    const watched = [await cluster.newNamespace('customers'), await cluster.newNamespace('partners')];
    await using installed = await Installed.start({
      watch: { namespaces: watched },
      credentials: { perObjectSecrets: { enabled: true, names: ['own'] } },
      accounts: { secrets: { enabled: true, names: ['own'] } },
    });
    const [first, second] = take(casts(installed));
    await play(installed, watched[0] ?? '', first);
    await play(installed, watched[1] ?? '', second);
    await untilAllUsed(installed);
  }, 240_000);

  it('without the right to Secrets, an object that names one says so and the others go on', async () => {
    const customers = await cluster.newNamespace('customers');
    await using installed = await Installed.start({ watch: { namespaces: [customers] } });
    const [cast] = take(casts(installed));
    await cluster.apply(
      upsell(customers, 'own-secret', { userID: cast.ownSecret, credentialsSecretRef: { name: 'own' } }),
    );
    await cluster.apply(upsell(customers, 'by-id', { userID: cast.byId }));
    await untilReason(customers, 'own-secret', 'CredentialsMissing');
    await untilReason(customers, 'by-id', 'BuyerAssigned');
    expect(refused(await asked(inject('auditedControlPlane').auditLog, installed.user))).toEqual([
      `get /api/v1/namespaces/${customers}/secrets/own: 403`,
    ]);
  }, 240_000);

  it('may do nothing beside', async () => {
    const namespace = await cluster.newNamespace('sys');
    const name = newRelease();
    const values = { crds: { install: false }, credentials: { perObjectSecrets: { enabled: true } } };
    await cluster.helm(namespace, ['install', name, chartDir], values);
    const as = `--as=system:serviceaccount:${namespace}:${name}`;
    for (const [verb, resource] of [
      ['list', 'secrets'],
      ['watch', 'secrets'],
      ['create', 'secrets'],
      ['create', 'tenantupsellpolicies.upsell.acronis.com'],
      ['delete', 'tenantupsellpolicies.upsell.acronis.com'],
      ['deletecollection', 'tenantuserupsells.upsell.acronis.com'],
      ['patch', 'namespaces'],
      ['list', 'pods'],
      ['create', 'serviceaccounts/token'],
      ['get', 'leases.coordination.k8s.io'],
    ] as const)
      expect((await cluster.tried(['auth', 'can-i', verb, resource, '-A', as])).stdout, `${verb} ${resource}`).toBe(
        'no',
      );
    await cluster.helm(namespace, ['uninstall', name]);
  });
});

/** Has the chart's name in it, so that it is the name of all objects. */
const newRelease = () => unique('acronis-upsell-operator');

function take(from: Generator<Cast, never>): readonly [Cast, Cast] {
  return [from.next().value, from.next().value];
}

/** Waits until each right was used, and holds that nothing was refused meanwhile, nor up to the end. */
async function untilAllUsed(installed: Installed): Promise<void> {
  const { auditLog } = inject('auditedControlPlane');
  const rights = (await boundRights(inject('auditedControlPlane'))).get(installed.user) ?? [];
  expect(rights.length).toBeGreaterThan(4);
  await until(
    'every right was used',
    async () => unused(await asked(auditLog, installed.user), rights),
    (left) => left.length === 0,
    { withinMs: 30_000, everyMs: 250 },
  );
  expect(await installed.operator.stop()).toMatchObject({ exitCode: 0 });
  expect(refused(await asked(auditLog, installed.user))).toEqual([]);
  // The check itself: a right that is never used would have been found.
  const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get'], resourceNames: [randomUUID()] };
  expect(unused(await asked(auditLog, installed.user), [{ namespace: undefined, rule }])).toEqual([
    'get /configmaps in all namespaces',
  ]);
}
