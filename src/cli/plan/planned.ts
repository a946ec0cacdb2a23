/** What a plan says of one object: the same for people and for programs. No login, name or e-mail is in it. */
import { meaningOfVerdict, type Verdict } from '../../api/conditions.ts';
import type { TenantUserUpsell } from '../../api/object.ts';
import type { Facts } from '../../controllers/upsell/assess/owed.ts';
import type { StepsEnd } from '../../controllers/upsell/reconcile/steps.ts';
import type { WouldWrite } from '../../controllers/upsell/write/port.ts';
import type { ChangedChild, ChildChangePlanned } from './children.ts';
import type { PlannedPolicy } from './policies.ts';

/** `none`: it stays as it is. `error`: it waits for a person, or for what failed. */
export type PlannedAction = WouldWrite | 'none' | 'error';

export interface Planned {
  readonly namespace: string;
  readonly name: string;
  readonly action: PlannedAction;
  /** As the condition Ready would say it. */
  readonly reason: string;
  readonly message: string;
  readonly userID?: string;
  readonly tenantID?: string;
  readonly offer?: string;
  /** Of a child: the policy that keeps it, in its namespace. */
  readonly policy?: string;
  /** What that policy would do to it; absent where it would stay as it is. */
  readonly change?: ChildChangePlanned;
  /** Where it, or its policy, stands in the files. */
  readonly where?: string;
}

/** That nothing is done about these is what their spec says. */
const asAsked: ReadonlySet<string> = new Set(['NotAssigned', 'Suspended']);

export interface About {
  readonly where: string | undefined;
  readonly policy?: string | undefined;
  readonly change?: ChildChangePlanned | undefined;
}

export function plannedOf(
  object: TenantUserUpsell,
  { owed }: Pick<StepsEnd, 'owed'>,
  actions: readonly WouldWrite[],
  { where, policy = object.child?.policy, change }: About,
): Planned {
  const base = {
    namespace: object.namespace,
    name: object.name,
    ...(policy === undefined ? {} : { policy }),
    ...(change === undefined ? {} : { change }),
    ...(where === undefined ? {} : { where }),
  };
  const written = actions.find((each) => each === 'assign' || each === 'revoke') ?? actions[0];
  switch (owed.kind) {
    case 'leave':
      return {
        ...base,
        action: 'none',
        reason: 'Deleting',
        message: 'It is being deleted, and what holds it is not this operator.',
      };
    case 'release':
      return {
        ...base,
        action: written ?? 'removeFinalizer',
        reason: 'Revoked',
        message: owed.why ?? 'The types would be revoked, and the object released.',
      };
    case 'giveUp':
      return { ...base, action: 'removeFinalizer', reason: owed.verdict.reason, message: owed.verdict.message };
    case 'report': {
      const { verdict, facts } = owed.findings;
      const about =
        facts.kind === 'user' ? { userID: facts.user.id, tenantID: facts.user.tenantId, offer: facts.offer } : {};
      const action = isError(verdict) ? 'error' : (written ?? 'none');
      const message = action === 'assign' ? `The user does not have the types yet. ${offered(facts)}` : verdict.message;
      return { ...base, action, reason: verdict.reason, message, ...about };
    }
  }
}

const offered = (facts: Facts): string => (facts.kind === 'user' ? `The offer would be ${facts.offer}.` : '');

const isError = (verdict: Verdict): boolean =>
  meaningOfVerdict(verdict).ready === 'False' && !asAsked.has(verdict.reason);

/** Of a child that nothing holds: it is deleted, and nothing is written to Acronis. */
export const plannedRemoval = (
  { object: { namespace, name, spec }, policy, change }: ChangedChild,
  where: string | undefined,
): Planned => ({
  namespace,
  name,
  policy: policy.name,
  change,
  action: 'none',
  reason: 'Deleted',
  message: change === 'handOver' ? handedOver : removed,
  ...(spec.ok && spec.value.userID !== undefined ? { userID: spec.value.userID } : {}),
  ...(where === undefined ? {} : { where }),
});

const handedOver = 'Another object has the user: the child would be deleted, and the types stay.';
const removed = 'The user matches no more: the child would be deleted, and the types stay.';

/** 1 where something is wrong, 2 where something would be written, 0 otherwise. */
export function exitCodeOf(
  planned: readonly Pick<Planned, 'action' | 'change'>[],
  policies: readonly Pick<PlannedPolicy, 'action'>[],
): 0 | 1 | 2 {
  if ([...planned, ...policies].some(({ action }) => action === 'error')) return 1;
  return planned.some(({ action, change }) => action !== 'none' || change !== undefined) ? 2 : 0;
}
