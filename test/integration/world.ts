/**
 * What an integration test lives in: a namespace on the shared control plane, an Acronis sandbox and an operator of its own. The operator is the built
 * bundle as a process, serving this namespace only, with a lease of its own, so that test files do not see each other.
 */
import { randomBytes } from 'node:crypto';
import { inject, onTestFailed } from 'vitest';
import * as z from 'zod';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { type KubectlResult, kubectl, kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { type OperatorProcess, type OperatorProcessOptions, startOperator } from '../../sandbox/operator-process.ts';
import { until } from '../../sandbox/until.ts';

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
  readonly env?: Readonly<Record<string, string>>;
}

/** Seconds in a test are dear: what production asks once a minute is asked twice a second here. */
const hurry = ['--drift-interval=1s', '--resync-interval=2s', '--log-level=debug'];

export class World implements AsyncDisposable {
  readonly namespace: string;
  readonly acronis: Sandbox;
  readonly options: WorldOptions;
  operator: OperatorProcess;
  /** What earlier operators of this world printed. */
  readonly #past: OperatorProcess[] = [];

  private constructor(namespace: string, acronis: Sandbox, options: WorldOptions, operator: OperatorProcess) {
    this.namespace = namespace;
    this.acronis = acronis;
    this.options = options;
    this.operator = operator;
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    const namespace = `t-${randomBytes(4).toString('hex')}`;
    const labels = Object.entries(options.labels ?? {});
    const manifest = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: Object.fromEntries(labels) },
    };
    await kubectlOk(inject('controlPlane'), ['create', '-f', '-'], { stdin: JSON.stringify(manifest) });
    const acronis = await startSandbox({ users: 20, ...options.sandbox });
    const operator = await startOperator(World.#operatorOptions(namespace, acronis, options));
    const world = new World(namespace, acronis, options, operator);
    await operator.ready(AbortSignal.timeout(30_000));
    return world;
  }

  static #operatorOptions(namespace: string, acronis: Sandbox, options: WorldOptions): OperatorProcessOptions {
    return {
      kubeconfig: inject('controlPlane').kubeconfig,
      ...(options.ownCredentials === false ? {} : { acronis }),
      flags: [
        ...hurry,
        '--allow-insecure-acronis',
        `--watch-namespaces=${namespace}`,
        `--leader-election-namespace=${namespace}`,
        ...(options.flags ?? []),
      ],
      env: options.env ?? {},
    };
  }

  /** Ends the operator with a signal and starts another one, as a kubelet would. */
  async restart(signal: 'SIGTERM' | 'SIGKILL', flags: readonly string[] = []): Promise<void> {
    await this.operator.stop(signal);
    await this.startAnew(flags);
  }

  async startAnew(flags: readonly string[] = []): Promise<void> {
    this.#past.push(this.operator);
    const options = World.#operatorOptions(this.namespace, this.acronis, this.options);
    this.operator = await startOperator({ ...options, flags: [...(options.flags ?? []), ...flags] });
    await this.operator.ready(AbortSignal.timeout(30_000));
  }

  kubectl(...args: string[]): Promise<KubectlResult> {
    return kubectl(inject('controlPlane'), ['-n', this.namespace, ...args]);
  }

  async ok(...args: string[]): Promise<string> {
    return await kubectlOk(inject('controlPlane'), ['-n', this.namespace, ...args]);
  }

  async apply(...manifests: readonly object[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: manifests };
    await kubectlOk(inject('controlPlane'), ['-n', this.namespace, 'apply', '-f', '-'], {
      stdin: JSON.stringify(list),
    });
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

  isBuyer(id: string): boolean {
    return this.user(id).businessTypes.includes('buyer');
  }

  /** PUTs that the sandbox applied to this user. */
  puts(id: string): number {
    return this.acronis.ledger.putsOf(id).applied;
  }

  /** Resolves after the operator has read this world's users again, twice: a look that began before now is not enough. */
  async afterFullPass(): Promise<void> {
    const reads = () => this.acronis.ledger.count('getUser') + this.acronis.ledger.count('getUsers');
    for (let pass = 0; pass < 2; pass++) {
      const before = reads();
      await until('the next full pass', reads, (count) => count > before);
    }
  }

  /** Everything that all operators of this world printed. */
  get log(): string {
    return [...this.#past, this.operator].flatMap((each) => each.lines).join('\n');
  }

  /** Call in a test: where it fails, the operator's last words come with the failure. */
  tellOnFailure(): void {
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
