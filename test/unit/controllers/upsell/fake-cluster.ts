/**
 * The API server's part in a reconcile, in memory: objects with uid, generation and resource version, merge patches with their preconditions, Secrets,
 * namespaces, a watch that may lag behind, and faults. It feeds the fleet through the real transform.
 */
import * as z from 'zod';
import { conditionReason } from '../../../../src/api/conditions.ts';
import { type TenantUserUpsell, transformTenantUserUpsell } from '../../../../src/api/object.ts';
import { statusDefault, statusSchema } from '../../../../src/api/status.ts';
import type { Fleet } from '../../../../src/fleet/cache/objects.ts';
import type { KubernetesCall, KubernetesClient } from '../../../../src/kubernetes/calls/client.ts';
import { KubernetesError } from '../../../../src/kubernetes/calls/errors.ts';

interface RawObject {
  metadata: {
    namespace: string;
    name: string;
    uid: string;
    resourceVersion: string;
    generation: number;
    creationTimestamp: string;
    deletionTimestamp?: string;
    finalizers?: string[];
    annotations?: Record<string, string>;
  };
  spec: Record<string, unknown>;
  status: Record<string, unknown>;
}

export interface Patch {
  readonly kind: 'status' | 'finalizers';
  readonly key: string;
  /** The fields of the status that were sent; null for those that go. */
  readonly changes: Readonly<Record<string, unknown>>;
}

export interface CreateOptions {
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly createdAt?: string;
  readonly finalizers?: string[];
}

const finalizersSchema = z.object({
  metadata: z.object({ uid: z.string(), resourceVersion: z.string(), finalizers: z.array(z.string()) }),
});
const statusPatchSchema = z.array(
  z.object({ op: z.enum(['test', 'add', 'remove']), path: z.string(), value: z.unknown().optional() }),
);

export const conflict = (): KubernetesError =>
  new KubernetesError('the object has been modified', { status: 409, reason: 'Conflict' });
export const failing = (status: number): KubernetesError => new KubernetesError(`HTTP ${status}`, { status });

