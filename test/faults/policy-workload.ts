/**
 * A policy of a world, and what must be true because of it: each user that matches has exactly one object, its child or one that was written by hand, which is Ready;
 * no other user has one; and no user that has matched all along lost its child in between. People give and take roles, come and go, through here.
 */
import * as z from 'zod';
import type { Sandbox } from '../../sandbox/acronis/sandbox.ts';
import { ownRole } from '../../sandbox/acronis/state/roles.ts';
import type { User } from '../../sandbox/acronis/state/users.ts';
import type { FaultyProxy } from '../../sandbox/faulty-proxy/proxy.ts';
import type { Cluster } from './cluster.ts';
import { countWrites, type Tally } from './workload.ts';

const conditionSchema = z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() });
const objectSchema = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional() }),
  spec: z.object({ userID: z.string() }),
  status: z.object({ observedVersion: z.number().optional(), conditions: z.array(conditionSchema) }),
});
type Seen = z.output<typeof objectSchema>;
const objectsSchema = z.object({ items: z.array(objectSchema) });
const policySchema = z.object({
  status: z
    .object({
      matched: z.number().optional(),
      children: z.number().optional(),
      ready: z.number().optional(),
      conditions: z.array(conditionSchema).default([]),
    })
    .default({ conditions: [] }),
});

const name = 'administrators';
const path = (namespace: string, plural: string) =>
  `/apis/upsell.acronis.com/v1alpha1/namespaces/${namespace}/${plural}`;
const readyOf = ({ conditions }: { readonly conditions: readonly z.output<typeof conditionSchema>[] }) =>
  conditions.find(({ type }) => type === 'Ready');

/** What was so before the people of a round changed it. */
export interface Before {
  /** The uid of each child by its user. */
  readonly children: ReadonlyMap<string, string>;
  /** How many requests the proxy had seen. */
  readonly records: number;
}

export class PolicyWorkload {
  readonly #namespace: string;
  readonly #cluster: Cluster;
  readonly #acronis: Sandbox;
  /** Users of objects that were written by hand, by the object's name. */
  readonly #handWritten = new Map<string, string>();
  /** Users whose child may go, since something else happened to them than a fault. */
  readonly #changed = new Set<string>();
  /** Users that had a child that revokes, and match no more. */
  readonly #left = new Set<string>();

  constructor(namespace: string, cluster: Cluster, acronis: Sandbox) {
    this.#namespace = namespace;
    this.#cluster = cluster;
    this.#acronis = acronis;
  }

