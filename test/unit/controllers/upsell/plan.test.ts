import { describe, expect, it } from 'vitest';
import type { User } from '../../../../src/acronis/user.ts';
import { type Spec, specSchema } from '../../../../src/api/spec.ts';
import { plan, planRevoke } from '../../../../src/controllers/upsell/plan.ts';
import type { NamespaceGuard } from '../../../../src/fleet/namespaces.ts';
import { forbids, forbidsAsking } from '../../../../src/fleet/tenancy.ts';
import { otherTenantId, tenantId, userId } from './fake-acronis.ts';

const spec = (fields: Record<string, unknown> = {}): Spec => specSchema.parse({ userID: userId, ...fields });
const user = (businessTypes: string[] = [], version = 1559561146223): User => ({
  id: userId,
  tenantId,
  version,
  businessTypes,
  login: 'johndoe',
});

const any: NamespaceGuard = { kind: 'any' };
const own: NamespaceGuard = { kind: 'tenant', tenantId };
const foreign: NamespaceGuard = { kind: 'tenant', tenantId: otherTenantId };
const none: NamespaceGuard = { kind: 'none' };
const unreadable: NamespaceGuard = { kind: 'unreadable' };

describe('what is assigned', () => {
  it.each([
    { has: [], sends: ['buyer'] },
    { has: ['seller'], sends: ['seller', 'buyer'] },
    { has: ['zeta', 'alpha', 'seller'], sends: ['zeta', 'alpha', 'seller', 'buyer'] },
  ])('a user with $has is sent $sends, in that order, with the revision that was read', ({ has, sends }) => {
    expect(plan(spec(), user(has), { guard: any, rival: undefined })).toEqual({
      kind: 'write',
      change: { businessTypes: sends, version: 1559561146223 },
    });
  });

  it.each([[['buyer']], [['buyer', 'seller']], [['seller', 'buyer']]])('nothing is sent to a user with %j', (has) => {
    expect(plan(spec(), user(has), { guard: own, rival: undefined })).toEqual({ kind: 'nothing' });
  });

  it('Observe never writes: it says that the type is missing, or that all is well', () => {
    const observe = spec({ managementPolicy: 'Observe' });
    const refused = plan(observe, user(), { guard: any, rival: undefined });
    expect(refused).toMatchObject({ kind: 'refuse', verdict: { reason: 'NotAssigned' }, secret: false });
    expect(plan(observe, user(['buyer']), { guard: any, rival: undefined })).toEqual({ kind: 'nothing' });
  });
});

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
  ['no label where one is demanded, the right tenantID', none, tenantId, 'NamespaceNotAllowed'],
  ['a namespace that cannot be read', unreadable, tenantId, 'NamespaceNotAllowed'],
];

describe.each(guards)('with %s', (_, guard, tenantID, reason) => {
  const named = spec(tenantID === undefined ? {} : { tenantID });

  it(`forbids says ${reason}`, () => {
    expect(forbids(named, user(), guard)?.reason).toBe(reason);
  });

  it.each([undefined, 'older'])(
    'the guards come before a rival (%s), before what the user has, and keep it secret',
    (rival) => {
      for (const has of [[], ['buyer']]) {
        const found = plan(named, user(has), { guard, rival });
        if (reason !== undefined) expect(found).toMatchObject({ kind: 'refuse', verdict: { reason }, secret: true });
        else if (rival !== undefined)
          expect(found).toMatchObject({ kind: 'refuse', verdict: { reason: 'DuplicateClaim' }, secret: false });
        else expect(found.kind).toBe(has.length === 0 ? 'write' : 'nothing');
      }
    },
  );

  it('the guards hold for taking away too', () => {
    const found = planRevoke(named, user(['buyer']), guard);
    if (reason === undefined) expect(found.kind).toBe('write');
    else expect(found).toMatchObject({ kind: 'refuse', verdict: { reason }, secret: true });
  });
});

describe('before the user is asked for', () => {
  const cases: [NamespaceGuard, string | undefined, boolean][] = [
    [any, otherTenantId, true],
    [own, undefined, true],
    [own, tenantId, true],
    [own, otherTenantId, false],
    [foreign, tenantId, false],
    [none, undefined, false],
    [unreadable, undefined, false],
  ];
  it.each(cases)('%j with tenantID %s may ask: %s', (guard, tenantID, may) => {
    const verdict = forbidsAsking(spec(tenantID === undefined ? {} : { tenantID }), guard);
    expect(verdict?.reason).toBe(may ? undefined : 'NamespaceNotAllowed');
  });
});

describe('what is taken away', () => {
  it.each([
    { has: ['buyer'], sends: [] },
    { has: ['seller', 'buyer', 'alpha'], sends: ['seller', 'alpha'] },
  ])('a user with $has is sent $sends', ({ has, sends }) => {
    expect(planRevoke(spec(), user(has, 7), any)).toEqual({
      kind: 'write',
      change: { businessTypes: sends, version: 7 },
    });
  });

  it.each([[[]], [['seller']]])('nothing is sent to a user with %j', (has) => {
    expect(planRevoke(spec(), user(has), any)).toEqual({ kind: 'nothing' });
  });
});

it('what is refused says what to do and names neither user nor tenant', () => {
  const messages = [
    ...guards.flatMap(([, guard, tenantID]) => forbids(spec(tenantID ? { tenantID } : {}), user(), guard) ?? []),
    ...[
      plan(spec(), user(), { guard: any, rival: 'older' }),
      plan(spec({ managementPolicy: 'Observe' }), user(), { guard: any, rival: undefined }),
    ].flatMap((found) => (found.kind === 'refuse' ? found.verdict : [])),
  ].map((verdict) => verdict.message);
  expect(messages.length).toBeGreaterThan(8);
  for (const message of messages) {
    expect(message).toMatch(/(Set|Move|Delete|Allow) [^.]+\.$/);
    for (const secret of [userId, tenantId, otherTenantId, 'johndoe']) expect(message).not.toContain(secret);
  }
});
