/**
 * The users that a selection means, as an account's API client is shown them: first the kinds of the tenants, then user by user, one page in memory at a
 * time. How it ends says what it proves: only a complete one shows that a user is not among them, and even then a tenant may hide itself, so that a user that
 * loses something for it is judged by itself before (`judgeUsers`). Users that are there and cannot be judged are named beside: of the others they say nothing.
 */
import type { AcronisApi } from '../../acronis/api.ts';
import type { AcronisError } from '../../acronis/errors.ts';
import { type IncompleteWhy, readListing } from '../../acronis/listings/listing.ts';
import type { ListedUser, OrganizationFilter } from '../../acronis/listings/users.ts';
import type { Selection } from '../../api/policy/spec.ts';
import type { Clock } from '../../base/clock.ts';
import { type Hidden, isOrganization, selectorOf } from './select.ts';

export interface Match {
  readonly userId: string;
  readonly tenantId: string;
  /** Personal data: for a person who asked for it, and nothing else. */
  readonly login: string;
}

export type Completeness =
  | {
      readonly kind: 'complete';
      readonly users: number;
      readonly matched: number;
      readonly pages: number;
      /** By id, users that may match: what the list does not show of each. No more than `maxUnjudged`. */
      readonly unjudged: ReadonlyMap<string, Hidden>;
    }
  | { readonly kind: 'incomplete'; readonly why: SelectionGap };

/** Why a selection does not prove that no other user matches. */
export type SelectionGap =
  | IncompleteWhy
  /** The API client is not shown the tenant where the selection begins. */
  | { readonly kind: 'rootNotShown'; readonly error: AcronisError | undefined }
  /** More than `maxUnjudged` users of whom the responses do not show what the selection needs; `what` is that of the first one. */
  | { readonly kind: 'unjudged'; readonly users: number; readonly what: Hidden };

export interface SelectOptions {
  /** Of an account; one that is bounded to tenants shows users of these alone. */
  readonly account: { readonly api: Pick<AcronisApi, 'listUsers' | 'listTenants'> };
  readonly selection: Selection;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** So many are single users; more are responses that lack something, and each is kept in memory. */
export const maxUnjudged = 1_000;

/** Matches as they come, in the API's order. Failures of calls are in what it returns. @throws the signal's reason. */
export async function* selectUsers(options: SelectOptions): AsyncGenerator<Match, Completeness, undefined> {
  const { selection, signal } = options;
  const root = selection.tenantID.toLowerCase();
  const kinds = await readKinds(root, options);
  if (kinds.kind === 'incomplete') return kinds;
  const select = selectorOf({ ...selection, tenantID: root });
  const pages = readUsers(root, kinds.of.get(root), options);
  let matched = 0;
  const unjudged = new Map<string, Hidden>();
  let tooMany: { readonly what: Hidden; users: number } | undefined;
  let next = await pages.next();
  for (; next.done !== true; next = await pages.next()) {
    for (const user of next.value) {
      const judgement = select(user, user.tenantKind ?? kinds.of.get(user.tenantId));
      if (judgement.kind === 'unjudged') {
        if (unjudged.size < maxUnjudged) unjudged.set(user.id, judgement.why);
        else tooMany = { what: tooMany?.what ?? judgement.why, users: (tooMany?.users ?? maxUnjudged) + 1 };
      }
      if (judgement.kind !== 'match') continue;
      matched++;
      yield { userId: user.id, tenantId: user.tenantId, login: user.login ?? '' };
    }
    signal.throwIfAborted();
  }
  if (next.value.kind === 'incomplete') return next.value;
  if (tooMany !== undefined) return { kind: 'incomplete', why: { kind: 'unjudged', ...tooMany } };
  return { kind: 'complete', users: next.value.items, matched, pages: next.value.pages, unjudged };
}

type Kinds =
  | { readonly kind: 'read'; readonly of: ReadonlyMap<string, string> }
  | Extract<Completeness, { kind: 'incomplete' }>;

/** The kind of every tenant of the tree. Ids and kinds alone: 30,000 tenants are a few megabytes. */
async function readKinds(root: string, { account, clock, signal }: SelectOptions): Promise<Kinds> {
  const of = new Map<string, string>();
  const read = (after: string | undefined, until: AbortSignal) =>
    account.api.listTenants(after === undefined ? { root } : { after }, until);
  const pages = readListing({ read, clock }, signal);
  let isShown = false;
  let next = await pages.next();
  for (; next.done !== true; next = await pages.next()) {
    for (const { id, kind } of next.value) {
      isShown ||= id === root;
      if (kind !== undefined) of.set(id, shared(kind));
    }
  }
  if (next.value.kind === 'incomplete') {
    const { why } = next.value;
    const isHidden = why.kind === 'failed' && why.error.kind === 'notFound';
    return { kind: 'incomplete', why: isHidden ? { kind: 'rootNotShown', error: why.error } : why };
  }
  if (!isShown) return { kind: 'incomplete', why: { kind: 'rootNotShown', error: undefined } };
  return { kind: 'read', of };
}

/** One copy of each of a handful of words. */
const words = new Map<string, string>();
function shared(word: string): string {
  const known = words.get(word);
  if (known !== undefined) return known;
  if (words.size < 100) words.set(word, word);
  return word;
}

/**
 * Inside of one organization the API filters by itself, which spares a customer with thousands of users most of them. From a partner on its filter is said to
 * show the partner's own users alone, so there all are read. A filter that is refused is not asked for again.
 */
async function* readUsers(
  root: string,
  rootKind: string | undefined,
  { account, selection, clock, signal }: SelectOptions,
) {
  const inside: OrganizationFilter | undefined = isOrganization(rootKind)
    ? { roles: selection.users.roles, tenantKinds: selection.tenantKinds }
    : undefined;
  const list = (filter: OrganizationFilter | undefined) =>
    readListing<ListedUser>(
      {
        read: (after, until) =>
          account.api.listUsers(
            after !== undefined ? { after } : { root, ...(filter === undefined ? {} : { inside: filter }) },
            until,
          ),
        clock,
      },
      signal,
    );
  if (inside === undefined) return yield* list(undefined);
  const filtered = list(inside);
  const first = await filtered.next();
  if (first.done !== true) {
    yield first.value;
    return yield* filtered;
  }
  const isRefused =
    first.value.kind === 'incomplete' && first.value.why.kind === 'failed' && first.value.why.error.kind === 'rejected';
  return isRefused ? yield* list(undefined) : first.value;
}
