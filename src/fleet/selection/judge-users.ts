/**
 * Single users, read by their ids and judged: the proof that is asked for before one of them loses its object, and the quick way for one that changed. That a
 * user is missing from a list, however complete, proves nothing: a tenant may hide itself. Only a user that is shown and does not match, or that is shown as
 * deleted, is out of a selection.
 */
import { type AcronisReads, maxTenantsPerRead, maxUsersPerRead } from '../../acronis/api.ts';
import type { ListedUser } from '../../acronis/listings/users.ts';
import type { Selection } from '../../api/policy/spec.ts';
import type { Account } from '../accounts/accounts.ts';
import { type Place, placeOf } from '../accounts/tenant-tree.ts';
import { type Judgement, selectorOf } from './select.ts';

export type UserJudgement =
  | Judgement
  /** The API does not show it: nothing is proved. */
  | { readonly kind: 'notShown' };

export interface JudgeOptions {
  readonly account: Pick<Account, 'tenants'> & {
    readonly api: Pick<AcronisReads, 'getRootTenant' | 'listUsersById' | 'listTenants'>;
  };
  readonly selection: Selection;
  readonly signal: AbortSignal;
}

/** One judgement for each id. @throws AcronisError, or the signal's reason. */
export async function judgeUsers(
  ids: readonly string[],
  { account, selection, signal }: JudgeOptions,
): Promise<ReadonlyMap<string, UserJudgement>> {
  const root = selection.tenantID.toLowerCase();
  const select = selectorOf({ ...selection, tenantID: root });
  const wanted = ids.map((id) => id.toLowerCase());
  const judged = new Map<string, UserJudgement>(wanted.map((id) => [id, { kind: 'notShown' }]));
  let top: Promise<string> | undefined;
  const topOf = () => (top ??= account.api.getRootTenant(signal));
  for (let at = 0; at < wanted.length; at += maxUsersPerRead) {
    const { items } = await account.api.listUsersById(wanted.slice(at, at + maxUsersPerRead), signal);
    const kinds = await kindsOf(items, account, signal);
    for (const user of items) {
      const judgement = select(user, user.tenantKind ?? kinds.get(user.tenantId));
      // What stands against a user does so wherever it is.
      const isOut = judgement.kind === 'noMatch';
      judged.set(
        user.id,
        isOut ? judgement : atPlace(judgement, await provenPlace(user.tenantId, root, topOf, account, signal)),
      );
    }
  }
  return judged;
}

async function kindsOf(
  users: readonly ListedUser[],
  { api }: { readonly api: Pick<AcronisReads, 'listTenants'> },
  signal: AbortSignal,
) {
  const tenants = [...new Set(users.map(({ tenantId }) => tenantId))];
  const kinds = new Map<string, string | undefined>();
  for (let at = 0; at < tenants.length; at += maxTenantsPerRead) {
    const { items } = await api.listTenants({ ids: tenants.slice(at, at + maxTenantsPerRead) }, signal);
    for (const { id, kind } of items) kinds.set(id, kind);
  }
  return kinds;
}

/** The way up from an outside tenant ends where the API client's own view does; one that ends before proves nothing. */
async function provenPlace(
  tenantId: string,
  root: string,
  topOf: () => Promise<string>,
  { tenants }: Pick<Account, 'tenants'>,
  signal: AbortSignal,
): Promise<Place> {
  const place = await placeOf(tenantId, [root], tenants, signal);
  if (place !== 'outside') return place;
  return (await placeOf(tenantId, [await topOf()], tenants, signal)) === 'inside' ? 'outside' : 'unknown';
}

function atPlace(judgement: Judgement, place: Place): Judgement {
  switch (place) {
    case 'inside':
      return judgement;
    case 'outside':
      return { kind: 'noMatch', why: 'otherTenant' };
    case 'unknown':
      return { kind: 'unjudged', why: 'tenantPlace' };
  }
}
