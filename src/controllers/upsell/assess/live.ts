/**
 * What is owed to an object that is not being deleted: its types on its user, its finalizer, and a status that says what is true.
 *
 * Nothing that passes makes it forget: whom it assigned goes only with the proof that this user was deleted. A finalizer goes with the policy that asked
 * for it or with that proof.
 */
import type { User } from '../../../acronis/user.ts';
import type { Verdict } from '../../../api/conditions.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { Spec } from '../../../api/spec.ts';
import type { Assigned } from '../../../api/status.ts';
import { forbids, forbidsAsking, isLabelled, noUserOfTheLabel } from '../../../fleet/tenancy/tenancy.ts';
import {
  assignedVerdict,
  claimedVerdict,
  invalidSpecVerdict,
  notAssignedVerdict,
  suspendedVerdict,
  userGoneVerdict,
  userNotVisibleVerdict,
} from '../verdicts/verdicts.ts';
import type { Evidence, FoundBy } from './evidence.ts';
import { hasFinalizer } from './finalizer.ts';
import { rememberedAssignment, wantsFinalizer } from './memory.ts';
import { changedVerdict, has, type Name, nameOf, questionFor } from './names.ts';
import { offerOf, withReportedRoles } from './offer.ts';
import type { Circumstances, Facts, Owed } from './owed.ts';

export function assessLive(object: TenantUserUpsell, evidence: Evidence, circumstances: Circumstances): Owed {
  const remembered = rememberedAssignment(object);
  const report = (verdict: Verdict, facts: Facts, assigned = remembered): Owed => ({
    kind: 'report',
    findings: { verdict, facts, assigned },
  });
  if (!object.spec.ok) return report(invalidSpecVerdict(object.spec.problem), unknown);
  const spec = object.spec.value;
  const housekeeping = evidence.kind === 'gone' ? undefined : finalizerOwed(object, spec, remembered);
  // Deletion revokes while suspended, too: what holds it comes back, and nothing goes.
  if (spec.suspend) return housekeeping?.kind === 'addFinalizer' ? housekeeping : report(suspendedVerdict, unknown);
  if (housekeeping !== undefined) return housekeeping;
  const forbidden = forbidsAsking(spec, circumstances.guard);
  // An account that is not there, or does not serve the namespace, says nothing about the user.
  if (forbidden !== undefined) return report(forbidden, circumstances.guard.kind === 'noAccount' ? unknown : none);

  const name = nameOf(spec);
  const askByName = (by: Name): Owed => ({
    kind: 'ask',
    question: questionFor(by, !isLabelled(circumstances.guard)),
  });

  switch (evidence.kind) {
    case 'nothing': {
      // The user that it assigned, or found before, spares a search.
      const id = spec.userID ?? remembered?.userID ?? object.status.userID;
      if (id !== undefined) return { kind: 'ask', question: { kind: 'id', id } };
      if (name === undefined) throw new Error('a parsed spec names a user');
      return askByName(name);
    }
    case 'failed':
      return report(evidence.verdict, unknown);
    case 'noMatch':
      // It was asked for by name because a read by id did not show it: what it assigned is still there.
      if (remembered !== undefined && name !== undefined)
        return report(evidence.verdict.reason === 'UserNotFound' ? changedVerdict(name) : evidence.verdict, unknown);
      return report(evidence.verdict, none);
    case 'gone':
      // A deletion would not know of whom, and give up what is proven to be over.
      if (remembered !== undefined && hasFinalizer(object)) return { kind: 'removeFinalizer' };
      if (remembered !== undefined)
        return { kind: 'report', findings: { verdict: userGoneVerdict, facts: none, assigned: undefined } };
      if (name !== undefined) return askByName(name);
      return report(isLabelled(circumstances.guard) ? noUserOfTheLabel : userGoneVerdict, none);
    case 'notVisible':
      if (name !== undefined && remembered === undefined) return askByName(name);
      if (isLabelled(circumstances.guard)) return report(noUserOfTheLabel, none);
      return report(userNotVisibleVerdict, unknown);
    case 'seen': {
      const { user, by } = evidence;
      if (name !== undefined && by === 'id' && isToBeAskedFor(name, user, remembered)) return askByName(name);
      if (name !== undefined && by === 'externalID' && remembered !== undefined && remembered.userID !== user.id)
        return report(changedVerdict(name), unknown);
      return assessSeen(object, spec, evidence, remembered, circumstances);
    }
  }
}

