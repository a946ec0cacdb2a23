import { expect, it } from 'vitest';
import type { User } from '../../../../../src/acronis/user.ts';
import type { Reason, Verdict } from '../../../../../src/api/conditions.ts';
import type { TenantUserUpsell } from '../../../../../src/api/object.ts';
import type { Status } from '../../../../../src/api/status.ts';
import type { Facts } from '../../../../../src/controllers/upsell/assess/owed.ts';
import { statusOf as statusOfFindings, statusPatch } from '../../../../../src/controllers/upsell/report/status.ts';
import { createFleet } from '../../../../../src/fleet/cache/objects.ts';
import { quietLog } from '../../../../support/quiet.ts';
import { tenantId, userId } from '../fake-acronis.ts';
import { FakeCluster } from '../fake-cluster.ts';

const at = Date.parse('2026-01-02T03:04:05.678Z');
const user: User = {
  id: userId,
  tenantId,
  version: 3,
  businessTypes: ['seller', 'buyer'],
  login: 'johndoe',
  externalId: 'crm-1',
  isCompanyAdmin: false,
  reach: 'quotaOn',
};
const known: Facts = { kind: 'user', user, offer: 'ContactSales' };

function object(status: Status, fields: Partial<TenantUserUpsell> = {}): TenantUserUpsell {
  const cluster = new FakeCluster(createFleet(quietLog));
  return { ...cluster.object(cluster.create({ userID: userId })), generation: 4, status, ...fields };
}
const assigned = { userID: userId, tenantID: tenantId };
const statusOf = (of: TenantUserUpsell, verdict: Verdict, facts: Facts, nowMs: number) =>
  statusOfFindings(of, { verdict, facts, assigned }, nowMs);
const verdict = (reason: Reason, message = 'as it is') => ({ reason, message });
const settled = statusOf(object({}), verdict('BuyerAssigned'), known, at);

it('a reconcile that saw the user reports its revision, id, tenant and types, and no login', () => {
  expect(settled).toEqual({
    observedVersion: 3,
    userID: userId,
    tenantID: tenantId,
    businessTypes: ['seller', 'buyer'],
    assigned,
    observedGeneration: 4,
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'BuyerAssigned',
        message: 'as it is',
        observedGeneration: 4,
        lastTransitionTime: '2026-01-02T03:04:05Z',
      },
      {
        type: 'Informed',
        status: 'True',
        reason: 'QuotaNotificationsOn',
        message: 'The user is enabled and activated, and gets e-mails about quotas.',
        observedGeneration: 4,
        lastTransitionTime: '2026-01-02T03:04:05Z',
      },
    ],
    offer: 'ContactSales',
  });
  expect(JSON.stringify(settled)).not.toMatch(/johndoe|crm-1/);
});

it('the same result later changes nothing, so nothing is sent', () => {
  const again = statusOf(object(settled), verdict('BuyerAssigned'), known, at + 3_600_000);
  expect(statusPatch(settled, again)).toBeUndefined();
});

it('a user that could not be asked keeps what was known of it', () => {
  const later = statusOf(object(settled), verdict('Unavailable'), { kind: 'unknown' }, at + 1000);
  expect(later).toMatchObject({
    observedVersion: 3,
    userID: userId,
    tenantID: tenantId,
    businessTypes: ['seller', 'buyer'],
  });
  expect(Object.keys(statusPatch(settled, later) ?? {})).toEqual(['conditions']);
});

it('what the object has no right to know goes, offer and all, by name', () => {
  const offered: Status = { ...settled, offer: 'ContactSales' };
  const later = statusOf(object(offered), verdict('TenantMismatch'), { kind: 'none' }, at + 1000);
  expect(statusPatch(offered, later)).toMatchObject({
    observedVersion: null,
    userID: null,
    tenantID: null,
    businessTypes: null,
    offer: null,
  });
  expect(later.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual(['Ready=False', 'Stalled=True']);
});

it('Stalled goes when the trouble does, and the transition time moves with the status only', () => {
  const stalled = statusOf(object(settled), verdict('UserNotFound'), { kind: 'none' }, at + 1000);
  const failing = statusOf(object(stalled), verdict('Unavailable'), { kind: 'unknown' }, at + 2000);
  const well = statusOf(object(failing), verdict('BuyerAssigned'), known, at + 3000);
  const times = [settled, stalled, failing, well].map(({ conditions }) =>
    conditions?.[0]?.lastTransitionTime.slice(-4),
  );
  expect(times).toEqual([':05Z', ':06Z', ':06Z', ':08Z']);
  expect(failing.conditions).toHaveLength(1);
});

it('only fields that differ are sent, and those whole', () => {
  const later = statusOf(
    object(settled),
    verdict('BuyerAssigned'),
    { kind: 'user', user: { ...user, version: 4 }, offer: 'ContactSales' },
    at + 1000,
  );
  expect(statusPatch(settled, later)).toEqual({ observedVersion: 4 });
});

it('the order of types counts, the order of keys does not', () => {
  expect(statusPatch({ businessTypes: ['a', 'b'] }, { businessTypes: ['b', 'a'] })).toEqual({
    businessTypes: ['b', 'a'],
  });
  const turned = settled.conditions?.map((each) => Object.fromEntries(Object.entries(each).reverse()));
  const parsed: Status = JSON.parse(JSON.stringify({ ...settled, conditions: turned }));
  expect(statusPatch(settled, parsed)).toBeUndefined();
});

it('a request is echoed once, and stays when the annotation goes', () => {
  const asked = statusOf(object(settled, { requestedAt: 'now' }), verdict('BuyerAssigned'), known, at);
  expect(statusPatch(settled, asked)).toEqual({ lastHandledReconcileAt: 'now' });
  expect(
    statusPatch(asked, statusOf(object(asked, { requestedAt: 'now' }), verdict('BuyerAssigned'), known, at)),
  ).toBeUndefined();
  expect(statusPatch(asked, statusOf(object(asked), verdict('BuyerAssigned'), known, at))).toBeUndefined();
});

it('a new generation is reported even where nothing else is new', () => {
  const later = statusOf(object(settled, { generation: 5 }), verdict('BuyerAssigned'), known, at);
  expect(Object.keys(statusPatch(settled, later) ?? {}).sort()).toEqual(['conditions', 'observedGeneration']);
});
