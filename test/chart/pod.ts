/**
 * Runs what a pod of a Deployment would run, where there is no kubelet: the built bundle with the Deployment's arguments, its ServiceAccount's token, and its Secret
 * as files, which follow the Secret as a kubelet's do. The Deployment's status says when it is ready, and the process ends when the Deployment goes.
 */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { ControlPlaneAddress } from '../../sandbox/controlplane/controlplane.ts';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { serviceAccountToken } from '../../sandbox/controlplane/kubectl.ts';
import { type OperatorProcess, startOperator } from '../../sandbox/operator/process.ts';
import { Cluster } from './chart.ts';

const deploymentSchema = z.object({
  metadata: z.object({ generation: z.number() }),
  spec: z.object({
    template: z.object({
      spec: z.object({
        serviceAccountName: z.string(),
        containers: z.tuple([z.object({ image: z.string(), args: z.array(z.string()) })]),
        volumes: z.array(z.object({ secret: z.object({ secretName: z.string() }).optional() })),
      }),
    }),
  }),
});
type Deployment = z.output<typeof deploymentSchema>;
const secretSchema = z.object({ data: z.record(z.string(), z.string()) });

export interface PodOptions {
  readonly namespace: string;
  readonly deployment: string;
  /** In place of the Deployment's, or more. */
  readonly flags?: readonly string[];
  /** As a registry does: the pod is not started unless its image is there. */
  readonly canPull?: (image: string) => Promise<boolean>;
}

const places = /^(run$|--metrics-bind-address=|--health-probe-bind-address=|--acronis-credentials-dir=)/;
/** A pod's arguments without those that name what this machine has in other places. */
export const withoutPlaces = (args: readonly string[]): string[] => args.filter((arg) => !places.test(arg));

export class Pod implements AsyncDisposable {
  readonly #controlPlane: ControlPlaneAddress;
  readonly #cluster: Cluster;
  readonly #options: PodOptions;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #running: { readonly operator: OperatorProcess; readonly files: string } | undefined;
  /** The Secret's content as it is in the files. */
  #mounted: string | undefined;
  #missing: string | undefined;

  private constructor(controlPlane: ControlPlaneAddress, options: PodOptions) {
    this.#controlPlane = controlPlane;
    this.#cluster = new Cluster(controlPlane);
    this.#options = options;
    this.#done = this.#follow();
    this.#done.catch(() => {});
  }

  /** Follows the Deployment, which need not be there yet, until it is disposed of. */
  static follow(controlPlane: ControlPlaneAddress, options: PodOptions): Pod {
    return new Pod(controlPlane, options);
  }

  /** Whether there is a process. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** What it logged last; why it was not started where it was not. */
  get lastWords(): string {
    if (this.#missing !== undefined) return `There is no image ${this.#missing} that could be pulled.`;
    return this.#running?.operator.lines.slice(-20).join('\n') ?? 'No pod is running.';
  }

  /** @throws Error with what went wrong in between. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    try {
      await this.#done;
    } finally {
      await this.#end();
    }
  }

  async #follow(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const found = await this.#deployment();
      if (found === undefined) await this.#end();
      else if (this.#running === undefined) await this.#start(found);
      else await this.#mount(found, this.#running.files);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async #deployment(): Promise<Deployment | undefined> {
    const { namespace, deployment } = this.#options;
    const get = ['-n', namespace, 'get', 'deploy', deployment, '--ignore-not-found', '-o', 'json'];
    const text = await this.#cluster.ok(get);
    return text.trim() === '' ? undefined : deploymentSchema.parse(JSON.parse(text));
  }

  async #start(found: Deployment): Promise<void> {
    const { metadata, spec } = found;
    const { namespace, deployment, flags = [], canPull } = this.#options;
    const { serviceAccountName, containers } = spec.template.spec;
    const [{ image, args }] = containers;
    if (canPull !== undefined && !(await canPull(image))) {
      this.#missing = image;
      return;
    }
    this.#missing = undefined;
    const files = await mkdtemp(join(tmpdir(), 'upsell-pod-'));
    await this.#mount(found, files);
    const token = await serviceAccountToken(this.#controlPlane, namespace, serviceAccountName);
    const operator = await startOperator({
      kubeconfig: await kubeconfigFor(this.#controlPlane, { name: `${namespace}-pod`, token, namespace }),
      flags: [...withoutPlaces(args), `--acronis-credentials-dir=${files}`, ...flags],
    });
    this.#running = { operator, files };
    await operator.ready(AbortSignal.any([this.#stop.signal, AbortSignal.timeout(60_000)]));
    const ready = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
    const status = { observedGeneration: metadata.generation, ...ready };
    const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
    await this.#cluster.ok(['-n', namespace, 'patch', 'deploy', deployment, ...patch]);
  }

  /** Writes the Secret's values, as far as there is one and they are others than before. */
  async #mount({ spec }: Deployment, files: string): Promise<void> {
    const name = spec.template.spec.volumes.find(({ secret }) => secret !== undefined)?.secret?.secretName;
    if (name === undefined) return;
    const { namespace } = this.#options;
    const text = await this.#cluster.ok(['-n', namespace, 'get', 'secret', name, '--ignore-not-found', '-o', 'json']);
    if (text.trim() === '') return;
    const { data } = secretSchema.parse(JSON.parse(text));
    const content = JSON.stringify(data);
    if (this.#mounted === content) return;
    for (const [key, value] of Object.entries(data)) {
      const file = join(files, key);
      await writeFile(`${file}.new`, Buffer.from(value, 'base64'));
      await rename(`${file}.new`, file);
    }
    this.#mounted = content;
  }

  async #end(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    await running.operator.stop();
    this.#running = undefined;
    this.#mounted = undefined;
    await rm(running.files, { recursive: true, force: true });
  }
}
