/** The table of what is owed: object, evidence, circumstances → one step. */
import { describe, expect, it } from 'vitest';
import type { User } from '../../../../../src/acronis/user.ts';
import { type TenantUserUpsell, transformTenantUserUpsell } from '../../../../../src/api/object.ts';
import type { Status } from '../../../../../src/api/status.ts';
import { assess, unhindered } from '../../../../../src/controllers/upsell/assess/assess.ts';
import { type Evidence, type FoundBy, nothingYet } from '../../../../../src/controllers/upsell/assess/evidence.ts';
import type { Circumstances, Owed } from '../../../../../src/controllers/upsell/assess/owed.ts';
import { notAppliedVerdict } from '../../../../../src/controllers/upsell/verdicts/verdicts.ts';
import type { NamespaceGuard } from '../../../../../src/fleet/tenancy/guard.ts';
import { forbids } from '../../../../../src/fleet/tenancy/tenancy.ts';
import { otherTenantId, otherUserId, tenantId, userId } from '../fake-acronis.ts';

const finalizer = 'upsell.acronis.com/revoke';
const assigned = { userID: userId, tenantID: tenantId };
const byId = { userID: userId };
const byLogin = { login: 'johndoe', tenantID: tenantId };
const byExternalId = { externalID: 'crm-1', tenantID: tenantId };
const revoke = { deletionPolicy: 'Revoke' };
const observe = { managementPolicy: 'Observe' };

interface Given {
  readonly status?: Status;
  readonly held?: boolean;
  readonly deleted?: boolean;
}

function object(
  spec: Record<string, unknown>,
  { status = {}, held = false, deleted = false }: Given = {},
): TenantUserUpsell {
  const made = transformTenantUserUpsell({
    metadata: {
      namespace: 'customers',
      name: 'john',
      uid: 'uid',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-02T03:00:00Z',
      ...(held ? { finalizers: [finalizer] } : {}),
      ...(deleted ? { deletionTimestamp: '2026-01-02T03:04:05Z' } : {}),
    },
    spec,
    status,
  });
  if (made === undefined) throw new Error('it is an object');
  return made;
}

const user = (fields: Partial<User> = {}): User => ({
  id: userId,
  tenantId,
  version: 7,
  businessTypes: [],
  login: 'johndoe',
  externalId: '',
  isCompanyAdmin: false,
  reach: 'quotaOn',
  ...fields,
});
const seen = (fields: Partial<User> = {}, by: FoundBy = 'id'): Evidence => ({
  kind: 'seen',
  user: user(fields),
  by,
});
const buyer = seen({ businessTypes: ['buyer'] });
const gone: Evidence = { kind: 'gone' };
const notVisible: Evidence = { kind: 'notVisible' };
const failed: Evidence = { kind: 'failed', verdict: { reason: 'Unavailable', message: 'why' } };
const labelled = (tenant: string): Partial<Circumstances> => ({ guard: { kind: 'tenant', tenantId: tenant } });

/** In one line: what is owed, with what matters of it. */
function line(owed: Owed): string {
  switch (owed.kind) {
    case 'ask':
      return `ask by ${owed.question.kind}`;
    case 'write':
      return `${owed.action} [${owed.change.businessTypes.join()}] at ${owed.change.version}`;
    case 'report': {
      const { verdict, facts, assigned: remembered } = owed.findings;
      const stalled = verdict.stalled === true ? ' stalled' : '';
      return `report ${verdict.reason}${stalled}, facts ${facts.kind}${remembered === undefined ? '' : ', remembered'}`;
    }
    case 'giveUp':
      return `give up: ${owed.verdict.reason}`;
    case 'remember':
    case 'askBuyUrl':
    case 'release':
    case 'addFinalizer':
    case 'removeFinalizer':
    case 'leave':
      return owed.kind;
  }
}

type Row = [name: string, object: TenantUserUpsell, evidence: Evidence, around: Partial<Circumstances>, owed: string];
const expectRow = ([, of, evidence, around, owed]: Row) =>
  expect(line(assess(of, evidence, { ...unhindered, ...around }))).toBe(owed);

