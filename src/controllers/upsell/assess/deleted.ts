/**
 * What is owed to an object that is being deleted and is to revoke what it assigned (`deletionPolicy: Revoke`). The guards hold here too. It is released
 * with a proof alone: the types are not there, the user was deleted, or another object keeps them. Whatever else is found holds it, until it was tried
 * for long enough; then it is given up, saying so, as is one that remembers no user: what it did not assign is not its to revoke.
 */
import type { Verdict } from '../../../api/conditions.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import { forbids, forbidsAsking, isLabelled, noUserOfTheLabel } from '../../../fleet/tenancy/tenancy.ts';
import { invalidSpecVerdict, nothingRememberedVerdict, userNotVisibleVerdict } from '../verdicts/verdicts.ts';
import type { Evidence } from './evidence.ts';
import { hasFinalizer } from './finalizer.ts';
import { rememberedAssignment, wantsFinalizer } from './memory.ts';
import type { Circumstances, Owed } from './owed.ts';

export function assessDeleted(object: TenantUserUpsell, evidence: Evidence, circumstances: Circumstances): Owed {
  const { guard, otherClaimant, heldWrite, patienceIsOver } = circumstances;
  const hold = (verdict: Verdict): Owed => {
    if (patienceIsOver) return { kind: 'giveUp', verdict };
    const message = `Deletion waits to revoke the types. ${verdict.message}`;
    const findings = {
      verdict: { ...verdict, message },
      facts: { kind: 'unknown' },
      assigned: rememberedAssignment(object),
    } as const;
    return { kind: 'report', findings };
  };
  if (!hasFinalizer(object)) return { kind: 'leave' };
  if (!object.spec.ok) return hold(invalidSpecVerdict(object.spec.problem));
  const spec = object.spec.value;
  if (!wantsFinalizer(spec)) return { kind: 'release' };
  const assigned = rememberedAssignment(object);
  if (assigned === undefined) return { kind: 'giveUp', verdict: nothingRememberedVerdict };
  const forbidden = forbidsAsking(spec, guard);
  if (forbidden !== undefined) return hold(forbidden);

  switch (evidence.kind) {
    case 'nothing':
      return { kind: 'ask', question: { kind: 'id', id: assigned.userID } };
    case 'failed':
    case 'noMatch':
      return hold(evidence.verdict);
    case 'gone':
      return { kind: 'release', why: 'The user was deleted at Acronis: nothing is left to revoke.' };
    case 'notVisible':
      return hold(isLabelled(guard) ? noUserOfTheLabel : userNotVisibleVerdict);
    case 'seen': {
      const { user } = evidence;
      const foreign = forbids(spec, user, guard);
      if (foreign !== undefined) return hold(foreign);
      if (otherClaimant !== undefined)
        return { kind: 'release', why: `The user keeps the types: another object, ${otherClaimant}, names it too.` };
      const kept = user.businessTypes.filter((type) => !spec.businessTypes.some((revoked) => revoked === type));
      if (kept.length === user.businessTypes.length) return { kind: 'release' };
      if (heldWrite !== undefined) return hold(heldWrite);
      return {
        kind: 'write',
        action: 'revoke',
        user,
        types: spec.businessTypes,
        change: { businessTypes: kept, version: user.version },
      };
    }
  }
}
