/**
 * The way of one object: which account → which user → assess → write, one owed step after the other, until nothing is left but to report it or to release
 * it. What is owed is decided by `assess` alone; here it is done.
 */
import { AcronisError } from '../../../acronis/errors.ts';
import type { Verdict } from '../../../api/conditions.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { Status } from '../../../api/status.ts';
import type { Account } from '../../../fleet/accounts/accounts.ts';
import type { BuyUrl } from '../../../fleet/brands/buy-url.ts';
import { type TenancyOptions, withinLabel } from '../../../fleet/tenancy/tenancy.ts';
import { KubernetesError } from '../../../kubernetes/calls/errors.ts';
import { type AccountSources, accountOf, type FoundAccount } from '../ask/account.ts';
import { ask } from '../ask/ask.ts';
import { assess } from '../assess/assess.ts';
import { type Evidence, nothingYet } from '../assess/evidence.ts';
import { hasFinalizer, withFinalizer, withoutFinalizer } from '../assess/finalizer.ts';
import { buyUrlOf } from '../assess/offer.ts';
import type { Owed } from '../assess/owed.ts';
import type { ReconcileContext } from '../context.ts';
import { clusterVerdict, conflictVerdict, verdictOfError } from '../verdicts/verdicts.ts';
import type { Writes } from '../write/port.ts';
import type { ObjectTries } from '../write/tries.ts';
import type { Applied } from '../write/write.ts';
import { circumstancesOf } from './circumstances.ts';

/** How the steps ended: what is left to do, for an object that is by now as `object` says. */
export interface StepsEnd {
  readonly owed: Extract<Owed, { kind: 'report' | 'release' | 'giveUp' | 'leave' }>;
  readonly object: TenantUserUpsell;
  readonly applied: Applied | undefined;
  /** The next reconcile makes no sense before that. */
  readonly atLeastMs: number | undefined;
}

/** What the steps read. A caller that has no more than this cannot write. */
export interface StepsContext<W>
  extends TenancyOptions,
    AccountSources<W>,
    Pick<ReconcileContext, 'fleet' | 'revokeGiveUpAfterMs' | 'log'> {
  readonly brands: {
    peek(account: Account<W>, tenantId: string): BuyUrl | undefined;
    read(account: Account<W>, tenantId: string, signal: AbortSignal): Promise<BuyUrl>;
  };
}

export interface StepsOptions<W> {
  readonly context: StepsContext<W>;
  readonly writes: Writes<W>;
  readonly tries: ObjectTries;
  /** Called with each status that was written on the way. */
  readonly onStatus: (status: Status) => void;
}

/** Writes in one reconcile. */
const maxWrites = 3;
/** More than any object needs: an end to what should end by itself. */
const maxSteps = 30;

/** @throws KubernetesError, or the signal's reason once it is aborted. */
export async function takeSteps<W>(
  given: TenantUserUpsell,
  { context, writes: port, tries, onStatus }: StepsOptions<W>,
  signal: AbortSignal,
): Promise<StepsEnd> {
  const patienceIsOver = isTriedForLongEnough(given, context, tries);
  let object = given;
  let evidence: Evidence = nothingYet;
  let account: Account<W> | undefined;
  /** The tenant of the namespace's label, as it was when the account was bounded to it. */
  let label: string | undefined;
  let applied: Applied | undefined;
  let writes = 0;
  let exhausted: Verdict | undefined;
  let buyUrl: BuyUrl | undefined;

  for (let step = 0; step < maxSteps; step++) {
    const around = { account, label, exhausted, buyUrl, patienceIsOver, tries, context };
    const { circumstances, heldMs } = await circumstancesOf(object, evidence, around, signal);
    const owed = assess(object, evidence, circumstances);
    try {
      switch (owed.kind) {
        case 'ask': {
          const found = await findAccount(object, patienceIsOver, context, signal);
          if (found.kind === 'found') {
            const { guard } = circumstances;
            label = guard.kind === 'tenant' ? guard.tenantId : undefined;
            account = withinLabel(guard, found.account);
            evidence = await ask(owed.question, account, signal);
          } else evidence = { kind: 'failed', verdict: found.verdict };
          break;
        }
        case 'addFinalizer':
          await port.addFinalizer(object, signal);
          object = { ...object, finalizers: withFinalizer(object) };
          break;
        case 'removeFinalizer':
          await port.removeFinalizer(object, signal);
          object = { ...object, finalizers: withoutFinalizer(object) };
          break;
        case 'remember': {
          const { assigned } = owed;
          await port.remember(object, assigned, signal);
          object = { ...object, status: { ...object.status, assigned } };
          onStatus(object.status);
          break;
        }
        case 'write': {
          if (account === undefined || evidence.kind !== 'seen') throw new Error('a write follows from a read');
          const end = await port.write(owed, { object, account, by: evidence.by, tries }, signal);
          evidence = end.evidence;
          applied = end.applied ?? applied;
          if (++writes >= maxWrites) exhausted = end.again ?? conflictVerdict;
          break;
        }
        case 'askBuyUrl':
          if (account === undefined) throw new Error('an offer follows from a read');
          buyUrl = buyUrlOf(object, await context.brands.read(account, owed.tenantId, signal));
          break;
        case 'report':
        case 'release':
        case 'giveUp':
        case 'leave':
          return { owed, object, applied, atLeastMs: evidence.kind === 'failed' ? evidence.atLeastMs : heldMs };
      }
    } catch (error) {
      if (!(error instanceof AcronisError)) throw error;
      const { kind, causeId: cause, detail, retryAfterMs } = error;
      context.log.debug('Acronis did not respond as hoped', { object: object.key, kind, cause, detail });
      evidence = { kind: 'failed', verdict: verdictOfError(error), atLeastMs: retryAfterMs };
    }
  }
  throw new Error('the steps of a reconcile do not end');
}

/** It counts from the first try of a running operator: what nothing has tried yet is not given up. */
function isTriedForLongEnough(
  object: TenantUserUpsell,
  { revokeGiveUpAfterMs }: Pick<ReconcileContext, 'revokeGiveUpAfterMs'>,
  tries: ObjectTries,
): boolean {
  if (object.deletedAt === undefined || !hasFinalizer(object) || revokeGiveUpAfterMs === 0) return false;
  return tries.revokingMs() >= revokeGiveUpAfterMs;
}

/** A Secret that the API server does not show must not hold a deletion for ever either. */
async function findAccount<W>(
  object: TenantUserUpsell,
  patienceIsOver: boolean,
  context: AccountSources<W>,
  signal: AbortSignal,
): Promise<FoundAccount<W>> {
  try {
    return await accountOf(object, context, signal);
  } catch (error) {
    if (patienceIsOver && error instanceof KubernetesError) return { kind: 'missing', verdict: clusterVerdict };
    throw error;
  }
}
