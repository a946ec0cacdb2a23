/**
 * Search as the guide describes it: both sides are split into lower-case tokens, and each token searched for must begin some
 * token of the user (login, first name, last name, e-mail) or of the tenant (name), in any order.
 *
 * An index of tokens keeps a search in a directory of 100,000 below a millisecond. It may be out of date: every find is checked
 * against the user as it is now, and users whose text changed since are checked one by one.
 */
import { pathOf, reaches, subtreeOf, type Tenant } from './tenants.ts';
import { type Directory, emailOf, type User } from './users.ts';

const tokensOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((token) => token !== '');

const userTokens = (user: User): string[] =>
  tokensOf(`${user.login} ${user.firstname} ${user.lastname} ${emailOf(user)}`);

const matches = (wanted: readonly string[], tokens: readonly string[]): boolean =>
  wanted.every((prefix) => tokens.some((token) => token.startsWith(prefix)));

/** Changed texts kept aside before the index is rebuilt. */
const FRESH_LIMIT = 500;

export class Search {
  readonly #directory: Directory;
  #words: string[] = [];
  /** For each word, the places in the directory of those who have it. */
  #places: number[][] = [];
  #built = false;
  readonly #fresh = new Set<User>();

  constructor(directory: Directory) {
    this.#directory = directory;
    directory.onText = (user) => {
      if (this.#built) this.#fresh.add(user);
      if (this.#fresh.size > FRESH_LIMIT) this.#forget();
    };
    directory.onClear = () => this.#forget();
  }

  /** The response's items: users first, then tenants, `limit` in all. */
  find(from: Tenant, text: string, limit: number, allowDeleted: boolean): Record<string, unknown>[] {
    const wanted = tokensOf(text);
    if (wanted.length === 0) return [];
    const items: Record<string, unknown>[] = [];
    for (const user of this.#users(wanted)) {
      if (items.length >= limit) return items;
      if ((user.deletedAt === undefined || allowDeleted) && reaches(from, user.tenant)) items.push(userHit(from, user));
    }
    for (const tenant of subtreeOf(from)) {
      if (items.length >= limit) break;
      if (matches(wanted, tokensOf(tenant.name))) items.push(tenantHit(from, tenant));
    }
    return items;
  }

  *#users(wanted: readonly string[]): Generator<User> {
    if (!this.#built) this.#build();
    const seen = new Set<User>();
    for (const user of this.#candidates(wanted)) {
      if (seen.has(user)) continue;
      seen.add(user);
      if (matches(wanted, userTokens(user))) yield user;
    }
  }

  *#candidates(wanted: readonly string[]): Generator<User> {
    // The rarest of the tokens decides which users are checked.
    let best: readonly number[][] | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const prefix of wanted) {
      const lists = this.#places.slice(this.#firstAtLeast(prefix), this.#firstAtLeast(`${prefix}\u{10ffff}`));
      const count = lists.reduce((sum, list) => sum + list.length, 0);
      if (count < least) [best, least] = [lists, count];
    }
    for (const list of best ?? []) {
      for (const place of list) {
        const user = this.#directory.at(place);
        if (user !== undefined) yield user;
      }
    }
    yield* this.#fresh;
  }

  #firstAtLeast(word: string): number {
    let low = 0;
    let high = this.#words.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#words[middle] ?? '') < word) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #build(): void {
    const index = new Map<string, number[]>();
    for (const user of this.#directory.all()) {
      for (const token of new Set(userTokens(user))) {
        const places = index.get(token);
        if (places === undefined) index.set(token, [user.place]);
        else places.push(user.place);
      }
    }
    this.#words = [...index.keys()].sort((a, b) => (a < b ? -1 : 1));
    this.#places = this.#words.map((word) => index.get(word) ?? []);
    this.#built = true;
    this.#fresh.clear();
  }

  #forget(): void {
    this.#words = [];
    this.#places = [];
    this.#built = false;
    this.#fresh.clear();
  }
}

/** The e-mail is searched but not shown, and neither is which field matched. */
const userHit = (from: Tenant, user: User): Record<string, unknown> => ({
  obj_type: 'user',
  id: user.id,
  login: user.login,
  parent_id: user.tenant.id,
  first_name: user.firstname,
  last_name: user.lastname,
  path: pathOf(from, user.tenant),
});

const tenantHit = (from: Tenant, tenant: Tenant): Record<string, unknown> => ({
  obj_type: 'tenant',
  id: tenant.id,
  name: tenant.name,
  kind: tenant.kind,
  parent_id: tenant.parent?.id ?? tenant.id,
  first_name: '',
  last_name: '',
  path: pathOf(from, tenant),
});
