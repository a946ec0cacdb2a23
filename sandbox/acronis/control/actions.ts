/** All that the control API can do. */
import type { Action, Controlled } from './action.ts';
import { faultActions } from './fault-actions.ts';
import { ledgerActions } from './ledger-actions.ts';
import { tenantActions } from './tenant-actions.ts';
import { userActions } from './user-actions.ts';

export const actionsOf = (it: Controlled): readonly Action[] => [
  ...ledgerActions(it),
  ...faultActions(it),
  ...userActions(it),
  ...tenantActions(it),
];
