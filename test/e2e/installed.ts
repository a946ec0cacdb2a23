/** One release on the cluster with an Acronis beside it: what the test does to them and asks them. */
import * as z from 'zod';
import { type Sandbox, startSandbox } from '../../sandbox/acronis/sandbox.ts';
import type { User } from '../../sandbox/acronis/state/users.ts';
import { until } from '../../sandbox/until.ts';
import { Cluster, chart, clusterEnv, imageValues } from './cluster.ts';
import { hostIp } from './host-ip.ts';
import { type Pod, PodWatch } from './pods.ts';

const objectSchema = z.object({
  metadata: z.object({ name: z.string(), resourceVersion: z.string() }),
  status: z
    .object({
      observedVersion: z.number().optional(),
      lastHandledReconcileAt: z.string().optional(),
      conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: z.string() })).default([]),
    })
    .default({ conditions: [] }),
});
export type Seen = z.output<typeof objectSchema>;
const listSchema = z.object({ items: z.array(objectSchema) });
const leaseSchema = z.object({ spec: z.object({ holderIdentity: z.string().default('') }) });

export const requestedAt = 'upsell.acronis.com/requestedAt';

export class Installed implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly acronis: Sandbox;
  readonly pods: PodWatch;
  /** Users that no object names yet. */
  readonly #fresh: User[];

  private constructor(cluster: Cluster, acronis: Sandbox, pods: PodWatch) {
    this.cluster = cluster;
    this.acronis = acronis;
    this.pods = pods;
    // Those of the cast have traits of their own.
    const cast = new Set(Object.values(acronis.cast).flat());
    this.#fresh = acronis.directory
      .all()
      .filter(({ id, businessTypes }) => !cast.has(id) && businessTypes.length === 0);
  }

  /** Namespaces, the Secret, an Acronis that the pods can reach; the chart is not installed yet. */
  static async prepare(env: Readonly<Record<string, string | undefined>>): Promise<Installed> {
    const cluster = await Cluster.open(clusterEnv(env));
    const acronis = await startSandbox({ host: await hostIp(cluster, env['HOST_IP']), users: 3_000 });
    const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await cluster.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: cluster.system, labels: restricted } },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: cluster.customers } },
    );
    const selector = `app.kubernetes.io/instance=${cluster.release},app.kubernetes.io/component=operator`;
    const installed = new Installed(cluster, acronis, new PodWatch(cluster, cluster.system, selector));
    await installed.writeSecret();
    return installed;
  }

  /** The API client's secret as Acronis has it now. */
  async writeSecret(): Promise<void> {
    const { url, clientId: clientID, clientSecret } = this.acronis;
    await this.cluster.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: this.cluster.system, name: 'acronis' },
      stringData: { url, clientID, clientSecret },
    });
  }

  /** `helm install` or `upgrade`, back when it is rolled out. */
  async rollOut(command: 'install' | 'upgrade', podAnnotations: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.cluster.helm([command, this.cluster.release, chart, '--wait', '--timeout=5m'], {
      replicas: 2,
      image: imageValues(this.cluster.image),
      credentials: { existingSecret: 'acronis' },
      acronis: { allowInsecure: true },
      // Where network policies have an engine, this one lets the pods through to the sandbox, which is not on port 443.
      networkPolicy: { extraEgress: [{ ports: [{ port: Number(new URL(this.acronis.url).port), protocol: 'TCP' }] }] },
      podAnnotations,
    });
  }

  takeUser(): User {
    const user = this.#fresh.shift();
    if (user === undefined) throw new Error('The sandbox has too few users for these tests.');
    return user;
  }

  /** Makes one object for each of so many users that had none; returns them with the objects' names. */
  async create(prefix: string, count: number): Promise<{ readonly name: string; readonly user: string }[]> {
    const made = Array.from({ length: count }, () => this.takeUser()).map(({ id }) => ({
      name: `${prefix}-${id}`,
      user: id,
    }));
    await this.cluster.apply(
      ...made.map(({ name, user }) => ({
        apiVersion: 'upsell.acronis.com/v1alpha1',
        kind: 'TenantUserUpsell',
        metadata: { namespace: this.cluster.customers, name },
        spec: { userID: user },
      })),
    );
    return made;
  }

  async objects(): Promise<Seen[]> {
    return listSchema.parse(await this.cluster.json(['-n', this.cluster.customers, 'get', 'tuu'])).items;
  }

  /** Waits until these objects are Ready. */
  async untilReady(names: readonly string[], withinMs = 60_000): Promise<void> {
    await until(
      `${names.length} objects are Ready`,
      async () => {
        const ready = new Set((await this.objects()).filter(isReady).map(({ metadata }) => metadata.name));
        return names.filter((name) => !ready.has(name));
      },
      (missing) => missing.length === 0,
      { withinMs, everyMs: 250 },
    );
  }

  /** The pod that holds the lease, by its name. */
  async leader(): Promise<string | undefined> {
    const { cluster } = this;
    const { exitCode, stdout } = await cluster.tried([
      '-n',
      cluster.system,
      'get',
      'lease',
      cluster.release,
      '-o',
      'json',
    ]);
    if (exitCode !== 0) return undefined;
    const { holderIdentity } = leaseSchema.parse(JSON.parse(stdout)).spec;
    return this.pods.staying().find(({ name }) => holderIdentity.startsWith(`${name}_`))?.name;
  }

  untilLed(by: (leader: string) => boolean, withinMs = 60_000): Promise<string | undefined> {
    return until(
      'a pod leads',
      () => this.leader(),
      (leader) => leader !== undefined && by(leader),
      { withinMs, everyMs: 100 },
    );
  }

  /** Waits until two pods are there, Ready, and no other is left. */
  untilTwoPods(): Promise<Pod[]> {
    return until(
      'two pods are Ready and no other is left',
      () => this.pods.all().filter(({ gone }) => !gone),
      (pods) => pods.length === 2 && pods.every(({ ready, leaving }) => ready && !leaving),
      { withinMs: 120_000, everyMs: 250 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pods[Symbol.asyncDispose]();
    await this.acronis.stop();
  }
}

export const isReady = ({ status }: Seen): boolean =>
  status.conditions.some((each) => each.type === 'Ready' && each.status === 'True' && each.reason === 'BuyerAssigned');