function assessSeen(
  object: TenantUserUpsell,
  spec: Spec,
  { user, by }: { readonly user: User; readonly by: FoundBy },
  remembered: Assigned | undefined,
  { guard, otherClaimant, heldWrite, buyUrl }: Circumstances,
): Owed {
  const reportWithout = (verdict: Verdict, facts: Facts): Owed => ({
    kind: 'report',
    findings: { verdict, facts, assigned: remembered },
  });
  const report = (verdict: Verdict, assigned = remembered): Owed => {
    const found = offerOf(withReportedRoles(object, user), buyUrl);
    if (found.kind === 'needsBuyUrl') return { kind: 'askBuyUrl', tenantId: user.tenantId };
    const message = found.because === undefined ? verdict.message : `${verdict.message} ${found.because}`;
    const facts: Facts = { kind: 'user', user, offer: found.offer };
    return { kind: 'report', findings: { verdict: { ...verdict, message }, facts, assigned } };
  };
  const forbidden = forbids(spec, user, guard);
  if (forbidden !== undefined) return reportWithout(forbidden, none);
  const name = nameOf(spec);
  if (name !== undefined && has(user, name, by) !== 'yes') return report(changedVerdict(name));
  if (otherClaimant !== undefined) return report(claimedVerdict(otherClaimant));
  const missing = spec.businessTypes.filter((type) => !user.businessTypes.includes(type));
  if (spec.managementPolicy === 'Observe') return report(missing.length === 0 ? assignedVerdict : notAssignedVerdict);
  if (missing.length > 0 && heldWrite !== undefined)
    return heldWrite.reason === 'VersionConflict' ? reportWithout(heldWrite, unknown) : report(heldWrite);

  // From here on the user is this object's: it writes to it, or takes over what it finds.
  const assigned = remembered?.userID === user.id ? remembered : { userID: user.id, tenantID: user.tenantId };
  if (wantsFinalizer(spec) && !hasFinalizer(object)) return { kind: 'addFinalizer' };
  if (missing.length === 0) return report(assignedVerdict, assigned);
  // Before the first write leaves: after a crash the deletion revokes what is remembered, and nothing else.
  if (wantsFinalizer(spec) && object.status.assigned?.userID !== user.id) return { kind: 'remember', assigned };
  const businessTypes = [...user.businessTypes, ...missing];
  return {
    kind: 'write',
    action: 'assign',
    user,
    types: spec.businessTypes,
    change: { businessTypes, version: user.version },
  };
}

const none: Facts = { kind: 'none' };
const unknown: Facts = { kind: 'unknown' };

/** What the policies and the memory alone ask of the finalizer: one that was stripped comes back, one that no policy asks for goes. */
function finalizerOwed(object: TenantUserUpsell, spec: Spec, remembered: Assigned | undefined): Owed | undefined {
  if (!wantsFinalizer(spec)) return hasFinalizer(object) ? { kind: 'removeFinalizer' } : undefined;
  return remembered !== undefined && !hasFinalizer(object) ? { kind: 'addFinalizer' } : undefined;
}

/** Whether a user that was read by id does not show that it is the one that the object names. */
function isToBeAskedFor(name: Name, user: User, remembered: Assigned | undefined): boolean {
  const shown = has(user, name, 'id');
  return shown === 'notShown' || (remembered === undefined && (shown === 'no' || user.tenantId !== name.tenantId));
}