const live: Row[] = [
  ['a new object asks for its user', object(byId), nothingYet, {}, 'ask by id'],
  ['a new object by login searches', object(byLogin), nothingYet, {}, 'ask by login'],
  [
    'one that observed a user asks for it first',
    object(byLogin, { status: { userID: userId } }),
    nothingYet,
    {},
    'ask by id',
  ],
  ['one that assigned a user asks for it', object(byLogin, { status: { assigned } }), nothingYet, {}, 'ask by id'],
  ['a missing type is written', object(byId), seen({ businessTypes: ['seller'] }), {}, 'assign [seller,buyer] at 7'],
  ['a type that is there is taken over', object(byId), buyer, {}, 'report BuyerAssigned, facts user, remembered'],
  ['Observe writes nothing', object({ ...byId, ...observe }), seen(), {}, 'report NotAssigned, facts user'],
  ['Observe takes over nothing', object({ ...byId, ...observe }), buyer, {}, 'report BuyerAssigned, facts user'],
  ['a user found by search is taken as it is', object(byLogin), seen({}, 'login'), {}, 'assign [buyer] at 7'],
  [
    'an observed user with another login is searched again',
    object(byLogin, { status: { userID: userId } }),
    seen({ login: 'jane' }),
    {},
    'ask by login',
  ],
  [
    'an assigned user with another login stalls',
    object(byLogin, { status: { assigned } }),
    seen({ login: 'jane' }),
    {},
    'report LoginChanged, facts user, remembered',
  ],
  [
    'a response without a login says nothing against it',
    object(byLogin, { status: { assigned } }),
    seen({ login: '' }),
    {},
    'assign [buyer] at 7',
  ],
  ['a new object by external id asks for it', object(byExternalId), nothingYet, {}, 'ask by externalID'],
  [
    'a user found by external id is taken as it is',
    object(byExternalId),
    seen({ externalId: 'crm-1' }, 'externalID'),
    {},
    'assign [buyer] at 7',
  ],
  [
    'one that assigned a user by external id asks for the user by id',
    object(byExternalId, { status: { assigned } }),
    nothingYet,
    {},
    'ask by id',
  ],
  [
    'an observed user with another external id is asked for again',
    object(byExternalId, { status: { userID: userId } }),
    seen({ externalId: 'crm-2' }),
    {},
    'ask by externalID',
  ],
  [
    'an assigned user with another external id stalls',
    object(byExternalId, { status: { assigned } }),
    seen({ externalId: 'crm-2' }),
    {},
    'report LoginChanged, facts user, remembered',
  ],
  [
    'an assigned user that is shown without an external id is asked for by it',
    object(byExternalId, { status: { assigned } }),
    seen({ externalId: '' }),
    {},
    'ask by externalID',
  ],
  [
    'an assigned user that has no external id any more stalls',
    object(byExternalId, { status: { assigned } }),
    { kind: 'noMatch', verdict: { reason: 'UserNotFound', message: 'why' } },
    {},
    'report LoginChanged, facts unknown, remembered',
  ],
  [
    'an external id that another user has now stalls, and nothing is written to that one',
    object(byExternalId, { status: { assigned } }),
    seen({ id: otherUserId, externalId: 'crm-1' }, 'externalID'),
    {},
    'report LoginChanged, facts unknown, remembered',
  ],
  [
    'an external id that two users have by now is ambiguous',
    object(byExternalId, { status: { assigned } }),
    { kind: 'noMatch', verdict: { reason: 'UserAmbiguous', message: 'why' } },
    {},
    'report UserAmbiguous, facts unknown, remembered',
  ],
  [
    'a user of an external id that is gone is asked for by it once it is forgotten',
    object(byExternalId, { status: { userID: userId } }),
    gone,
    {},
    'ask by externalID',
  ],
  [
    'an assigned user of another tenant is a mismatch',
    object(byLogin, { status: { assigned } }),
    seen({ tenantId: otherTenantId }),
    {},
    'report TenantMismatch, facts none, remembered',
  ],
  [
    'an older claimant keeps the user',
    object(byId),
    seen(),
    { otherClaimant: 'old' },
    'report DuplicateClaim, facts user',
  ],
  [
    'a write that is held is not sent',
    object(byId),
    seen(),
    { heldWrite: notAppliedVerdict(5) },
    'report NotApplied stalled, facts user',
  ],
  [
    'a write that is held holds up nothing else',
    object(byId),
    buyer,
    { heldWrite: notAppliedVerdict(5) },
    'report BuyerAssigned, facts user, remembered',
  ],
  [
    'a failure keeps what is known',
    object(byId, { status: { assigned } }),
    failed,
    {},
    'report Unavailable, facts unknown, remembered',
  ],
  [
    'a user that was deleted is forgotten',
    object(byId, { status: { assigned } }),
    gone,
    {},
    'report UserNotFound, facts none',
  ],
  [
    'a user that is not shown is not forgotten',
    object(byId, { status: { assigned } }),
    notVisible,
    {},
    'report UserNotFound, facts unknown, remembered',
  ],
  [
    'an observed user that was deleted is searched again',
    object(byLogin, { status: { userID: userId } }),
    gone,
    {},
    'ask by login',
  ],
  [
    'an assigned user that is not shown is not searched again',
    object(byLogin, { status: { assigned } }),
    notVisible,
    {},
    'report UserNotFound, facts unknown, remembered',
  ],
  [
    'suspended it asks for nothing',
    object({ ...byId, suspend: true }, { status: { assigned } }),
    nothingYet,
    {},
    'report Suspended, facts unknown, remembered',
  ],
  [
    'a spec that cannot be read forgets nothing',
    object({ userID: 'x' }, { status: { assigned }, held: true }),
    nothingYet,
    {},
    'report InvalidSpec, facts unknown, remembered',
  ],
  [
    'a finalizer that no policy asks for goes, whatever the label says',
    object(byId, { status: { assigned }, held: true }),
    nothingYet,
    labelled(otherTenantId),
    'removeFinalizer',
  ],
  [
    'a wrong label releases no finalizer',
    object({ ...byLogin, ...revoke }, { status: { assigned }, held: true }),
    nothingYet,
    labelled(otherTenantId),
    'report NamespaceNotAllowed, facts none, remembered',
  ],
  [
    'a memory of another user than the id is not its own',
    object(byId, { status: { assigned: { userID: otherUserId, tenantID: tenantId } } }),
    failed,
    {},
    'report Unavailable, facts unknown',
  ],
];