export class FakeCluster implements KubernetesClient {
  readonly patches: Patch[] = [];
  readonly calls: string[] = [];
  /** `namespace/name` → the Secret's data, in plain text. */
  readonly secrets = new Map<string, Readonly<Record<string, string>>>();
  /** Name → labels. */
  readonly namespaces = new Map<string, Readonly<Record<string, string>>>([['customers', {}]]);
  /** Fields of the status that the CRD lacks. */
  readonly prunes = new Set<string>();
  /** While true the watch says nothing: see `catchUp`. */
  lagging = false;
  readonly #objects = new Map<string, RawObject>();
  readonly #unseen = new Set<string>();
  readonly #faults: { when: (call: KubernetesCall) => boolean; error: () => unknown; times: number }[] = [];
  readonly #fleet: Fleet;
  #revision = 100;
  #uids = 0;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  create(spec: Record<string, unknown>, options: CreateOptions = {}): string {
    const { namespace = 'customers', name = 'john', createdAt = '2026-01-02T03:00:00Z', finalizers } = options;
    const uid = options.uid ?? `uid-${++this.#uids}`;
    const key = `${namespace}/${name}`;
    this.#objects.set(key, {
      metadata: {
        namespace,
        name,
        uid,
        resourceVersion: '0',
        generation: 1,
        creationTimestamp: createdAt,
        ...(finalizers === undefined ? {} : { finalizers }),
      },
      spec,
      status: structuredClone(statusDefault),
    });
    this.#commit(key);
    return key;
  }

  edit(key: string, spec: Record<string, unknown>): void {
    const object = this.#get(key);
    object.spec = { ...object.spec, ...spec };
    object.metadata.generation++;
    this.#commit(key);
  }

  annotate(key: string, annotations: Record<string, string>): void {
    const { metadata } = this.#get(key);
    metadata.annotations = { ...metadata.annotations, ...annotations };
    this.#commit(key);
  }

  /** Another writer replaces the finalizers. */
  setFinalizers(key: string, finalizers: string[]): void {
    this.#get(key).metadata.finalizers = finalizers;
    this.#commit(key);
  }

  /** Another writer sets fields of the status; undefined removes one. */
  setStatus(key: string, fields: Record<string, unknown>): void {
    const object = this.#get(key);
    object.status = JSON.parse(JSON.stringify({ ...object.status, ...fields }));
    this.#commit(key);
  }

  delete(key: string, at = '2026-01-02T03:04:05Z'): void {
    const { metadata } = this.#get(key);
    if (metadata.finalizers?.length) {
      metadata.deletionTimestamp = at;
      metadata.generation++;
    } else this.#objects.delete(key);
    this.#commit(key);
  }

  /** The watch brings what it has not brought yet. */
  catchUp(): void {
    this.lagging = false;
    for (const key of this.#unseen) this.#deliver(key);
    this.#unseen.clear();
  }

  has(key: string): boolean {
    return this.#objects.has(key);
  }

  /** The object as it is stored, whatever the watch has brought. */
  object(key: string): TenantUserUpsell {
    const object = transformTenantUserUpsell(this.#get(key));
    if (object === undefined) throw new Error(`${key} has no transform`);
    return object;
  }

  status(key: string) {
    return statusSchema.parse(this.#get(key).status);
  }

  reason(key: string): string {
    return conditionReason(this.status(key).conditions);
  }

  message(key: string): string {
    return this.status(key).conditions?.find((each) => each.type === 'Ready')?.message ?? '';
  }

  /** The next calls that match fail so. */
  fail(when: (call: KubernetesCall) => boolean, error: () => unknown, times = 1): void {
    this.#faults.push({ when, error, times });
  }

  watch(): Promise<void> {
    throw new Error('no test watches here');
  }

  async request(call: KubernetesCall, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    this.calls.push(`${call.method} ${call.path}`);
    const fault = this.#faults.find((each) => each.times > 0 && each.when(call));
    if (fault !== undefined) {
      fault.times--;
      throw fault.error();
    }
    const parts = call.path.split('/').filter((part) => part !== '');
    if (call.method === 'GET' && parts[0] === 'api')
      return parts[4] === 'secrets' ? this.#secret(parts) : this.#namespace(parts);
    if (call.method === 'PATCH' && parts[1] === 'upsell.acronis.com') return this.#patch(parts, call);
    throw new Error(`no test should call ${call.method} ${call.path}`);
  }

  #secret(parts: readonly string[]): unknown {
    const data = this.secrets.get(`${parts[3]}/${parts[5]}`);
    if (data === undefined) throw failing(404);
    const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    return { kind: 'Secret', data: Object.fromEntries(encoded) };
  }

  #namespace(parts: readonly string[]): unknown {
    const name = parts[3] ?? '';
    const labels = this.namespaces.get(name);
    if (labels === undefined) throw failing(404);
    return { kind: 'Namespace', metadata: { name, labels } };
  }

  #patch(parts: readonly string[], call: KubernetesCall): unknown {
    const key = `${parts[4]}/${parts[6]}`;
    const object = this.#objects.get(key);
    if (object === undefined) throw failing(404);
    if (parts[7] === 'status') this.#patchStatus(key, object, call);
    else this.#patchFinalizers(key, object, call);
    if (object.metadata.deletionTimestamp !== undefined && !object.metadata.finalizers?.length)
      this.#objects.delete(key);
    this.#commit(key);
    return structuredClone(object);
  }

  /** As the real one: a merge patch's uid would be ignored here, so no client may send one. */
  #patchStatus(key: string, object: RawObject, { contentType, body }: KubernetesCall): void {
    if (contentType !== 'application/json-patch+json') throw failing(415);
    const status = { ...object.status };
    const changes: Record<string, unknown> = {};
    const [first, ...rest] = statusPatchSchema.parse(body);
    if (first?.op !== 'test' || first.path !== '/metadata/uid') throw new Error('a status patch tests the uid first');
    if (first.value !== object.metadata.uid) throw failing(422);
    for (const { op, path, value } of rest) {
      const field = path.slice('/status/'.length);
      changes[field] = op === 'remove' ? null : value;
      if (op !== 'remove') status[field] = structuredClone(value);
      else if (!(field in status)) throw failing(422);
      else delete status[field];
    }
    for (const field of this.prunes) delete status[field];
    object.status = status;
    this.patches.push({ kind: 'status', key, changes });
  }

  #patchFinalizers(key: string, object: RawObject, { contentType, body }: KubernetesCall): void {
    if (contentType !== 'application/merge-patch+json') throw failing(415);
    const { uid, resourceVersion, finalizers } = finalizersSchema.parse(body).metadata;
    if (resourceVersion !== object.metadata.resourceVersion) throw conflict();
    if (uid !== object.metadata.uid) throw failing(422);
    object.metadata.finalizers = finalizers;
    this.patches.push({ kind: 'finalizers', key, changes: {} });
  }

  #get(key: string): RawObject {
    const object = this.#objects.get(key);
    if (object === undefined) throw new Error(`there is no ${key}`);
    return object;
  }

  #commit(key: string): void {
    const object = this.#objects.get(key);
    if (object !== undefined) object.metadata.resourceVersion = String(++this.#revision);
    if (this.lagging) this.#unseen.add(key);
    else this.#deliver(key);
  }

  #deliver(key: string): void {
    if (this.#objects.has(key)) this.#fleet.upsert(this.object(key));
    else this.#fleet.remove(key);
  }
}