  /** All company administrators below the partner. What a child assigned is revoked with it, so that a user that loses it wrongly loses the type too. */
  create(): Promise<unknown> {
    return this.#cluster.call('POST', path(this.#namespace, 'tenantupsellpolicies'), {
      apiVersion: 'upsell.acronis.com/v1alpha1',
      kind: 'TenantUpsellPolicy',
      metadata: { name },
      spec: {
        tenantID: this.#acronis.cast.tenants.partner,
        // The brakes are not what is tried here.
        limits: { maxRemovals: 100 },
        template: { spec: { deletionPolicy: 'Revoke' } },
      },
    });
  }

  /** What people do while a fault strikes. */
  async change(round: number): Promise<void> {
    const { console, cast } = this.#acronis;
    const objects = await this.#objects();
    const [demoted, removed, deleted, taken] = this.#steady(objects);
    const ordinary = this.#users().filter(({ id, roles }) => roles === ownRole('backup_user') && !this.#left.has(id));
    if (demoted === undefined || removed === undefined || deleted === undefined || taken === undefined)
      throw new Error('The sandbox of this world has too few administrators.');
    for (const { id } of ordinary.slice(0, 2)) console.setRoles(id, ownRole('company_admin'));
    const [home = ''] = cast.tenants.customers;
    console.add({ login: `new.${round}`, tenantId: home, activated: true, roles: ownRole('company_admin') });
    console.setRoles(demoted, ownRole('backup_user'));
    this.#left.add(demoted);
    console.remove(removed);
    for (const id of [demoted, removed, deleted, taken]) this.#changed.add(id);
    await this.#cluster.remove(this.#namespace, `u-${deleted}`);
    await this.#cluster.create(this.#namespace, `by-hand-${round}`, { userID: taken });
    this.#handWritten.set(`by-hand-${round}`, taken);
  }

  /** Those whose child a round may do something to: they have one, and nothing else was done to them. */
  #steady(objects: readonly Seen[]): readonly string[] {
    const matched = this.#matched();
    return objects.flatMap(({ metadata, spec }) =>
      matched.has(spec.userID) && metadata.name === `u-${spec.userID}` && !this.#changed.has(spec.userID)
        ? [spec.userID]
        : [],
    );
  }

  /** A round begins: all is right. */
  async before(proxy: Pick<FaultyProxy, 'records'>): Promise<Before> {
    this.#changed.clear();
    const objects = await this.#objects();
    return {
      children: new Map(objects.map(({ metadata, spec }) => [spec.userID, metadata.uid])),
      records: proxy.records.length,
    };
  }

  /** Children of users that matched all along and that were deleted, or made again, since. */
  async wronged(before: Before, { records }: Pick<FaultyProxy, 'records'>): Promise<readonly string[]> {
    const matched = this.#matched();
    const isSteady = (user: string) => matched.has(user) && !this.#changed.has(user);
    const deletions = records.slice(before.records).flatMap(({ request: { method, resource, name: of = '' } }) => {
      const user = of.replace(/^u-/, '');
      return method === 'DELETE' && resource === 'tenantuserupsells' && isSteady(user) ? [user] : [];
    });
    const now = new Map((await this.#objects()).map(({ metadata, spec }) => [spec.userID, metadata.uid]));
    const others = [...before.children].flatMap(([user, uid]) =>
      isSteady(user) && now.get(user) !== uid ? [user] : [],
    );
    return [...new Set([...deletions, ...others])];
  }

  /** What is not, or not known to be, as it should. */
  async stuck(): Promise<readonly string[]> {
    const matched = this.#matched();
    const objects = await this.#objects();
    const byUser = Map.groupBy(objects, ({ spec }) => spec.userID);
    const hands = new Set(this.#handWritten.values());
    const stuck: string[] = [];
    for (const user of new Set([...matched, ...hands])) {
      const why = this.#whyNot(user, byUser.get(user) ?? [], hands.has(user));
      if (why !== undefined) stuck.push(`${user}: ${why}`);
    }
    for (const { metadata, spec } of objects)
      if (!matched.has(spec.userID) && !hands.has(spec.userID)) stuck.push(`${metadata.name}: its user does not match`);
    for (const user of this.#left)
      if (this.#isBuyer(user)) stuck.push(`${user}: matches no more, and is a buyer still`);
    stuck.push(...(await this.#policyStuck(matched.size, objects.length - hands.size)));
    return stuck;
  }

  #whyNot(user: string, objects: readonly Seen[], isHandWritten: boolean): string | undefined {
    const [object, ...more] = objects;
    if (object === undefined) return 'has no object';
    if (more.length > 0) return `has ${objects.length} objects`;
    if (isHandWritten !== object.metadata.name.startsWith('by-hand')) return `has ${object.metadata.name}`;
    if (object.metadata.deletionTimestamp !== undefined) return 'its object is being deleted';
    const ready = readyOf(object.status);
    if (ready?.status !== 'True') return `is not Ready (${ready?.reason})`;
    if (!this.#isBuyer(user)) return `is no buyer (${ready.reason})`;
    const version = this.#acronis.directory.get(user)?.version;
    return object.status.observedVersion === version
      ? undefined
      : `status is of revision ${object.status.observedVersion}, not ${version}`;
  }

  async #policyStuck(matched: number, children: number): Promise<readonly string[]> {
    const { status } = policySchema.parse(
      await this.#cluster.call('GET', `${path(this.#namespace, 'tenantupsellpolicies')}/${name}`),
    );
    const ready = readyOf(status);
    const is = `${ready?.reason} ${status.matched}/${status.children}/${status.ready}`;
    const wanted = `Applied ${matched}/${children}/${children}`;
    return is === wanted ? [] : [`the policy says ${is}, not ${wanted}: ${ready?.message}`];
  }

  #isBuyer(user: string): boolean {
    return this.#acronis.directory.get(user)?.businessTypes.includes('buyer') === true;
  }

  /** Those of customers below the partner that show themselves to it, at any time. */
  #users(): readonly User[] {
    const customers = new Set(this.#acronis.cast.tenants.customers);
    return [...this.#acronis.directory.all()].filter(
      ({ tenant, enabled, deletedAt }) => customers.has(tenant.id) && enabled && deletedAt === undefined,
    );
  }

  #matched(): ReadonlySet<string> {
    return new Set(this.#users().flatMap(({ id, roles }) => (roles === ownRole('company_admin') ? [id] : [])));
  }

  async #objects(): Promise<readonly Seen[]> {
    return objectsSchema.parse(await this.#cluster.call('GET', path(this.#namespace, 'tenantuserupsells'))).items;
  }

  /** A PUT too many is one that changed nothing: how many were owed depends on how far a child had come that a person deleted. */
  async tally(): Promise<Tally> {
    const objects = await this.#objects();
    let [applied, sent, duplicates, lost] = [0, 0, 0, 0];
    for (const { id } of this.#acronis.directory.all()) {
      const counted = countWrites(this.#acronis.ledger.writesOf(id));
      applied += counted.puts;
      lost += counted.lost;
      duplicates += counted.empty;
      sent += this.#acronis.ledger.putsOf(id).sent;
    }
    return { objects: objects.length, owed: applied, applied, sent, duplicates, lost, stuck: await this.stuck() };
  }
}
