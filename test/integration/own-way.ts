/**
 * An operator whose way to the API server the test makes itself: kubeconfig, or the files of a pod, and what stands in between. Its namespace, its
 * Acronis and the objects are those of a FaultWorld, and the test's own requests bypass everything.
 */
import { inject, onTestFailed } from 'vitest';
import {
  type ControlPlane,
  type ControlPlaneAddress,
  startControlPlane,
} from '../../sandbox/controlplane/controlplane.ts';
import { type OperatorEnd, type OperatorProcess, startOperator } from '../../sandbox/operator/process.ts';
import { grantClusterWide, grantRelease } from '../../sandbox/operator/rights.ts';
import { Cluster } from '../faults/cluster.ts';
import { FaultWorld } from '../faults/fault-world.ts';
import { untilRight } from '../faults/run-cells.ts';
import { installCrd } from '../faults/stage.ts';

export interface Way {
  readonly kubeconfig: string;
  /** Where Acronis is, if not at the sandbox's own address. */
  readonly acronisUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeFlags?: readonly string[];
}

export interface OwnWayOptions {
  /** The shared control plane, if there is none of one's own. */
  readonly own?: ControlPlane;
  /** What the test's own requests trust, if not only the API server's present authority. */
  readonly trusted?: string;
  /** The operator may get the Secrets that objects name. */
  readonly perObjectSecrets?: boolean;
}

export class OwnWay implements AsyncDisposable {
  readonly controlPlane: ControlPlaneAddress;
  readonly world: FaultWorld;
  /** Of a ServiceAccount with the rights of a release in this namespace. */
  readonly token: string;
  /** One after the other. */
  readonly #operators: OperatorProcess[] = [];

  private constructor(controlPlane: ControlPlaneAddress, world: FaultWorld, token: string) {
    this.controlPlane = controlPlane;
    this.world = world;
    this.token = token;
  }

  static async make({ own, trusted, perObjectSecrets = false }: OwnWayOptions = {}): Promise<OwnWay> {
    const controlPlane = own ?? inject('controlPlane');
    const cluster = await Cluster.to({ ...controlPlane, caFile: trusted ?? controlPlane.caFile });
    const world = await FaultWorld.make({ controlPlane, cluster, seed: 1 });
    const { namespace } = world;
    const grant = { perObjectSecrets };
    if (own !== undefined) return new OwnWay(own, world, await grantClusterWide(own, namespace, grant));
    return new OwnWay(controlPlane, world, await grantRelease(controlPlane, inject('rights'), namespace, grant));
  }

  get namespace(): string {
    return this.world.namespace;
  }

  get cluster(): Cluster {
    return this.world.cluster;
  }

  async start(
    { kubeconfig, acronisUrl, env = {}, nodeFlags = [] }: Way,
    flags: readonly string[] = [],
  ): Promise<OperatorProcess> {
    const { namespace, world } = this;
    const { url, clientId, clientSecret } = world.acronis;
    const operator = await startOperator({
      kubeconfig,
      acronis: { url: acronisUrl ?? url, clientId, clientSecret },
      env,
      nodeFlags,
      flags: [
        '--drift-interval=1s',
        '--resync-interval=5s',
        '--log-level=debug',
        `--watch-namespaces=${namespace}`,
        `--leader-election-namespace=${namespace}`,
        `--account-namespace=${namespace}`,
        ...flags,
      ],
    });
    onTestFailed(() => console.error(`The operator's last lines:\n${this.log.split('\n').slice(-30).join('\n')}`));
    this.#operators.push(operator);
    return operator;
  }

  /** What all operators of this way printed, as far as it was read; all of it once they have ended. */
  get log(): string {
    return this.#operators.flatMap(({ lines }) => lines).join('\n');
  }

  /** Creates an object and waits until it, and all before it, are right. */
  async becomesReady(name: string, withinMs = 40_000): Promise<void> {
    await this.world.workload.create(name);
    await untilRight(this.world, withinMs);
  }

  /** Stops the operator. One that ended before says how, too: it is never started again. */
  async stop(): Promise<OperatorEnd | undefined> {
    return await this.#operators.at(-1)?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#operators.at(-1)?.stop('SIGKILL');
    await this.world[Symbol.asyncDispose]();
    await this.cluster.close();
  }
}

/** How one ends that was never restarted: stopped, of its own accord. */
export const inOrder: OperatorEnd = { exitCode: 0, signal: undefined };

/** A control plane of one's own with the CRD installed. */
export async function ownControlPlane(): Promise<ControlPlane> {
  const controlPlane = await startControlPlane({ programs: inject('programs') }, AbortSignal.timeout(60_000));
  try {
    await installCrd(controlPlane);
    return controlPlane;
  } catch (error) {
    await controlPlane.stop();
    throw error;
  }
}
