/**
 * What is owed to an object, given what was found out of its user and what stands around it. The one place that decides; pure: no clock, no network, no
 * cache. Reconcile, verifier and triggers ask it and nothing else, so what one of them maintains the others notice.
 */
import type { TenantUserUpsell } from '../../../api/object.ts';
import { assessDeleted } from './deleted.ts';
import type { Evidence } from './evidence.ts';
import { assessLive } from './live.ts';
import type { Circumstances, Owed } from './owed.ts';

export const assess = (object: TenantUserUpsell, evidence: Evidence, circumstances: Circumstances): Owed =>
  object.deletedAt === undefined
    ? assessLive(object, evidence, circumstances)
    : assessDeleted(object, evidence, circumstances);

/** Where nothing stands around an object. */
export const unhindered: Circumstances = {
  guard: { kind: 'any' },
  otherClaimant: undefined,
  heldWrite: undefined,
  buyUrl: undefined,
  patienceIsOver: false,
};