const finalizers: Row[] = [
  ['comes before the first write', object({ ...byId, ...revoke }), seen(), {}, 'addFinalizer'],
  ['is followed by the memory', object({ ...byId, ...revoke }, { held: true }), seen(), {}, 'remember'],
  [
    'with a memory is followed by the write',
    object({ ...byId, ...revoke }, { held: true, status: { assigned } }),
    seen(),
    {},
    'assign [buyer] at 7',
  ],
  [
    'with the memory of another user than the id is followed by its own',
    object({ ...byId, ...revoke }, { held: true, status: { assigned: { userID: otherUserId, tenantID: tenantId } } }),
    seen(),
    {},
    'remember',
  ],
  [
    'needs no memory of its own where nothing is written: the report brings it',
    object({ ...byLogin, ...revoke }, { held: true }),
    seen({ businessTypes: ['buyer'] }, 'login'),
    {},
    'report BuyerAssigned, facts user, remembered',
  ],
  [
    'of a login is followed by the memory',
    object({ ...byLogin, ...revoke }, { held: true }),
    seen({}, 'login'),
    {},
    'remember',
  ],
  [
    'of a login with its memory is followed by the write',
    object({ ...byLogin, ...revoke }, { held: true, status: { assigned } }),
    seen(),
    {},
    'assign [buyer] at 7',
  ],
  [
    'that was stripped comes back, whatever can be asked',
    object({ ...byId, ...revoke }, { status: { assigned } }),
    nothingYet,
    {},
    'addFinalizer',
  ],
  [
    'is not put for a user that was never assigned',
    object({ ...byId, ...revoke }),
    gone,
    {},
    'report UserNotFound, facts none',
  ],
  ['goes with the policy', object(byId, { held: true, status: { assigned } }), nothingYet, {}, 'removeFinalizer'],
  ['goes with Observe', object({ ...byId, ...revoke, ...observe }, { held: true }), nothingYet, {}, 'removeFinalizer'],
  [
    'stays while suspended',
    object({ ...byId, suspend: true }, { held: true }),
    nothingYet,
    {},
    'report Suspended, facts unknown',
  ],
  [
    'comes while suspended, too, for what was assigned: deletion would revoke nothing',
    object({ ...byId, ...revoke, suspend: true }, { status: { assigned } }),
    nothingYet,
    {},
    'addFinalizer',
  ],
  [
    'of a login goes with the proof that its user was deleted',
    object({ ...byLogin, ...revoke }, { held: true, status: { assigned } }),
    gone,
    {},
    'removeFinalizer',
  ],
  [
    'of an id likewise',
    object({ ...byId, ...revoke }, { held: true, status: { assigned } }),
    gone,
    {},
    'removeFinalizer',
  ],
];

