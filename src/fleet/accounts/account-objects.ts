/**
 * The AcronisAccounts, as the cache holds them. An account that was deleted is remembered as it was last, for deletions alone: an object that is to revoke
 * its types must not fail because its account went first. Of these the latest are kept, so that accounts which come and go by the thousand cost no memory.
 */
import type { AcronisAccount } from '../../api/account/object.ts';
import type { Log } from '../../base/log.ts';
import { Store } from '../../runtime/store/store.ts';
import { accountNameOf, type Source } from '../cache/objects.ts';

/** How many deleted accounts are remembered. */
export const maxDeleted = 1_000;

export type AccountStore = Store<AcronisAccount>;

export interface AccountObjects {
  /** Where all of them are. */
  readonly namespace: string;
  readonly store: AccountStore;
  /** Whether the store holds all there are. Until then an account that is not in it may be there all the same. */
  readonly isSynced: () => boolean;
  get(name: string): AcronisAccount | undefined;
  /** The same and, where it was deleted while this process ran, as it was last: of the latest `maxDeleted`. */
  lastKnown(name: string): AcronisAccount | undefined;
  /** The Secret of the account that a source is, as a source; undefined where there is no such account. */
  secretOf(source: Source): Source | undefined;
}

export interface AccountObjectsOptions {
  readonly namespace: string;
  readonly log: Log;
  readonly isSynced: () => boolean;
}

export function createAccountObjects({ namespace, log, isSynced }: AccountObjectsOptions): AccountObjects {
  const store: AccountStore = new Store({
    log,
    same: (a, b) => a.uid === b.uid && a.resourceVersion === b.resourceVersion,
  });
  // In the order in which they were deleted.
  const deleted = new Map<string, AcronisAccount>();
  const remember = (account: AcronisAccount): void => {
    deleted.delete(account.name);
    deleted.set(account.name, account);
    const [oldest] = deleted.keys();
    if (deleted.size > maxDeleted && oldest !== undefined) deleted.delete(oldest);
  };
  store.subscribe((before, after) => {
    if (after !== undefined) deleted.delete(after.name);
    else if (before !== undefined) remember(before);
  });
  const get = (name: string) => store.get(`${namespace}/${name}`);
  return {
    namespace,
    store,
    isSynced,
    get,
    lastKnown: (name) => get(name) ?? deleted.get(name),
    secretOf(source) {
      const name = accountNameOf(source);
      const account = name === undefined ? undefined : get(name);
      return account?.spec.ok ? `${namespace}/${account.spec.value.credentialsSecretRef.name}` : undefined;
    },
  };
}
