/** The finalizer of an object that is held on deletion until its types are revoked; those of other writers stay in the list as they are. */
import { revokeFinalizer } from '../../../api/names.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';

export const hasFinalizer = (object: Pick<TenantUserUpsell, 'finalizers'>): boolean =>
  object.finalizers.includes(revokeFinalizer);
export const withFinalizer = ({ finalizers }: TenantUserUpsell): readonly string[] => [...finalizers, revokeFinalizer];
export const withoutFinalizer = ({ finalizers }: TenantUserUpsell): readonly string[] =>
  finalizers.filter((each) => each !== revokeFinalizer);