const old: Status = { userID: userId, tenantID: tenantId, observedGeneration: 1 };
const oldReady: Status = {
  ...old,
  conditions: [
    { type: 'Ready', status: 'True', reason: 'BuyerAssigned', message: '', lastTransitionTime: '2026-01-02T03:04:05Z' },
  ],
};
const takenOver: Row[] = [
  ['that is Ready', object(byLogin, { status: oldReady }), failed, {}, 'report Unavailable, facts unknown, remembered'],
  [
    'that is Ready when it is deleted, which is one more generation',
    object({ ...byId, ...revoke }, { status: { ...oldReady, observedGeneration: 0 }, held: true, deleted: true }),
    nothingYet,
    {},
    'ask by id',
  ],
  [
    'but not one whose finalizer alone says so',
    object({ ...byLogin, ...revoke }, { status: old, held: true }),
    nothingYet,
    labelled(otherTenantId),
    'report NamespaceNotAllowed, facts none',
  ],
  [
    'but not one that only observed',
    object({ ...byLogin, ...observe }, { status: oldReady }),
    failed,
    {},
    'report Unavailable, facts unknown',
  ],
  ['nor one that was refused', object(byLogin, { status: old }), failed, {}, 'report Unavailable, facts unknown'],
];

const going = { held: true, deleted: true };
const mine = { ...going, status: { assigned } };
const deleted: Row[] = [
  ['without our finalizer is left alone', object(byId, { deleted: true }), nothingYet, {}, 'leave'],
  ['that says Retain is released', object(byId, mine), nothingYet, {}, 'release'],
  ['that observes is released', object({ ...byId, ...revoke, ...observe }, mine), nothingYet, {}, 'release'],
  ['asks for whom it assigned', object({ ...byLogin, ...revoke }, mine), nothingYet, {}, 'ask by id'],
  ['by id asks for whom it assigned', object({ ...byId, ...revoke }, mine), nothingYet, {}, 'ask by id'],
  [
    'by id without a memory is given up',
    object({ ...byId, ...revoke }, going),
    nothingYet,
    {},
    'give up: UserNotFound',
  ],
  [
    'by login without a memory is given up',
    object({ ...byLogin, ...revoke }, going),
    nothingYet,
    {},
    'give up: UserNotFound',
  ],
  [
    'revokes what is there',
    object({ ...byId, ...revoke }, mine),
    seen({ businessTypes: ['seller', 'buyer'] }),
    {},
    'revoke [seller] at 7',
  ],
  [
    'revokes whatever the login is by now',
    object({ ...byLogin, ...revoke }, mine),
    seen({ businessTypes: ['buyer'], login: 'jane' }),
    {},
    'revoke [] at 7',
  ],
  ['is released where nothing is there', object({ ...byId, ...revoke }, mine), seen(), {}, 'release'],
  ['is released where the user was deleted', object({ ...byId, ...revoke }, mine), gone, {}, 'release'],
  [
    'is released where another object keeps the types',
    object({ ...byId, ...revoke }, mine),
    buyer,
    { otherClaimant: 'other' },
    'release',
  ],
  [
    'is held where the user is not shown',
    object({ ...byId, ...revoke }, mine),
    notVisible,
    {},
    'report UserNotFound, facts unknown, remembered',
  ],
  [
    'is held where Acronis could not be asked',
    object({ ...byId, ...revoke }, mine),
    failed,
    {},
    'report Unavailable, facts unknown, remembered',
  ],
  [
    'is asked for where the label alone forbids nothing',
    object({ ...byId, ...revoke }, mine),
    nothingYet,
    labelled(otherTenantId),
    'ask by id',
  ],
  [
    'is held by a label of another tenant than the user',
    object({ ...byId, ...revoke }, mine),
    buyer,
    labelled(otherTenantId),
    'report NamespaceNotAllowed, facts unknown, remembered',
  ],
  [
    'is held where the spec cannot be read',
    object({ userID: 'x' }, mine),
    nothingYet,
    {},
    'report InvalidSpec, facts unknown, remembered',
  ],
  [
    'is held while a write is',
    object({ ...byId, ...revoke }, mine),
    buyer,
    { heldWrite: notAppliedVerdict(1) },
    'report NotApplied, facts unknown, remembered',
  ],
  [
    'is given up after the time',
    object({ ...byId, ...revoke }, mine),
    notVisible,
    { patienceIsOver: true },
    'give up: UserNotFound',
  ],
  [
    'is asked for once more after the time',
    object({ ...byId, ...revoke }, mine),
    nothingYet,
    { patienceIsOver: true },
    'ask by id',
  ],
  [
    'is revoked after the time where it can be',
    object({ ...byId, ...revoke }, mine),
    buyer,
    { patienceIsOver: true },
    'revoke [] at 7',
  ],
];

