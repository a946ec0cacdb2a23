/**
 * What an integration test lives in: a namespace on the shared control plane, an Acronis sandbox and an operator of its own. The operator is the built
 * bundle as a process, with a lease of its own and exactly the rights of a release in this namespace. It watches the whole cluster for objects with
 * this world's label or, with RIGHTS=namespaced, this namespace, so that test files do not see each other.
 */
import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { expect, inject, onTestFailed } from 'vitest';
import * as z from 'zod';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { type KubectlResult, kubectl, kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { type OperatorProcess, type OperatorProcessOptions, startOperator } from '../../sandbox/operator/process.ts';
import { operatorToken, releaseRights, serviceAccount } from '../../sandbox/operator/rights.ts';
import { until } from '../../sandbox/until.ts';
import { untilLogged } from '../support/log-count.ts';
import { madeBy } from './suite-audit.ts';

const conditionSchema = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string(),
  message: z.string(),
  observedGeneration: z.number().optional(),
});

const objectSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    generation: z.number(),
    resourceVersion: z.string(),
    finalizers: z.array(z.string()).default([]),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.record(z.string(), z.unknown()),
  status: z.object({
    observedGeneration: z.number().optional(),
    observedVersion: z.number().optional(),
    userID: z.string().optional(),
    tenantID: z.string().optional(),
    businessTypes: z.array(z.string()).optional(),
    assigned: z.object({ userID: z.string(), tenantID: z.string() }).optional(),
    lastHandledReconcileAt: z.string().optional(),
    conditions: z.array(conditionSchema),
  }),
});
export type SeenObject = z.output<typeof objectSchema>;

const eventsSchema = z.object({
  items: z.array(
    z.object({
      type: z.string(),
      reason: z.string(),
      message: z.string(),
      involvedObject: z.object({ name: z.string(), uid: z.string().optional() }),
    }),
  ),
});
export type SeenEvent = z.output<typeof eventsSchema>['items'][number];

export interface WorldOptions {
  readonly sandbox?: SandboxOptions;
  readonly flags?: readonly string[];
  /** Labels of the namespace. */
  readonly labels?: Readonly<Record<string, string>>;
  /** False: the operator has no credentials of its own. */
  readonly ownCredentials?: boolean;
  /** True: it may get the Secrets that objects name. Without credentials of its own it may, if not said otherwise. */
  readonly perObjectSecrets?: boolean;
  /** True: it may get the Secrets of AcronisAccounts, whose namespace is this world's. */
  readonly accountSecrets?: boolean;
  /** The leases it may take, where `flags` name others than the chart does, or a selector that does. */
  readonly leases?: readonly string[];
  /** Another way to the API server than the direct one. */
  readonly server?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const worldLabel = 'integration.test/world';
const labelledSchema = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}) }),
});

/** Seconds in a test are dear: what production asks once a minute is asked twice a second here. */
const hurry = ['--drift-interval=1s', '--resync-interval=2s', '--log-level=debug'];

export class World implements AsyncDisposable {
  readonly namespace: string;
  readonly acronis: Sandbox;
  operator: OperatorProcess;
  readonly #start: OperatorProcessOptions;
  /** What earlier operators of this world printed. */
  readonly #past: OperatorProcess[] = [];

