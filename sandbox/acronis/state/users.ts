/**
 * The directory of users. Every change goes through here: it moves the revision on, stamps the time, and files the user
 * under "changed", so that "who changed since" costs what changed and not what there is.
 *
 * A user is kept small (what most users share is shared, what follows from other fields is not kept): 100,000 fit easily.
 */
import { type Grant, NO_GRANTS } from './roles.ts';
import type { Tenant, TenantTree } from './tenants.ts';
import type { Micros } from './timestamps.ts';

/** A whole number up to int64, a bigint where a number would not hold it exactly: see src/base/exact-json.ts. */
export type Revision = number | bigint;

/** As JSON.stringify takes it. */
export const revisionView = (revision: Revision): unknown =>
  typeof revision === 'bigint' ? JSON.rawJSON(String(revision)) : revision;

/** Fields that few users ever have. */
export interface Rest {
  personal_tenant_id?: string | undefined;
  idp_id?: string | undefined;
  external_id?: string | undefined;
  /** `forcibly_disabled`: a service account. */
  mfa_status?: string | undefined;
  disable_after?: string | undefined;
  contact?: Readonly<Record<string, unknown>> | undefined;
}

export interface User {
  readonly id: string;
  /** Place in the directory; never changes. */
  readonly place: number;
  readonly createdAt: Micros;
  /** Shown with exactly the fields of the guide, which are fewer than the reference asks for. */
  readonly guideShape: boolean;
  tenant: Tenant;
  login: string;
  version: Revision;
  businessTypes: readonly string[];
  notifications: readonly string[];
  language: string;
  roles: readonly Grant[];
  enabled: boolean;
  activated: boolean;
  firstname: string;
  lastname: string;
  /** `undefined` means `login@example.com`. */
  email: string | undefined;
  rest: Rest | undefined;
  updatedAt: Micros;
  deletedAt: Micros | undefined;
  /** Number of its latest change; grows over the whole directory. */
  change: number;
}

export type UserChange = Partial<
  Pick<
    User,
    | 'tenant'
    | 'login'
    | 'businessTypes'
    | 'notifications'
    | 'language'
    | 'roles'
    | 'enabled'
    | 'activated'
    | 'firstname'
    | 'lastname'
    | 'email'
    | 'rest'
    | 'deletedAt'
  >
>;

export type NewUser = Pick<User, 'id' | 'tenant' | 'login' | 'firstname' | 'lastname'> &
  Partial<
    Pick<
      User,
      | 'roles'
      | 'businessTypes'
      | 'notifications'
      | 'enabled'
      | 'activated'
      | 'email'
      | 'createdAt'
      | 'guideShape'
      | 'language'
      | 'version'
      | 'rest'
    >
  >;

/** Lists most users share. Replaced, never changed. */
export const NO_TYPES: readonly string[] = Object.freeze([]);
export const BUYER: readonly string[] = Object.freeze(['buyer']);
const NOTIFICATIONS: readonly string[] = Object.freeze(['quota', 'reports', 'backup_daily_report']);

export const emailOf = (user: User): string => user.email ?? `${user.login}@example.com`;
export const isBuyer = (user: User): boolean => user.businessTypes.includes('buyer');

const shareTypes = (types: readonly string[]): readonly string[] =>
  types.length === 0 ? NO_TYPES : types.length === 1 && types[0] === 'buyer' ? BUYER : types;

/** What a change moves besides itself: the revision and the time, the time alone, or nothing. */
export type Moves = 'revision' | 'stamp' | 'nothing';

export interface DirectoryRules {
  now(): Micros;
  /** The revision after this one. */
  nextVersion(version: Revision): Revision;
}

export class Directory {
  readonly tenants: TenantTree;
  readonly #rules: DirectoryRules;
  readonly #byId = new Map<string, User>();
  #inOrder: User[] = [];
  /** Changes in the order they happened, each with its user; entries a later change of the same user made stale stay until tidied. */
  #changes: number[] = [];
  #times: Micros[] = [];
  #changed: User[] = [];
  #lastChange = 0;
  #lastTime: Micros = 0;
  #deleted = 0;
  /** Called when what a search can find was changed or added. */
  onText: (user: User) => void = () => {};
  /** Called when everything is thrown away. */
  onClear: () => void = () => {};

