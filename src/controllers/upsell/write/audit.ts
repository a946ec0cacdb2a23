/**
 * The audit trail: exactly one line for each write that left this process, with what came of it. A write that only waited for its turn leaves none.
 */
import type { Revision } from '../../../acronis/user.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { WriteAction } from '../assess/owed.ts';
import type { ReconcileContext } from '../context.ts';

export interface AuditedWrite {
  /** The bytes left: once, or once more where a new token was needed. */
  readonly onSent: () => void;
  /** What came of it. The first one counts; without a request that left, none does. */
  end(outcome: string, to?: Revision): void;
}

export function auditWrite(
  action: WriteAction,
  object: TenantUserUpsell,
  from: Revision,
  { log, metrics }: Pick<ReconcileContext, 'log' | 'metrics'>,
): AuditedWrite {
  let isOpen = false;
  const end = (outcome: string, to?: Revision) => {
    if (!isOpen) return;
    isOpen = false;
    metrics.wrote(action, outcome);
    log.info('wrote to Acronis', { action, object: object.key, generation: object.generation, from, to, outcome });
  };
  return {
    onSent: () => {
      // What left before was refused for its token.
      end('credentials');
      isOpen = true;
    },
    end,
  };
}
