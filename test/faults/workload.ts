/**
 * The objects of a world, what the users of Acronis should be like because of them, and what writing that is owed. Whatever is done to a world is done
 * through here, so that at the end every PUT of the operator can be held against one that was owed.
 */
import type { Sandbox } from '../../sandbox/acronis/sandbox.ts';
import { until } from '../../sandbox/until.ts';
import { type Cluster, readyOf, type SeenObject } from './cluster.ts';

interface Wanted {
  readonly user: string;
  revoke: boolean;
  deleted: boolean;
}

export interface Tally {
  readonly objects: number;
  readonly owed: number;
  /** PUTs that were applied and changed something. */
  readonly applied: number;
  /** PUTs that the sandbox handled, conflicts included. */
  readonly sent: number;
  /** PUTs that were applied and changed nothing, or more of them than were owed. */
  readonly duplicates: number;
  /** Changes of others that a PUT undid. */
  readonly lost: number;
  readonly stuck: readonly string[];
}

export class Workload {
  readonly #namespace: string;
  readonly #cluster: Cluster;
  readonly #acronis: Sandbox;
  readonly #wanted = new Map<string, Wanted>();
  readonly #free: string[];

  constructor(namespace: string, cluster: Cluster, acronis: Sandbox) {
    this.#namespace = namespace;
    this.#cluster = cluster;
    this.#acronis = acronis;
    // Of the first customer: both API clients reach them, so that either replica can.
    const home = acronis.cast.tenants.customers[0];
    this.#free = [...acronis.directory.all()]
      .filter((user) => user.tenant.id === home && user.businessTypes.length === 0)
      .map((user) => user.id);
  }

  get names(): readonly string[] {
    return [...this.#wanted].filter(([, wanted]) => !wanted.deleted).map(([name]) => name);
  }

  /** Deletes what is there, waits until it is gone (some of it is revoked first), and starts counting again. */
  async clear(): Promise<void> {
    for (const [name, wanted] of this.#wanted) {
      if (!wanted.deleted) await this.#cluster.remove(this.#namespace, name);
    }
    this.#wanted.clear();
    const look = () => this.#cluster.list(this.#namespace);
    await until('all objects are gone', look, (objects) => objects.length === 0, { withinMs: 60_000, everyMs: 200 });
  }

  userOf(name: string): string {
    const wanted = this.#wanted.get(name);
    if (wanted === undefined) throw new Error(`There is no object ${name} in this workload.`);
    return wanted.user;
  }

  /** Creates an object for a user that no other object names. */
  async create(name: string, { revoke = false, spec = {} }: { revoke?: boolean; spec?: object } = {}): Promise<void> {
    const user = this.#free.pop();
    if (user === undefined) throw new Error('The sandbox of this world has too few users.');
    this.#wanted.set(name, { user, revoke, deleted: false });
    await this.#cluster.create(this.#namespace, name, {
      userID: user,
      deletionPolicy: revoke ? 'Revoke' : 'Retain',
      ...spec,
    });
  }

  async edit(name: string, revoke: boolean): Promise<void> {
    await this.#cluster.edit(this.#namespace, name, { deletionPolicy: revoke ? 'Revoke' : 'Retain' });
    const wanted = this.#wanted.get(name);
    if (wanted !== undefined) wanted.revoke = revoke;
  }

  async remove(name: string): Promise<void> {
    const wanted = this.#wanted.get(name);
    if (wanted === undefined) return;
    wanted.deleted = true;
    const held = await this.#cluster.remove(this.#namespace, name);
    // Deleted before the operator saw that it is to revoke: nothing is revoked, and what was assigned stays.
    wanted.revoke &&= held;
  }

  /** The type is removed in the console, and another one assigned: the first must come back, the other must stay. */
  drift(name: string): void {
    this.#acronis.console.setTypes(this.userOf(name), ['legacy']);
  }

  /** The objects that are not, or not known to be, as they should; of these names, if given. */
  async stuck(names?: readonly string[]): Promise<readonly string[]> {
    const seen = new Map((await this.#cluster.list(this.#namespace)).map((each) => [each.metadata.name, each]));
    const stuck: string[] = [];
    for (const [name, wanted] of this.#wanted) {
      if (names?.includes(name) === false) continue;
      const why = this.#whyNot(wanted, seen.get(name));
      if (why !== undefined) stuck.push(`${name}: ${why}`);
    }
    return stuck;
  }

  #whyNot(wanted: Wanted, object: SeenObject | undefined): string | undefined {
    const user = this.#acronis.directory.get(wanted.user);
    const isBuyer = user?.businessTypes.includes('buyer') === true;
    if (wanted.deleted) {
      if (object !== undefined) return `is still there (${readyOf(object)?.reason})`;
      return wanted.revoke && isBuyer ? 'is gone, and its user is a buyer still' : undefined;
    }
    if (object === undefined) return 'is gone';
    if (!isBuyer) return `its user is no buyer (${readyOf(object)?.reason})`;
    const { generation } = object.metadata;
    const { observedGeneration, observedVersion } = object.status;
    if (readyOf(object)?.status !== 'True') return `is not Ready (${readyOf(object)?.reason})`;
    if (observedGeneration !== generation) return `status is of generation ${observedGeneration}, not ${generation}`;
    if (observedVersion !== user?.version) return `status is of revision ${observedVersion}, not ${user?.version}`;
    return undefined;
  }

  async tally(): Promise<Tally> {
    const users = new Set([...this.#wanted.values()].map(({ user }) => user));
    let [owed, applied, sent, duplicates, lost] = [0, 0, 0, 0, 0];
    for (const user of users) {
      const counted = countWrites(this.#acronis.ledger.writesOf(user));
      const gone = [...this.#wanted.values()].find((each) => each.user === user && each.deleted);
      const due = counted.owed + (gone?.revoke ? 1 : 0);
      // How far a deleted object had come by then is unknown.
      owed += gone === undefined ? due : Math.min(due, counted.puts);
      applied += counted.puts;
      lost += counted.lost;
      duplicates += counted.empty + Math.max(0, counted.puts - due);
      sent += this.#acronis.ledger.putsOf(user).sent;
    }
    return { objects: this.#wanted.size, owed, applied, sent, duplicates, lost, stuck: await this.stuck() };
  }
}

type Write = ReturnType<Sandbox['ledger']['writesOf']>[number];

/** What the history of one user's changes shows: each time the type was not there one PUT was owed, unless another writer assigned it. */
export function countWrites(writes: readonly Write[]): { owed: number; puts: number; empty: number; lost: number } {
  let [owed, puts, empty, lost] = [1, 0, 0, 0];
  let others: readonly string[] = [];
  let had = false;
  for (const { by, businessTypes, fields } of writes) {
    const has = businessTypes.includes('buyer');
    const rest = businessTypes.filter((type) => type !== 'buyer');
    if (by === 'put') {
      if (fields.length === 0) empty += 1;
      else puts += 1;
      if (others.some((type) => !rest.includes(type))) lost += 1;
    } else if (had !== has) {
      owed += has ? -1 : 1;
    }
    had = has;
    others = rest;
  }
  return { owed, puts, empty, lost };
}