  constructor(tenants: TenantTree, rules: DirectoryRules) {
    this.tenants = tenants;
    this.#rules = rules;
  }

  /** Users that are there, deleted ones not counted. */
  get size(): number {
    return this.#inOrder.length - this.#deleted;
  }

  /** Deleted users are still found: they say so in `deletedAt`. */
  get(id: string): User | undefined {
    return this.#byId.get(id);
  }

  at(place: number): User | undefined {
    return this.#inOrder[place];
  }

  /** In the order they were added, deleted ones included. */
  all(): readonly User[] {
    return this.#inOrder;
  }

  add(given: NewUser): User {
    if (this.#byId.has(given.id)) throw new Error(`A user with the id ${given.id} is there already.`);
    const createdAt = given.createdAt ?? this.#rules.now();
    const user: User = {
      id: given.id,
      place: this.#inOrder.length,
      createdAt,
      guideShape: given.guideShape ?? false,
      tenant: given.tenant,
      login: given.login,
      version: given.version ?? 1,
      businessTypes: shareTypes(given.businessTypes ?? NO_TYPES),
      notifications: given.notifications ?? NOTIFICATIONS,
      language: given.language ?? 'en',
      roles: given.roles ?? NO_GRANTS,
      enabled: given.enabled ?? true,
      activated: given.activated ?? true,
      firstname: given.firstname,
      lastname: given.lastname,
      email: given.email,
      rest: given.rest,
      updatedAt: createdAt,
      deletedAt: undefined,
      change: 0,
    };
    this.#inOrder.push(user);
    this.#byId.set(user.id, user);
    this.#file(user, createdAt);
    this.onText(user);
    return user;
  }

  /** Applies a change; moves the revision and the time of the change on, unless `moves` says otherwise. Returns the revision before and after. */
  update(
    user: User,
    change: UserChange,
    moves: Moves = 'revision',
  ): { readonly before: Revision; readonly after: Revision } {
    const before = user.version;
    if (change.deletedAt !== undefined && user.deletedAt === undefined) this.#deleted += 1;
    if ('deletedAt' in change && change.deletedAt === undefined && user.deletedAt !== undefined) this.#deleted -= 1;
    Object.assign(user, change);
    if (change.businessTypes !== undefined) user.businessTypes = shareTypes(change.businessTypes);
    if (moves === 'revision') user.version = this.#rules.nextVersion(before);
    if (moves !== 'nothing') this.#file(user, this.#rules.now());
    if ('login' in change || 'firstname' in change || 'lastname' in change || 'email' in change) this.onText(user);
    return { before, after: user.version };
  }

  /** Users whose latest change is after `since`, oldest change first, beginning behind change number `after`. */
  *changedSince(since: Micros, after: number): Generator<User> {
    const start = Math.max(firstAbove(this.#changes, after), firstAbove(this.#times, since));
    for (let i = start; i < this.#changed.length; i++) {
      const user = this.#changed[i];
      if (user !== undefined && user.change === this.#changes[i]) yield user;
    }
  }

  clear(): void {
    this.#byId.clear();
    this.#inOrder = [];
    this.#changes = [];
    this.#times = [];
    this.#changed = [];
    this.#lastTime = 0;
    this.#deleted = 0;
    this.onClear();
  }

  #file(user: User, at: Micros): void {
    // No two changes share a time and none is before the last, whatever the machine's clock does: "changed since" relies on it.
    this.#lastTime = Math.max(this.#lastTime + 1, at);
    user.updatedAt = this.#lastTime;
    this.#lastChange += 1;
    user.change = this.#lastChange;
    this.#changes.push(this.#lastChange);
    this.#times.push(this.#lastTime);
    this.#changed.push(user);
    if (this.#changed.length > 2 * this.#inOrder.length + 1000) this.#tidy();
  }

  #tidy(): void {
    const kept = this.#changed.filter((user, i) => user.change === this.#changes[i]);
    this.#changed = kept;
    this.#changes = kept.map((user) => user.change);
    this.#times = kept.map((user) => user.updatedAt);
  }
}

/** Index of the first number above `limit` in a list that only grows. */
function firstAbove(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