  private constructor(namespace: string, acronis: Sandbox, start: OperatorProcessOptions, operator: OperatorProcess) {
    this.namespace = namespace;
    this.acronis = acronis;
    this.#start = start;
    this.operator = operator;
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    const controlPlane = inject('controlPlane');
    const namespace = `t-${randomBytes(4).toString('hex')}`;
    const { ownCredentials = true, perObjectSecrets = !ownCredentials, leases } = options;
    const place = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: namespace,
        labels: { ...options.labels },
        annotations: { [madeBy]: relative(process.cwd(), expect.getState().testPath ?? '') },
      },
    };
    const rights = await releaseRights(inject('rights'), namespace, {
      perObjectSecrets,
      accountSecrets: options.accountSecrets ?? false,
      ...(leases === undefined ? {} : { leases }),
    });
    const list = { apiVersion: 'v1', kind: 'List', items: [place, ...rights] };
    await kubectlOk(controlPlane, ['create', '-f', '-'], { stdin: JSON.stringify(list) });
    const token = await operatorToken(controlPlane, namespace);
    const server = options.server ?? controlPlane.server;
    const kubeconfig = await kubeconfigFor(controlPlane, { name: namespace, token, server, namespace });

    const acronis = await startSandbox({ users: 20, ...options.sandbox });
    const start: OperatorProcessOptions = {
      kubeconfig,
      ...(ownCredentials ? { acronis } : {}),
      flags: [
        ...hurry,
        '--allow-insecure-acronis',
        inject('rights').kind === 'cluster'
          ? `--watch-selector=${worldLabel}=${namespace}`
          : `--watch-namespaces=${namespace}`,
        `--leader-election-namespace=${namespace}`,
        `--account-namespace=${namespace}`,
        ...(leases === undefined ? [`--leader-election-id=${serviceAccount}`] : []),
        ...(options.flags ?? []),
      ],
      env: options.env ?? {},
    };
    const operator = await startOperator(start);
    const world = new World(namespace, acronis, start, operator);
    await operator.ready(AbortSignal.timeout(30_000));
    return world;
  }

  /** Ends the operator with a signal and starts another one, as a kubelet would. */
  async restart(signal: 'SIGTERM' | 'SIGKILL', flags: readonly string[] = []): Promise<void> {
    await this.operator.stop(signal);
    await this.startAgain(flags);
  }

  async startAgain(flags: readonly string[] = []): Promise<void> {
    this.#past.push(this.operator);
    this.operator = await this.replica(flags);
    await this.operator.ready(AbortSignal.timeout(30_000));
  }

  /** One more operator with the same rights and the same lease. The caller stops it. */
  replica(flags: readonly string[] = []): Promise<OperatorProcess> {
    return startOperator({ ...this.#start, flags: [...(this.#start.flags ?? []), ...flags] });
  }

  kubectl(...args: string[]): Promise<KubectlResult> {
    return kubectl(inject('controlPlane'), ['-n', this.namespace, ...args]);
  }

  async ok(...args: string[]): Promise<string> {
    return await kubectlOk(inject('controlPlane'), ['-n', this.namespace, ...args]);
  }

  async apply(...manifests: readonly object[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: manifests.map((each) => this.own(each)) };
    await kubectlOk(inject('controlPlane'), ['-n', this.namespace, 'apply', '-f', '-'], {
      stdin: JSON.stringify(list),
    });
  }

  /** The same with the label that makes it one of this world. */
  own(manifest: object): object {
    const { metadata, ...rest } = labelledSchema.parse(manifest);
    return { ...rest, metadata: { ...metadata, labels: { ...metadata.labels, [worldLabel]: this.namespace } } };
  }

  /** Applies a TenantUserUpsell. */
  async upsell(name: string, spec: object, annotations: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.apply(upsell(name, spec, annotations));
  }

  async get(name: string): Promise<SeenObject | undefined> {
    const { stdout, exitCode } = await this.kubectl('get', 'tuu', name, '-o', 'json', '--ignore-not-found');
    if (exitCode !== 0 || stdout.trim() === '') return undefined;
    return objectSchema.parse(JSON.parse(stdout));
  }

  async until(
    name: string,
    what: string,
    holds: (object: SeenObject) => boolean,
    withinMs = 30_000,
  ): Promise<SeenObject> {
    const seen = await until(
      `${name} ${what}`,
      () => this.get(name),
      (object) => object !== undefined && holds(object),
      { withinMs },
    );
    if (seen === undefined) throw new Error('it was seen just now');
    return seen;
  }

  /** Waits until `Ready` has this reason for the object's present generation. */
  untilReason(name: string, reason: string, withinMs?: number): Promise<SeenObject> {
    const holds = (object: SeenObject) =>
      object.status.observedGeneration === object.metadata.generation && ready(object)?.reason === reason;
    return this.until(name, `is ${reason}`, holds, withinMs);
  }

  async untilGone(name: string, withinMs = 30_000): Promise<void> {
    await until(
      `${name} is gone`,
      () => this.get(name),
      (object) => object === undefined,
      { withinMs },
    );
  }

  async events(name: string): Promise<SeenEvent[]> {
    const text = await this.ok('get', 'events', '-o', 'json');
    return eventsSchema.parse(JSON.parse(text)).items.filter((event) => event.involvedObject.name === name);
  }

  user(id: string) {
    const user = this.acronis.directory.get(id);
    if (user === undefined) throw new Error(`The sandbox has no user ${id}.`);
    return user;
  }

  /** Ids of made-up users who are no buyers, and whom no search for one of the cast finds. */
  freshUsers(): string[] {
    const { directory, cast } = this.acronis;
    const named = new Set(Object.values(cast).flat());
    return directory
      .all()
      .filter((each) => !named.has(each.id) && each.businessTypes.length === 0 && !each.login.includes('sam'))
      .map((each) => each.id);
  }

  isBuyer(id: string): boolean {
    return this.user(id).businessTypes.includes('buyer');
  }

  /** PUTs that the sandbox applied to this user. */
  puts(id: string): number {
    return this.acronis.ledger.putsOf(id).applied;
  }

  /** Resolves after the operator has read this world's users again, twice: a reconcile that began before now is not enough. */
  async afterResync(): Promise<void> {
    const reads = () => this.acronis.ledger.count('getUser') + this.acronis.ledger.count('getUsers');
    for (let pass = 0; pass < 2; pass++) {
      const before = reads();
      await until('the next resync', reads, (count) => count > before);
    }
  }

  /** What all operators of this world printed, as far as it was read; all of it once they have ended. */
  get log(): string {
    return [...this.#past, this.operator].flatMap((each) => each.lines).join('\n');
  }

  /** Waits until the log says so, at least so many times. */
  async untilLogged(text: string, times = 1): Promise<void> {
    await untilLogged(() => this.log, text, times);
  }

  /** Call in a test: where it fails, the operator's last lines come with the failure. */
  logOnFailure(): void {
    onTestFailed(() => {
      console.error(`The operator's last lines:\n${this.operator.lines.slice(-30).join('\n')}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.operator.stop();
    await this.acronis.stop();
  }
}

export const upsell = (name: string, spec: object, annotations: Readonly<Record<string, string>> = {}): object => ({
  apiVersion: 'upsell.acronis.com/v1alpha1',
  kind: 'TenantUserUpsell',
  metadata: { name, annotations },
  spec,
});

export const secret = (name: string, values: Readonly<Record<string, string>>): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData: values,
});

export const condition = (object: SeenObject, type: string) =>
  object.status.conditions.find((each) => each.type === type);
export const ready = (object: SeenObject) => condition(object, 'Ready');
export const stalled = (object: SeenObject) => condition(object, 'Stalled');
