/** The direct way to the API server, past every fault: how the tests create, change and read. Cheaper than a kubectl process for each read. */
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import * as z from 'zod';
import type { ControlPlaneAddress } from '../../sandbox/controlplane/controlplane.ts';
import { until } from '../../sandbox/until.ts';

const objectSchema = z.object({
  metadata: z.object({
    name: z.string(),
    generation: z.number(),
    resourceVersion: z.string(),
    deletionTimestamp: z.string().optional(),
    finalizers: z.array(z.string()).default([]),
  }),
  status: z.object({
    observedGeneration: z.number().optional(),
    observedVersion: z.number().optional(),
    conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() })),
  }),
});
export type SeenObject = z.output<typeof objectSchema>;

const listSchema = z.object({ items: z.array(objectSchema) });
const leaseSchema = z.object({ spec: z.object({ holderIdentity: z.string().optional() }).optional() });

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';

const group = '/apis/upsell.acronis.com/v1alpha1';

export class Cluster {
  readonly #address: ControlPlaneAddress;
  readonly #agent: Agent;

  private constructor(address: ControlPlaneAddress, agent: Agent) {
    this.#address = address;
    this.#agent = agent;
  }

  static async to(address: ControlPlaneAddress): Promise<Cluster> {
    const ca = await readFile(address.caFile);
    return new Cluster(address, new Agent({ connect: { ca }, connections: 16 }));
  }

  /** The parsed response; undefined for a 404. A 429 (a storage that is being initialized) is asked again after the second it names, as kubectl does. @throws Error for any other refusal. */
  async call(method: Method, path: string, body?: unknown): Promise<unknown> {
    const { status, text } = await until(
      `an answer other than 429 to ${method} ${path}`,
      () => this.#callOnce(method, path, body),
      ({ status }) => status !== 429,
      { withinMs: 30_000, everyMs: 1_000 },
    );
    if (status === 404) return undefined;
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }

  async #callOnce(method: Method, path: string, body: unknown): Promise<{ status: number; text: string }> {
    const response = await request(this.#address.server + path, {
      method,
      dispatcher: this.#agent,
      headers: {
        authorization: `Bearer ${this.#address.token}`,
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return { status: response.statusCode, text: await response.body.text() };
  }

  createNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<unknown> {
    return this.call('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    });
  }

  createSecret(namespace: string, name: string, values: Readonly<Record<string, string>>): Promise<unknown> {
    return this.call('POST', `/api/v1/namespaces/${namespace}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name },
      stringData: values,
    });
  }

  create(namespace: string, name: string, spec: object): Promise<unknown> {
    return this.call('POST', `${group}/namespaces/${namespace}/tenantuserupsells`, {
      apiVersion: 'upsell.acronis.com/v1alpha1',
      kind: 'TenantUserUpsell',
      // Not ASCII, so that a character can be cut in two.
      metadata: { name, annotations: { note: 'für – 顧客 🎉' } },
      spec,
    });
  }

  edit(namespace: string, name: string, spec: object): Promise<unknown> {
    return this.call('PATCH', `${group}/namespaces/${namespace}/tenantuserupsells/${name}`, { spec });
  }

  /** @returns whether a finalizer holds it; without one it is gone. */
  async remove(namespace: string, name: string): Promise<boolean> {
    const response = await this.call('DELETE', `${group}/namespaces/${namespace}/tenantuserupsells/${name}`);
    return (objectSchema.safeParse(response).data?.metadata.finalizers.length ?? 0) > 0;
  }

  async list(namespace: string): Promise<readonly SeenObject[]> {
    return listSchema.parse(await this.call('GET', `${group}/namespaces/${namespace}/tenantuserupsells`)).items;
  }

  async leader(namespace: string): Promise<string> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/acronis-upsell-operator`;
    const lease = await this.call('GET', path);
    return lease === undefined ? '' : (leaseSchema.parse(lease).spec?.holderIdentity ?? '');
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

export const readyOf = (object: SeenObject) => object.status.conditions.find(({ type }) => type === 'Ready');
