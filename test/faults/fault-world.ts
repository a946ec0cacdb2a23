/**
 * A small world in which things go wrong: a namespace on a shared control plane, an Acronis sandbox, and operators as processes, each of which
 * reaches the API server through a faulty proxy of its own. The test's own requests bypass the proxies.
 */
import { randomBytes } from 'node:crypto';
import { type Sandbox, startSandbox } from '../../sandbox/acronis/sandbox.ts';
import type { ControlPlaneAddress } from '../../sandbox/controlplane/controlplane.ts';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { type FaultyProxy, startFaultyProxy } from '../../sandbox/faulty-proxy/proxy.ts';
import {
  logLines,
  type OperatorProcess,
  type OperatorProcessOptions,
  startOperator,
} from '../../sandbox/operator/process.ts';
import { grantRelease } from '../../sandbox/operator/rights.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { Semaphore } from '../../src/base/concurrency/semaphore.ts';
import type { Cluster } from './cluster.ts';
import { Workload } from './workload.ts';

export interface FaultWorldOptions {
  readonly controlPlane: ControlPlaneAddress;
  readonly cluster: Cluster;
  readonly seed: number;
  readonly users?: number;
  readonly flags?: readonly string[];
}

/** One operator, its proxy, and the API client that marks its requests to Acronis. */
export interface Replica {
  readonly proxy: FaultyProxy;
  readonly client: 'partner' | 'customer';
  /** The process that runs now: one that ends by itself is started again, as a kubelet would. */
  operator: OperatorProcess;
  readonly past: OperatorProcess[];
  stopping: boolean;
  /** One that has ended is started again once this has resolved. */
  mayStart: Promise<void>;
}

export interface StartOptions {
  readonly client?: Replica['client'];
  readonly flags?: readonly string[];
}

/** What production asks once a minute or once an hour is asked every second or two here. */
const hurry = ['--drift-interval=1s', '--resync-interval=5s', '--log-level=debug', '--concurrency=8'];

/** Of all the worlds of a run. */
const starts = new Semaphore(2);

export class FaultWorld implements AsyncDisposable {
  readonly namespace = `f-${randomBytes(4).toString('hex')}`;
  readonly cluster: Cluster;
  readonly acronis: Sandbox;
  readonly workload: Workload;
  readonly replicas: Replica[] = [];
  readonly #options: FaultWorldOptions;
  #granted: Promise<string> | undefined;

  private constructor(options: FaultWorldOptions, acronis: Sandbox) {
    this.#options = options;
    this.cluster = options.cluster;
    this.acronis = acronis;
    this.workload = new Workload(this.namespace, options.cluster, acronis);
  }

  static async make(options: FaultWorldOptions): Promise<FaultWorld> {
    const acronis = await startSandbox({ users: options.users ?? 40, tenants: 2, seed: options.seed });
    const world = new FaultWorld(options, acronis);
    await options.cluster.createNamespace(world.namespace);
    return world;
  }

  /** A way to the API server for an operator that is to come. */
  async proxy(): Promise<FaultyProxy> {
    const { controlPlane, seed } = this.#options;
    return await startFaultyProxy({ controlPlane, random: seededRandom(seed + this.replicas.length) });
  }

  /** Starts an operator behind a proxy that does nothing to it yet, and waits until it is ready. */
  async start(proxy: FaultyProxy, { client = 'partner', flags = [] }: StartOptions = {}): Promise<Replica> {
    const { controlPlane } = this.#options;
    const kubeconfig = await kubeconfigFor(controlPlane, {
      name: `${this.namespace}-${this.replicas.length}`,
      token: await this.#token(),
      server: proxy.url,
    });
    const { id: clientId, secret: clientSecret } = this.acronis.clients[client];
    const options: OperatorProcessOptions = {
      kubeconfig,
      acronis: { url: this.acronis.url, clientId, clientSecret },
      flags: [
        ...hurry,
        '--allow-insecure-acronis',
        `--watch-namespaces=${this.namespace}`,
        `--leader-election-namespace=${this.namespace}`,
        `--account-namespace=${this.namespace}`,
        ...(this.#options.flags ?? []),
        ...flags,
      ],
    };
    // A start costs a second of a core: twenty together would leave all of them without what a lease needs.
    const started = await starts.acquire(AbortSignal.timeout(300_000));
    try {
      const replica: Replica = {
        proxy,
        client,
        operator: await startOperator(options),
        past: [],
        stopping: false,
        mayStart: Promise.resolve(),
      };
      this.replicas.push(replica);
      void this.#keepUp(replica, options);
      await replica.operator.ready(AbortSignal.timeout(60_000));
      return replica;
    } finally {
      started();
    }
  }

  /** Of a ServiceAccount with the rights of a release in this namespace; all replicas share it. */
  #token(): Promise<string> {
    this.#granted ??= grantRelease(this.#options.controlPlane, { kind: 'cluster' }, this.namespace, {
      perObjectSecrets: true,
    });
    return this.#granted;
  }

  async #keepUp(replica: Replica, options: OperatorProcessOptions): Promise<void> {
    for (;;) {
      await replica.operator.ended;
      await replica.mayStart;
      if (replica.stopping) return;
      replica.past.push(replica.operator);
      replica.operator = await startOperator(options);
    }
  }

  /** The first one. */
  get replica(): Replica {
    const [first] = this.replicas;
    if (first === undefined) throw new Error('No operator was started in this world.');
    return first;
  }

  /** How often faults of either side struck. */
  get struck(): number {
    const atAcronis = Object.values(this.acronis.ledger.stats().faults).reduce((sum, count) => sum + count, 0);
    return this.replicas.reduce((sum, { proxy }) => sum + proxy.faults.struck, atAcronis);
  }

  clearFaults(): void {
    for (const { proxy } of this.replicas) proxy.faults.clear();
    this.acronis.faults.clear();
  }

  /** Tells all operators to stop. @returns what was wrong with how they did. */
  async stop(): Promise<string[]> {
    this.clearFaults();
    const problems: string[] = [];
    for (const replica of this.replicas) {
      replica.stopping = true;
      const end = await replica.operator.stop('SIGTERM');
      if (end.exitCode !== 0) {
        const words = logLines(replica.operator).findLast(({ level }) => level === 'error');
        const how = end.signal ?? `exit code ${end.exitCode}`;
        problems.push(`ended with ${how} on SIGTERM (${words?.msg ?? 'no error'}: ${String(words?.['why'])})`);
      }
    }
    if ((await this.cluster.leader(this.namespace)) !== '') problems.push('kept the lease on SIGTERM');
    if (this.log.includes('"msg":"the reconcile failed unexpectedly')) problems.push('a reconcile failed unexpectedly');
    return problems;
  }

  get log(): string {
    return this.replicas.flatMap(({ operator, past }) => [...past, operator].flatMap(({ lines }) => lines)).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.clearFaults();
    for (const replica of this.replicas) {
      replica.stopping = true;
      await replica.operator.stop('SIGKILL');
      await replica.proxy.stop();
    }
    await this.acronis.stop();
  }
}
