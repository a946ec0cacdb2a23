/** What a policy's reconcile lives in, without a network: an API server that knows apply, delete and status patches, and users that are listed from a map. */

import type { AcronisErrorKind } from '../../../../src/acronis/errors.ts';
import { AcronisError } from '../../../../src/acronis/errors.ts';
import { tenantIdLabel, tenantUpsellPolicies } from '../../../../src/api/names.ts';
import { transformTenantUserUpsell } from '../../../../src/api/object.ts';
import { transformPolicy } from '../../../../src/api/policy/object.ts';
import type { PolicyContext } from '../../../../src/controllers/policy/context.ts';
import { createMemories } from '../../../../src/controllers/policy/memory.ts';
import type { Lister } from '../../../../src/controllers/policy/pass/pass.ts';
import { realPolicyWrites, supposedPolicyWrites } from '../../../../src/controllers/policy/reconcile/port.ts';
import { createPolicyReconcile } from '../../../../src/controllers/policy/reconcile/reconcile.ts';
import { createAccountObjects } from '../../../../src/fleet/accounts/account-objects.ts';
import { createNamespaceStore } from '../../../../src/fleet/cache/namespaces.ts';
import { createFleet } from '../../../../src/fleet/cache/objects.ts';
import { createPolicyStore } from '../../../../src/fleet/cache/policies.ts';
import type { UserJudgement } from '../../../../src/fleet/selection/judge-users.ts';
import type { Hidden } from '../../../../src/fleet/selection/select.ts';
import { PrunedFields } from '../../../../src/fleet/status/pruned-fields.ts';
import type { KubernetesCall, KubernetesClient } from '../../../../src/kubernetes/calls/client.ts';
import { KubernetesError } from '../../../../src/kubernetes/calls/errors.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { quietLog, quietMetrics } from '../../../support/quiet.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';

export const tenant = 'ede9f834-70b3-476c-83d9-736f9f8c7dae';
export const userOf = (n: number) => `1c234e69-5469-424a-a6d1-${String(n).padStart(12, '0')}`;
export const users = (count: number, from = 1) => Array.from({ length: count }, (_, at) => userOf(from + at));
const url = 'https://eu2-cloud.acronis.com/api/2';

type Json = Record<string, unknown>;
interface Raw {
  metadata: Json & {
    name: string;
    namespace: string;
    uid: string;
    labels?: Json;
    annotations?: Record<string, string>;
  };
  spec: Json;
  status?: Json;
}

export class PolicyWorld {
  readonly clock = new ManualClock();
  readonly fleet = createFleet(quietLog);
  readonly policies = createPolicyStore(quietLog);
  readonly memories = createMemories(this.clock);
  readonly pruned = new PrunedFields({ resource: tenantUpsellPolicies, clock: this.clock, log: quietLog });
  readonly events: string[] = [];
  readonly log = new RecordedLog();
  /** What `--dry-run` counted. */
  readonly counted: string[] = [];
  /** Method and last parts of the path of each write. */
  readonly writes: string[] = [];
  readonly raw = new Map<string, Raw>();
  readonly rawPolicies = new Map<string, Raw>();
  /** Users that match, and how the list ends. */
  listed: readonly string[] = [];
  /** Users of whom the list does not show enough. */
  readonly unjudged = new Map<string, Hidden>();
  listEnd: 'complete' | 'repeated' | AcronisErrorKind = 'complete';
  passes = 0;
  /** Policies whose younger ones were asked to plan again. */
  readonly woken: string[] = [];
  judged = new Map<string, UserJudgement>();
  credentials = { url, clientId: 'client', clientSecret: 'secret' };
  /** The cache shows what is written only once this is true. */
  isWatching = true;
  /** Whether a tenant is within others, as Acronis says. @throws AcronisError */
  isWithin: (id: string, roots: readonly string[]) => boolean = () => true;
  /** The API server takes nothing that is written to a policy. */
  refusePolicies = false;
  /** Called before each write of a child. */
  onWrite = () => {};
  /** Fields of a policy's status that the CRD lacks. */
  readonly prunes = new Set<string>();
  /** Called when a list has been read and has not ended. */
  onPage = () => {};
  #version = 10;

