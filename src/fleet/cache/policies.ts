/** The policies that this operator serves, as its cache holds them. */
import type { TenantUpsellPolicy } from '../../api/policy/object.ts';
import type { Log } from '../../base/log.ts';
import { Store } from '../../runtime/store/store.ts';
import { sourceOf } from './objects.ts';

export type PolicyStore = Store<TenantUpsellPolicy, 'uid' | 'source'>;

export const createPolicyStore = (log: Log): PolicyStore =>
  new Store<TenantUpsellPolicy, 'uid' | 'source'>({
    log,
    indexes: { uid: ({ uid }) => uid, source: sourceOf },
    same: (a, b) => a.uid === b.uid && a.resourceVersion === b.resourceVersion,
  });

/** Of two policies that match one user the older one has it. */
export const isOlderPolicy = (
  a: Pick<TenantUpsellPolicy, 'createdAt' | 'uid'>,
  b: Pick<TenantUpsellPolicy, 'createdAt' | 'uid'>,
): boolean => a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.uid < b.uid);
