/** How an account's health is reported: its status where it differs, and an Event where a reason became another one. */
import {
  type AccountHealth,
  type AccountReason,
  accountConditions,
  meaningOfAccount,
  meaningOfFeed,
} from '../../api/account/conditions.ts';
import type { AcronisAccount } from '../../api/account/object.ts';
import type { AccountStatus } from '../../api/account/status.ts';
import { acronisAccounts } from '../../api/names.ts';
import { conditionOf } from '../../api/status.ts';
import { changedFields, patchStatus } from '../../fleet/status/patch.ts';
import { subjectOf } from '../../kubernetes/events/subject.ts';
import type { AccountContext } from './context.ts';

/** What the status shall say. */
export interface Findings {
  readonly health: AccountHealth;
  readonly url: string | undefined;
  readonly tenantID: string | undefined;
}

/** @param nowMs wall time in milliseconds. */
export function statusOf(
  { generation, status }: AcronisAccount,
  { health, url, tenantID }: Findings,
  nowMs: number,
): AccountStatus {
  return {
    observedGeneration: generation,
    ...(url === undefined ? {} : { url }),
    ...(tenantID === undefined ? {} : { tenantID }),
    conditions: [...accountConditions(health, generation, status.conditions ?? [], nowMs)],
  };
}

/**
 * @returns the status as it is now.
 * @throws KubernetesError (422 where it is another object by now), or the signal's reason; then nothing was reported.
 */
export async function report(
  account: AcronisAccount,
  findings: Findings,
  { client, pruned, events, clock }: Pick<AccountContext, 'client' | 'pruned' | 'events' | 'clock'>,
  signal: AbortSignal,
): Promise<AccountStatus> {
  const status = statusOf(account, findings, clock.wall());
  const changes = changedFields(account.status, status, fields);
  if (changes === undefined) return account.status;
  await patchStatus({ client, pruned }, acronisAccounts, account, changes, signal);
  notify(account, findings.health, events);
  return status;
}

const fields = [
  'observedGeneration',
  'url',
  'tenantID',
  'conditions',
] as const satisfies readonly (keyof AccountStatus)[];

function notify(account: AcronisAccount, { ready, feed }: AccountHealth, events: AccountContext['events']): void {
  const about = subjectOf(acronisAccounts, account);
  if (conditionOf(account.status, 'Ready')?.reason !== ready.reason)
    events[isWell(ready.reason) ? 'normal' : 'warning'](about, ready.reason, ready.message);
  const before = conditionOf(account.status, 'ChangeFeed')?.reason;
  if (feed === undefined || before === feed.reason) return;
  // That it is not asked without credentials, or follows from the first, is no event of its own.
  if (meaningOfFeed(feed.reason) === 'True' ? before !== undefined : isWell(ready.reason))
    events[meaningOfFeed(feed.reason) === 'True' ? 'normal' : 'warning'](
      about,
      `ChangeFeed${feed.reason}`,
      feed.message,
    );
}

const isWell = (reason: AccountReason): boolean => meaningOfAccount(reason).status !== 'False';
