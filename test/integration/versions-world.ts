/**
 * A control plane whose CRDs and operator the test exchanges: one version after the other, over the same objects and the same users. A version takes over as a
 * Deployment rolls: the new process waits for the lease while the old one still works.
 */
import { expect, inject, onTestFailed } from 'vitest';
import * as z from 'zod';
import { type Sandbox, startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { type ControlPlane, startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { type OperatorProcess, startOperator } from '../../sandbox/operator/process.ts';
import { grantClusterWide } from '../../sandbox/operator/rights.ts';
import { until } from '../../sandbox/until.ts';

const namespace = 'acronis-system';
const crd = 'crd/tenantuserupsells.upsell.acronis.com';

const conditionSchema = z.object({ type: z.string(), status: z.string(), reason: z.string() });
const objectSchema = z.object({
  metadata: z.object({ name: z.string(), resourceVersion: z.string(), uid: z.string() }),
  status: z.object({
    conditions: z.array(conditionSchema),
    assigned: z.object({ userID: z.string() }).optional(),
    offer: z.string().optional(),
  }),
});
const listSchema = z.object({ items: z.array(objectSchema) });
export type SeenObject = z.output<typeof objectSchema>;

/** Which kinds there may be: as kubectl has them. */
export type Kind = 'tuu' | 'tup' | 'acct';

/** By name, the reason of Ready. */
export type Reasons = Readonly<Record<string, string>>;

export class VersionsWorld implements AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly acronis: Sandbox;
  #running: OperatorProcess | undefined;

  private constructor(controlPlane: ControlPlane, acronis: Sandbox) {
    this.controlPlane = controlPlane;
    this.acronis = acronis;
  }

  static async start(): Promise<VersionsWorld> {
    const controlPlane = await startControlPlane({ programs: inject('programs') }, AbortSignal.timeout(60_000));
    const world = new VersionsWorld(controlPlane, await startSandbox({ users: 40 }));
    await kubectlOk(controlPlane, ['create', 'namespace', namespace]);
    return world;
  }

  kubectl(args: readonly string[], stdin?: string): Promise<string> {
    return kubectlOk(this.controlPlane, ['-n', namespace, ...args], stdin === undefined ? {} : { stdin });
  }

  /** @param crds as a stream of YAML documents. */
  async applyCrds(crds: string): Promise<void> {
    await kubectlOk(this.controlPlane, ['apply', '--server-side', '--force-conflicts', '-f', '-'], { stdin: crds });
    await kubectlOk(this.controlPlane, ['wait', '--for=condition=Established', crd]);
  }

  async apply(...items: readonly object[]): Promise<void> {
    await this.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  }

  async list(kind: Kind): Promise<readonly SeenObject[]> {
    return listSchema.parse(JSON.parse(await this.kubectl(['get', kind, '-o', 'json']))).items;
  }

  /** Waits until the objects of a kind are these and no others. */
  async untilReasons(kind: Kind, wanted: Reasons): Promise<void> {
    const sorted = (reasons: Reasons) => JSON.stringify(Object.entries(reasons).sort());
    await until(
      `${kind} is ${sorted(wanted)}`,
      async () => reasonsOf(await this.list(kind)),
      (now) => sorted(now) === sorted(wanted),
      { withinMs: 60_000 },
    );
  }

  /** Waits for two more resyncs: what is not settled would be written by them. */
  async twoResyncs(): Promise<void> {
    const reads = () => this.acronis.ledger.count('getUsers') + this.acronis.ledger.count('getUser');
    for (let pass = 0; pass < 2; pass++) {
      const before = reads();
      await until('the next resync', reads, (now) => now > before, { withinMs: 30_000 });
    }
  }

  /** Which objects there are, and how often each was written. */
  async versions(...kinds: readonly Kind[]): Promise<readonly string[]> {
    const lists = await Promise.all(kinds.map((kind) => this.list(kind)));
    return lists.flat().map(({ metadata: { name, uid, resourceVersion } }) => `${name} ${uid} ${resourceVersion}`);
  }

  /** Nothing is written by two more resyncs, to no object of these kinds and to no user. */
  async expectSteady(...kinds: readonly Kind[]): Promise<void> {
    await this.twoResyncs();
    const state = async () => ({ objects: await this.versions(...kinds), writes: this.writes });
    const before = await state();
    await this.twoResyncs();
    expect(await state()).toEqual(before);
  }

  /** How many writes Acronis applied in all. */
  get writes(): number {
    return this.acronis.ledger.stats().putsApplied;
  }

  /** How many writes Acronis applied for a user. */
  writesTo(id: string): number {
    return this.acronis.ledger.putsOf(id).applied;
  }

  isBuyer(id: string): boolean {
    return this.acronis.directory.get(id)?.businessTypes.includes('buyer') ?? false;
  }

  /** What readiness says in full. */
  async readiness(): Promise<string> {
    if (this.#running === undefined) throw new Error('No operator is running.');
    return await (await fetch(`${this.#running.probes}/readyz?verbose`)).text();
  }

  /** What the present operator has logged, as far as it was read. */
  get log(): string {
    return this.#running?.lines.join('\n') ?? '';
  }

  /** To be called by each test: where it fails, the last lines of the present operator are printed. */
  logOnFailure(): void {
    onTestFailed(() => console.error(`The operator's last lines:\n${this.log.split('\n').slice(-20).join('\n')}`));
  }

  /** Lets another version take over. @param bundle another version's; without it this one's. */
  async rollTo(bundle?: string): Promise<void> {
    const token = await grantClusterWide(this.controlPlane, namespace, { accountSecrets: true });
    const kubeconfig = await kubeconfigFor(this.controlPlane, { name: 'operator', token, namespace });
    const before = this.#running;
    const operator = await startOperator({
      kubeconfig,
      acronis: this.acronis,
      ...(bundle === undefined ? {} : { bundle }),
      flags: ['--drift-interval=1s', '--resync-interval=2s', `--leader-election-namespace=${namespace}`],
    });
    this.#running = operator;
    await operator.ready(AbortSignal.timeout(60_000));
    await before?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.stop('SIGKILL');
    await this.acronis.stop();
    await this.controlPlane.stop();
  }
}

export const reasonsOf = (objects: readonly SeenObject[]): Reasons =>
  Object.fromEntries(
    objects.map(({ metadata, status }) => [
      metadata.name,
      status.conditions.find(({ type }) => type === 'Ready')?.reason ?? 'none',
    ]),
  );

const objectOf = (kind: string, name: string, spec: object): object => ({
  apiVersion: 'upsell.acronis.com/v1alpha1',
  kind,
  metadata: { name },
  spec,
});
export const upsell = (name: string, spec: object): object => objectOf('TenantUserUpsell', name, spec);
export const policy = (name: string, spec: object): object => objectOf('TenantUpsellPolicy', name, spec);

/** An AcronisAccount with the sandbox's own API client, and its Secret. */
export const account = (name: string, { url, clientId, clientSecret }: Sandbox): readonly object[] => [
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    stringData: { url, clientID: clientId, clientSecret },
  },
  objectOf('AcronisAccount', name, { credentialsSecretRef: { name } }),
];