  readonly #client: KubernetesClient = {
    request: async (call) => this.#request(call),
    watch: async () => {},
  };
  readonly context: PolicyContext = {
    policies: this.policies,
    fleet: this.fleet,
    client: this.#client,
    pruned: this.pruned,
    sources: {
      read: async () => ({ kind: 'found', credentials: this.credentials }),
      latest: () => undefined,
      lastGood: () => undefined,
      run: async () => {},
      expire: () => {},
      remembered: () => [],
    },
    accounts: {
      of: () => this.account,
      keepOnly: () => {},
      roomOf: () => 1,
      size: 1,
      openCircuits: 0,
      close: async () => {},
    },
    accountObjects: createAccountObjects({ namespace: 'operator', log: quietLog, isSynced: () => true }),
    namespaces: createNamespaceStore(quietLog),
    requireTenantLabel: false,
    selectorKeys: ['shard'],
    resyncIntervalMs: 3_600_000,
    events: {
      normal: (_, reason) => void this.events.push(reason),
      warning: (_, reason) => void this.events.push(reason),
      flush: async () => {},
    },
    clock: this.clock,
    log: this.log,
    metrics: { ...quietMetrics.policy, wouldChangeChild: (change) => void this.counted.push(change) },
  };
  readonly account = {
    id: 'account',
    get api(): never {
      throw new Error('users are listed by the test');
    },
    get writes(): never {
      throw new Error('a policy writes nothing at Acronis');
    },
    get users(): never {
      throw new Error('users are listed by the test');
    },
    get changes(): never {
      throw new Error('there is no feed here');
    },
    tenants: { isWithin: async (id: string, roots: readonly string[]) => this.isWithin(id, roots) },
    get branding(): never {
      throw new Error('there is no branding here');
    },
    circuit: { isOpen: false, problem: undefined },
    heldForMs: 0,
    isPaused: () => false,
    room: () => 1,
  };
  readonly lister: Lister = {
    list: () => this.#list(),
    judge: async (_account, _selection, ids) =>
      new Map(ids.map((id) => [id, this.judged.get(id) ?? { kind: 'notShown' }])),
  };
  readonly #reconcile: ReturnType<typeof createPolicyReconcile>;

  constructor({ isDryRun = false } = {}) {
    this.#reconcile = createPolicyReconcile({
      context: this.context,
      lister: this.lister,
      memories: this.memories,
      writes: isDryRun ? supposedPolicyWrites(this.context) : realPolicyWrites(this.context),
      onMembers: ({ key }) => void this.woken.push(key),
    });
    this.context.namespaces.upsert({ key: 'sales', namespace: '', tenantId: undefined, labels: {} });
    this.context.namespaces.upsert({ key: 'other', namespace: '', tenantId: undefined, labels: {} });
  }

  async *#list(): ReturnType<Lister['list']> {
    this.passes++;
    for (const userId of this.listed) yield { userId };
    this.onPage();
    const { listEnd } = this;
    if (listEnd === 'complete')
      return {
        kind: 'complete',
        users: this.listed.length + this.unjudged.size,
        matched: this.listed.length,
        pages: 1,
        unjudged: this.unjudged,
      };
    if (listEnd === 'repeated') return { kind: 'incomplete', why: { kind: 'repeated' } };
    return { kind: 'incomplete', why: { kind: 'failed', error: new AcronisError(listEnd, 'It failed.') } };
  }

  policy(name: string, spec: object = {}, metadata: Partial<Raw['metadata']> = {}): void {
    const key = `sales/${name}`;
    const known = this.rawPolicies.get(key);
    this.rawPolicies.set(key, {
      metadata: {
        uid: `uid-${name}`,
        creationTimestamp: '2026-01-01T00:00:00Z',
        ...known?.metadata,
        ...metadata,
        generation: (Number(known?.metadata['generation']) || 0) + 1,
        name,
        namespace: 'sales',
      },
      spec: { tenantID: tenant, ...spec },
      status: known?.status ?? {},
    });
    this.#showPolicy(key);
  }

  /** An object that no policy made. */
  object(namespace: string, name: string, spec: object, rest: object = {}): void {
    this.#put(`${namespace}/${name}`, {
      metadata: {
        name,
        namespace,
        uid: `uid-${namespace}-${name}`,
        creationTimestamp: '2026-01-02T00:00:00Z',
        generation: 1,
      },
      spec: { ...spec },
      ...rest,
    });
  }

  /** Changes a child as a person would. */
  edit(userId: string, change: (raw: Raw) => void): void {
    const key = this.childKey(userId);
    const raw = structuredClone(this.raw.get(key));
    if (raw === undefined) throw new Error('there is no such child');
    change(raw);
    this.#put(key, { ...raw, metadata: { ...raw.metadata, generation: Number(raw.metadata['generation']) + 1 } });
  }

  delete(key: string): void {
    this.raw.delete(key);
    if (this.isWatching) this.fleet.remove(key);
  }

  childKey = (userId: string) => `sales/u-${userId}`;
  child = (userId: string) => this.raw.get(this.childKey(userId));
  get children(): string[] {
    return [...this.raw.keys()].filter((key) => key.startsWith('sales/u-')).map((key) => key.slice('sales/u-'.length));
  }
  status(name: string): Json {
    return this.rawPolicies.get(`sales/${name}`)?.status ?? {};
  }
  ready(name: string): { reason?: string; message?: string } {
    const conditions = this.status(name)['conditions'];
    if (!Array.isArray(conditions)) return {};
    return conditions.find(({ type }) => type === 'Ready') ?? {};
  }

  /** Reconciles until nothing is left to be done now. */
  async settle(name = 'admins'): Promise<void> {
    for (let round = 0; round < 20; round++) {
      const before = this.writes.length;
      await this.reconcile(name);
      if (this.writes.length === before && round > 0) return;
      this.clock.pause(6_000);
    }
    throw new Error('it does not settle');
  }

  /** What the label of the policies' namespace says. */
  label(tenantId: string): void {
    this.context.namespaces.upsert({ key: 'sales', namespace: '', tenantId, labels: { [tenantIdLabel]: tenantId } });
  }

  reconcile = (name = 'admins', signal = new AbortController().signal) => this.#reconcile(`sales/${name}`, signal);

  /** A later pass is due. */
  async nextPass(name = 'admins'): Promise<void> {
    this.clock.pause(4_000_000);
    await this.settle(name);
  }

  #put(key: string, raw: Raw): void {
    raw.metadata['resourceVersion'] = String(this.#version++);
    this.raw.set(key, raw);
    if (this.isWatching) this.#show(key);
  }

  showAll(): void {
    this.isWatching = true;
    for (const key of this.raw.keys()) this.#show(key);
    for (const key of [...this.fleet.keys()]) if (!this.raw.has(key)) this.fleet.remove(key);
  }

  #show(key: string): void {
    const object = transformTenantUserUpsell(structuredClone(this.raw.get(key)));
    if (object === undefined) throw new Error(`${key} is no object`);
    this.fleet.upsert(object);
  }

  #showPolicy(key: string): void {
    const raw = this.rawPolicies.get(key);
    if (raw !== undefined) raw.metadata['resourceVersion'] = String(this.#version++);
    const policy = transformPolicy(structuredClone(raw));
    if (policy === undefined) throw new Error(`${key} is no policy`);
    this.policies.upsert(policy);
  }

  #request({ method, path, contentType, body }: KubernetesCall): unknown {
    const [, namespace, plural, name, subresource] =
      /namespaces\/([^/]+)\/([^/]+)\/([^/]+)(?:\/(.*))?/.exec(path) ?? [];
    const key = `${namespace}/${name}`;
    this.writes.push(`${method} ${plural}/${name}${subresource === undefined ? '' : `/${subresource}`}`);
    const sent = structuredClone(body) as never;
    if (plural === 'tenantupsellpolicies') return this.#patchPolicy(key, sent);
    this.onWrite();
    const known = this.raw.get(key);
    if (method === 'DELETE') {
      if (known === undefined) throw new KubernetesError('gone', { status: 404, reason: 'NotFound' });
      const { uid, resourceVersion } = (sent as { preconditions: Json }).preconditions;
      if (uid !== known.metadata.uid || resourceVersion !== known.metadata['resourceVersion'])
        throw new KubernetesError('changed', { status: 409, reason: 'Conflict' });
      this.delete(key);
      return undefined;
    }
    if (contentType === 'application/json-patch+json' && known !== undefined) return this.#patch(key, known, sent);
    if (contentType !== 'application/apply-patch+yaml') throw new Error(`unexpected ${contentType}`);
    return this.#apply(key, known, sent as Raw);
  }

  #patch(key: string, known: Raw, operations: readonly { op: string; path: string }[]): Raw {
    const spec = { ...known.spec };
    for (const { op, path } of operations) if (op === 'remove') delete spec[path.replace('/spec/', '')];
    const stored = { ...known, spec };
    this.#put(key, stored);
    return stored;
  }

  #apply(key: string, known: Raw | undefined, sent: Raw): Raw {
    if (known !== undefined && sent.metadata.uid !== known.metadata.uid)
      throw new KubernetesError('changed', { status: 409, reason: 'Conflict' });
    if (known === undefined && sent.metadata.uid !== undefined)
      throw new KubernetesError('uid mismatch', { status: 409, reason: 'Conflict' });
    const stored: Raw = {
      metadata: {
        creationTimestamp: new Date(this.clock.wall()).toISOString(),
        ...known?.metadata,
        ...sent.metadata,
        ...(known === undefined ? { uid: `uid-${key}-${this.#version}` } : { uid: known.metadata.uid }),
        labels: { ...known?.metadata.labels, ...sent.metadata.labels },
        annotations: { ...known?.metadata.annotations, ...sent.metadata.annotations },
        generation: (Number(known?.metadata['generation']) || 0) + 1,
      },
      spec: { ...known?.spec, ...sent.spec },
      status: known?.status ?? {},
    };
    this.#put(key, stored);
    return stored;
  }

  #patchPolicy(key: string, operations: readonly { op: string; path: string; value?: unknown }[]): Raw {
    const policy = this.rawPolicies.get(key);
    if (policy === undefined) throw new KubernetesError('gone', { status: 404, reason: 'NotFound' });
    if (this.refusePolicies) throw new KubernetesError('refused', { status: 403, reason: 'Forbidden' });
    for (const { op, path, value } of operations) {
      if (op === 'test') {
        if (
          path.startsWith('/metadata/annotations/') &&
          !Object.values(policy.metadata.annotations ?? {}).includes(String(value))
        )
          throw new KubernetesError('the test failed', { status: 422, reason: 'Invalid' });
        continue;
      }
      if (path === '/status' && typeof value === 'object') policy.status = { ...value };
      else if (op === 'remove' && path.startsWith('/status/')) delete policy.status?.[path.slice('/status/'.length)];
      else if (path.startsWith('/status/'))
        policy.status = { ...policy.status, [path.slice('/status/'.length)]: value };
      else if (op === 'remove') delete policy.metadata.annotations;
    }
    for (const field of this.prunes) delete policy.status?.[field];
    this.#showPolicy(key);
    return policy;
  }
}
