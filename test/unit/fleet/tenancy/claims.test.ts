import { describe, expect, it } from 'vitest';
import type { User } from '../../../../src/acronis/user.ts';
import { pendingCondition } from '../../../../src/api/conditions.ts';
import type { TenantUserUpsell } from '../../../../src/api/object.ts';
import { createFleet, type Fleet } from '../../../../src/fleet/cache/objects.ts';
import { olderClaimant, remainingClaimant } from '../../../../src/fleet/tenancy/claims.ts';
import type { NamespaceGuard } from '../../../../src/fleet/tenancy/guard.ts';
import { quietLog } from '../../../support/quiet.ts';
import { otherTenantId, otherUserId, tenantId, userId } from '../../controllers/upsell/fake-acronis.ts';
import { type CreateOptions, FakeCluster } from '../../controllers/upsell/fake-cluster.ts';

const user: User = {
  id: userId,
  tenantId,
  version: 1,
  businessTypes: [],
  login: 'johndoe',
  externalId: '',
  isCompanyAdmin: undefined,
  reach: 'notShown',
};
const early = '2026-01-02T03:00:00Z';
const late = '2026-01-02T03:00:01Z';

interface Peer extends CreateOptions {
  readonly spec?: Record<string, unknown>;
  readonly status?: TenantUserUpsell['status'];
  readonly deletedAt?: number;
  readonly broken?: boolean;
}

/** A fleet of `me`, created late, and one peer, created early. */
function fleetWith(
  { spec = {}, status, deletedAt, broken, ...options }: Peer,
  mine: Record<string, unknown> = {},
): [Fleet, TenantUserUpsell] {
  const fleet = createFleet(quietLog);
  const cluster = new FakeCluster(fleet);
  const me = cluster.create({ userID: userId, ...mine }, { name: 'me', uid: 'm', createdAt: late });
  const key = cluster.create({ userID: userId, ...spec }, { name: 'peer', uid: 'p', createdAt: early, ...options });
  const peer = cluster.object(key);
  fleet.upsert({
    ...peer,
    resourceVersion: 'changed',
    status: status ?? peer.status,
    deletedAt,
    spec: broken === true ? { ok: false, problem: 'broken' } : peer.spec,
  });
  return [fleet, cluster.object(me)];
}

const guards: Record<string, NamespaceGuard> = {
  customers: { kind: 'any' },
  same: { kind: 'tenant', tenantId },
  foreign: { kind: 'tenant', tenantId: otherTenantId },
  unlabelled: { kind: 'none' },
  terminating: { kind: 'unreadable' },
};
const guardOf = async ({ namespace }: TenantUserUpsell): Promise<NamespaceGuard> =>
  guards[namespace] ?? { kind: 'any' };
const secret = { credentialsSecretRef: { name: 'theirs' } };