describe('an object that lives', () => {
  it.each(live)('%s', (...row) => expectRow(row));
});
describe('the finalizer', () => {
  it.each(finalizers)('%s', (...row) => expectRow(row));
});
describe('an object of 0.1.0 is taken over', () => {
  it.each(takenOver)('%s', (...row) => expectRow(row));
});
describe('an object that is being deleted', () => {
  it.each(deleted)('%s', (...row) => expectRow(row));
});

const any: NamespaceGuard = { kind: 'any' };
const own: NamespaceGuard = { kind: 'tenant', tenantId };
const foreign: NamespaceGuard = { kind: 'tenant', tenantId: otherTenantId };
const none: NamespaceGuard = { kind: 'none' };
const unreadable: NamespaceGuard = { kind: 'unreadable' };
const guards: [name: string, guard: NamespaceGuard, tenantID: string | undefined, reason: string | undefined][] = [
  ['no guard, no tenantID', any, undefined, undefined],
  ['no guard, the right tenantID', any, tenantId, undefined],
  ['no guard, another tenantID', any, otherTenantId, 'TenantMismatch'],
  ['the label of the tenant, no tenantID', own, undefined, undefined],
  ['the label of the tenant and its id', own, tenantId, undefined],
  ['the label of the tenant, another tenantID', own, otherTenantId, 'NamespaceNotAllowed'],
  ['the label of another tenant, no tenantID', foreign, undefined, 'NamespaceNotAllowed'],
  ['the label of another tenant, the right tenantID', foreign, tenantId, 'NamespaceNotAllowed'],
  ['the label and tenantID of another tenant', foreign, otherTenantId, 'NamespaceNotAllowed'],
  ['no label where one is demanded', none, undefined, 'NamespaceNotAllowed'],
  ['a namespace that cannot be read', unreadable, tenantId, 'NamespaceNotAllowed'],
];

