/** What people do to the cluster, many times over: objects created, edited and deleted, so many requests concurrently. */
import { apiGroup, apiVersion, tenantUserUpsells } from '../src/api/names.ts';
import type { KubernetesClient } from '../src/kubernetes/calls/client.ts';
import { pathOf } from '../src/kubernetes/calls/resource.ts';
import type { SandboxUser } from './acronis.ts';

/** An object that is, or will be, there. */
export interface Target {
  readonly namespace: string;
  readonly name: string;
  readonly user: SandboxUser;
  /** A Secret beside it with the credentials of its account; the operator's own account where it is absent. */
  readonly secret?: string;
}

/** Enough to keep the API server busy, and few enough that its queue is not what is measured. */
const atOnce = 16;

export const targetsOf = (namespace: string, users: readonly SandboxUser[], prefix = 'user'): Target[] =>
  users.map((user, i) => ({ namespace, name: `${prefix}-${String(i).padStart(6, '0')}`, user }));

export class Driver {
  readonly #client: KubernetesClient;
  readonly #signal: AbortSignal;
  /** Its own PATCHes of objects, which the API server counts together with the operator's. */
  edits = 0;

  constructor(client: KubernetesClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  async create(
    { namespace, name, user, secret }: Target,
    deletionPolicy: 'Retain' | 'Revoke' = 'Retain',
  ): Promise<void> {
    const body = {
      apiVersion: `${apiGroup}/${apiVersion}`,
      kind: tenantUserUpsells.kind,
      metadata: { name },
      spec: {
        userID: user.id,
        deletionPolicy,
        ...(secret === undefined ? {} : { credentialsSecretRef: { name: secret } }),
      },
    };
    await this.#client.request({ method: 'POST', path: pathOf(tenantUserUpsells, { namespace }), body }, this.#signal);
  }

  /** An edit that has to be reconciled and changes nothing at Acronis: from now on the user must be in the tenant that it is in. */
  async edit({ namespace, name, user }: Target): Promise<void> {
    this.edits++;
    await this.#client.request(
      {
        method: 'PATCH',
        path: pathOf(tenantUserUpsells, { namespace, name }),
        contentType: 'application/merge-patch+json',
        body: { spec: { tenantID: user.tenantId } },
      },
      this.#signal,
    );
  }

  async remove({ namespace, name }: Pick<Target, 'namespace' | 'name'>): Promise<void> {
    await this.#client.request(
      { method: 'DELETE', path: pathOf(tenantUserUpsells, { namespace, name }) },
      this.#signal,
    );
  }

  /** Does it to all, so many concurrently; @returns objects per second. */
  async all<T>(targets: readonly T[], act: (target: T) => Promise<void>): Promise<number> {
    const started = performance.now();
    const queue = targets.values();
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (const target of queue) await act(target);
      }),
    );
    return targets.length / ((performance.now() - started) / 1000);
  }

  /** Does it to one after the other at this rate, whether or not the earlier ones had a response. */
  async atRate(targets: readonly Target[], perSecond: number, act: (target: Target) => Promise<void>): Promise<void> {
    const started = performance.now();
    const underWay: Promise<void>[] = [];
    for (const [i, target] of targets.entries()) {
      const due = started + (i * 1000) / perSecond;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      this.#signal.throwIfAborted();
      underWay.push(act(target));
    }
    await Promise.all(underWay);
  }
}
