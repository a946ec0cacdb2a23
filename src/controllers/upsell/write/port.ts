/**
 * What a reconcile may change on the way to its report, on both sides. The operator's port writes; a dry run's and a plan's have nothing to write with, say what
 * would be done, and go on as if it were.
 */
import type { AcronisWrites } from '../../../acronis/api.ts';
import { tenantUserUpsells } from '../../../api/names.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { Assigned } from '../../../api/status.ts';
import { patchStatus } from '../../../fleet/status/patch.ts';
import type { Evidence } from '../assess/evidence.ts';
import type { WriteAction } from '../assess/owed.ts';
import type { ReconcileContext } from '../context.ts';
import { addFinalizer, removeFinalizer } from './finalizers.ts';
import { type OwedWrite, type WriteEnd, type WriteOptions, write } from './write.ts';

/** @typeParam W what an account has for writes. All methods throw as the writes that they make. */
export interface Writes<W> {
  addFinalizer(object: TenantUserUpsell, signal: AbortSignal): Promise<void>;
  removeFinalizer(object: TenantUserUpsell, signal: AbortSignal): Promise<void>;
  remember(object: TenantUserUpsell, assigned: Assigned, signal: AbortSignal): Promise<void>;
  write(owed: OwedWrite, options: WriteOptions<W>, signal: AbortSignal): Promise<WriteEnd>;
}

export const realWrites = (context: ReconcileContext): Writes<AcronisWrites> => ({
  addFinalizer: (object, signal) => addFinalizer(context.client, object, signal),
  removeFinalizer: (object, signal) => removeFinalizer(context.client, object, signal),
  remember: (object, assigned, signal) => patchStatus(context, tenantUserUpsells, object, { assigned }, signal),
  write: (owed, options, signal) => write(owed, { ...options, context }, signal),
});

/** What would be written, for log and metrics. */
export type WouldWrite = WriteAction | 'addFinalizer' | 'removeFinalizer';

/** @param say called with each step that a real reconcile would take. */
export function supposedWrites<W>(say: (action: WouldWrite, object: TenantUserUpsell) => void): Writes<W> {
  return {
    addFinalizer: async (object) => say('addFinalizer', object),
    removeFinalizer: async (object) => say('removeFinalizer', object),
    // A part of the write that follows.
    remember: async () => {},
    async write({ action, user, change }, { object, by }) {
      say(action, object);
      const evidence: Evidence = { kind: 'seen', user: { ...user, businessTypes: [...change.businessTypes] }, by };
      return { evidence, applied: { from: change.version, to: change.version, afterMs: undefined } };
    },
  };
}