describe.each(guards)('with %s', (_, guard, tenantID, reason) => {
  const spec = { ...byId, ...revoke, ...(tenantID === undefined ? {} : { tenantID }) };
  const held = { held: true, status: { assigned } };

  it.each([undefined, 'older'])('guards come before claims (%s) and before what the user has', (otherClaimant) => {
    for (const businessTypes of [[], ['buyer']]) {
      const owed = assess(object(spec, held), seen({ businessTypes }), {
        ...unhindered,
        guard,
        otherClaimant,
      });
      if (reason !== undefined) expect(line(owed)).toBe(`report ${reason}, facts none, remembered`);
      else if (otherClaimant !== undefined) expect(line(owed)).toBe('report DuplicateClaim, facts user, remembered');
      else expect(owed.kind).toBe(businessTypes.length === 0 ? 'write' : 'report');
    }
  });

  it('they hold for revoking, too', () => {
    const owed = assess(object(spec, mine), buyer, { ...unhindered, guard });
    if (reason === undefined) expect(owed.kind).toBe('write');
    else expect(line(owed)).toBe(`report ${reason}, facts unknown, remembered`);
  });
});

it('in a labelled namespace a user of another tenant, one that does not exist and one that was deleted are reported the same', () => {
  const around = { ...unhindered, guard: own };
  const ends = [seen({ tenantId: otherTenantId }), notVisible, gone].map((evidence) =>
    assess(object(byId), evidence, around),
  );
  for (const owed of ends) expect(owed).toEqual(ends[0]);
  expect(line(ends[0] ?? { kind: 'leave' })).toBe('report NamespaceNotAllowed, facts none');
});

it('a search in a labelled namespace may not name a user of a tenant below', () => {
  const owed = assess(object(byLogin), nothingYet, { ...unhindered, guard: own });
  expect(owed.kind === 'ask' && owed.question.kind === 'login' && owed.question.mayNameOthers).toBe(false);
});

it('an external id is not looked for below the tenant of a labelled namespace either', () => {
  const owed = assess(object(byExternalId), nothingYet, { ...unhindered, guard: own });
  expect(owed).toMatchObject({ question: { kind: 'externalID', externalId: 'crm-1', mayNameOthers: false } });
});

it('what guards refuse says what to do and names neither user nor tenant', () => {
  const messages = guards.flatMap(([, guard, tenantID]) => {
    const { spec } = object({ ...byId, ...(tenantID === undefined ? {} : { tenantID }) });
    return spec.ok ? (forbids(spec.value, user(), guard)?.message ?? []) : [];
  });
  expect(messages.length).toBeGreaterThan(6);
  for (const message of messages) {
    expect(message).toMatch(/(Set|Move|Correct|Delete|Allow) [^.]+\.$/);
    for (const secret of [userId, tenantId, otherTenantId, 'johndoe']) expect(message).not.toContain(secret);
  }
});

describe('an account that is not there, or does not serve the namespace,', () => {
  const verdict = { reason: 'AccountNotFound', message: 'why' } as const;
  const guard: NamespaceGuard = { kind: 'noAccount', verdict };
  const ready: Given = { status: { userID: userId, tenantID: tenantId, observedVersion: 7, assigned } };

  it('is reported before anything is asked, and neither the user nor the assignment is forgotten', () => {
    for (const evidence of [nothingYet, buyer])
      expect(assess(object({ ...byId, accountRef: { name: 'a' } }, ready), evidence, { ...unhindered, guard })).toEqual(
        {
          kind: 'report',
          findings: { verdict, facts: { kind: 'unknown' }, assigned },
        },
      );
  });

  it('holds a deletion that is to revoke', () => {
    const deleted = object({ ...byId, ...revoke, accountRef: { name: 'a' } }, { ...ready, held: true, deleted: true });
    expect(assess(deleted, nothingYet, { ...unhindered, guard })).toMatchObject({
      kind: 'report',
      findings: { verdict: { reason: 'AccountNotFound' }, assigned },
    });
  });
});