const cases: [name: string, peer: Peer, older: string | undefined, remaining: string | undefined][] = [
  ['an older one', {}, 'peer', 'peer'],
  ['a younger one', { createdAt: '2026-01-02T03:00:02Z' }, undefined, 'peer'],
  ['one of the same second with a smaller uid', { createdAt: late, uid: 'a' }, 'peer', 'peer'],
  ['one of the same second with a greater uid', { createdAt: late, uid: 'z' }, undefined, 'peer'],
  ['one that names another user', { spec: { userID: otherUserId } }, undefined, undefined],
  ['one that observes', { spec: { managementPolicy: 'Observe' } }, undefined, undefined],
  ['one that is being deleted', { deletedAt: 1 }, undefined, undefined],
  ['one whose spec cannot be read', { broken: true, status: { userID: userId } }, undefined, undefined],
  ['one that is suspended, which assigns nothing', { spec: { suspend: true } }, undefined, undefined],
  ['one of another tenant', { spec: { tenantID: otherTenantId } }, undefined, undefined],
  ['one with other credentials that have shown nothing', { spec: secret }, undefined, undefined],
  [
    'one with other credentials that reached another user',
    { spec: secret, status: { userID: otherUserId } },
    undefined,
    undefined,
  ],
  ['one with other credentials that reached the user', { spec: secret, status: { userID: userId } }, 'peer', 'peer'],
  [
    'one with other credentials that are not shown the user any more',
    { spec: secret, status: { userID: userId, conditions: [{ ...pendingCondition, reason: 'UserNotFound' }] } },
    undefined,
    undefined,
  ],
  [
    'one with other credentials while Acronis does not respond',
    { spec: secret, status: { userID: userId, conditions: [{ ...pendingCondition, reason: 'Unavailable' }] } },
    'peer',
    'peer',
  ],
  [
    'one in another namespace, which is not named',
    { namespace: 'same' },
    'one in another namespace',
    'one in another namespace',
  ],
  ['one whose namespace is of another tenant', { namespace: 'foreign' }, undefined, undefined],
  [
    'one whose namespace is of a tenant above, and that was shown the user',
    { namespace: 'foreign', status: { userID: userId } },
    'one in another namespace',
    'one in another namespace',
  ],
  [
    'one whose namespace is of another tenant, and that is not shown the user any more',
    {
      namespace: 'foreign',
      status: { userID: userId, conditions: [{ ...pendingCondition, reason: 'UserNotFound' }] },
    },
    undefined,
    undefined,
  ],
  ['one whose namespace lacks the label that is demanded', { namespace: 'unlabelled' }, undefined, undefined],
  ['one whose namespace cannot be read', { namespace: 'terminating' }, undefined, undefined],
];

describe.each(cases)('beside %s', (_, peer, older, remaining) => {
  it(`the older claimant is ${older}`, async () => {
    const [fleet, me] = fleetWith(peer);
    expect(await olderClaimant(me, user, fleet, guardOf)).toBe(older);
  });

  it(`the remaining claimant is ${remaining}`, async () => {
    const [fleet, me] = fleetWith(peer);
    expect(await remainingClaimant(me, user, fleet, guardOf)).toBe(remaining);
  });
});

it('an object that observes has no older claimant', async () => {
  const [fleet, me] = fleetWith({}, { managementPolicy: 'Observe' });
  expect(await olderClaimant(me, user, fleet, guardOf)).toBeUndefined();
});

it('objects with the same Secret need not have shown anything', async () => {
  const [fleet, me] = fleetWith({ spec: secret }, secret);
  expect(await olderClaimant(me, user, fleet, guardOf)).toBe('peer');
});

it('a Secret of the same name in another namespace is another one', async () => {
  const [fleet, me] = fleetWith({ spec: secret, namespace: 'same' }, secret);
  expect(await olderClaimant(me, user, fleet, guardOf)).toBeUndefined();
});

it('of several the oldest has the user, and each pair agrees who that is', async () => {
  const fleet = createFleet(quietLog);
  const cluster = new FakeCluster(fleet);
  const ages: [string, string, string][] = [
    ['third', 'c', late],
    ['first', 'b', early],
    ['second', 'a', late],
  ];
  const keys = ages.map(([name, uid, createdAt]) => cluster.create({ userID: userId }, { name, uid, createdAt }));
  const older = await Promise.all(keys.map((key) => olderClaimant(cluster.object(key), user, fleet, guardOf)));
  expect(older).toEqual(['first', undefined, 'first']);
});

it('an object that found its user by login claims it as well', async () => {
  const [fleet, me] = fleetWith({ status: { userID: userId } });
  const peer = fleet.get('customers/peer');
  if (peer === undefined || !peer.spec.ok) throw new Error('there is a peer');
  const { userID: _, ...rest } = peer.spec.value;
  fleet.upsert({
    ...peer,
    resourceVersion: 'by login',
    spec: { ok: true, value: { ...rest, login: 'johndoe', tenantID: tenantId } },
  });
  expect(await olderClaimant(me, user, fleet, guardOf)).toBe('peer');
});
