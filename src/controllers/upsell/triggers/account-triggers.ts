/**
 * Which changes of an AcronisAccount ask for reconciles of the objects that name it: that it comes or goes, and what it says of Secret, namespaces and tenants.
 * An object that it does not serve is reconciled; of the others the settled ones are verified, a hundred a read, and those that waited are tried now.
 */
import type { AcronisAccount } from '../../../api/account/object.ts';
import type { AccountObjects } from '../../../fleet/accounts/account-objects.ts';
import { allows } from '../../../fleet/accounts/admission.ts';
import type { NamespaceStore } from '../../../fleet/cache/namespaces.ts';
import { accountSource, type Fleet } from '../../../fleet/cache/objects.ts';
import type { CredentialSources } from '../../../fleet/credentials/sources.ts';
import type { Verifier } from '../../../fleet/verifier/verifier.ts';

export interface AccountTriggerOptions {
  readonly fleet: Pick<Fleet, 'byIndex' | 'get'>;
  readonly namespaces: Pick<NamespaceStore, 'get'>;
  readonly accountObjects: Pick<AccountObjects, 'store'>;
  readonly sources: Pick<CredentialSources, 'expire'>;
  readonly verifier: Pick<Verifier, 'add' | 'recheck'>;
}

export function connectAccountTriggers(options: AccountTriggerOptions): void {
  const { fleet, namespaces, accountObjects, sources, verifier } = options;
  const serves = (account: AcronisAccount | undefined, key: string): boolean => {
    const namespace = namespaces.get(fleet.get(key)?.namespace ?? '');
    if (account === undefined || namespace === undefined) return false;
    return allows(account, { name: namespace.key, labels: namespace.labels });
  };
  accountObjects.store.subscribe((before, after) => {
    const name = (after ?? before)?.name;
    if (name === undefined || use(before) === use(after)) return;
    const source = accountSource(name);
    sources.expire(source);
    for (const key of [...fleet.byIndex('source', source)]) {
      if (serves(after, key)) verifier.recheck(key);
      else verifier.add(key, 'change');
    }
  });
}

/** What of an account matters to the objects that name it. Its limits count from the next request on. */
function use(account: AcronisAccount | undefined): string | undefined {
  if (account === undefined) return undefined;
  if (!account.spec.ok) return account.spec.problem;
  const { credentialsSecretRef, allowedNamespaces, tenantIDs } = account.spec.value;
  return JSON.stringify([credentialsSecretRef, allowedNamespaces, tenantIDs]);
}
