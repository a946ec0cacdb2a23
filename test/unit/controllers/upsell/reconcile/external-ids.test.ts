/** Objects that name their user by the partner's own id: found a hundred at a time, remembered, and not followed to another user. */
import { beforeEach, describe, expect, it } from 'vitest';
import { isSettled } from '../../../../../src/controllers/upsell/triggers/settled.ts';
import { type FakeUser, otherTenantId, otherUserId, tenantId, userId } from '../fake-acronis.ts';
import { createWorld, type World } from '../world.ts';

const finalizer = 'upsell.acronis.com/revoke';
const assigned = { userID: userId, tenantID: tenantId };
const spec = { externalID: 'crm-1', tenantID: tenantId, deletionPolicy: 'Revoke' };

let world: World;
let user: FakeUser;
beforeEach(() => {
  world = createWorld();
  user = world.acronis.add({ id: userId, business_types: ['seller'], external_id: 'crm-1' });
});

async function ready(): Promise<string> {
  const key = world.cluster.create(spec);
  await world.reconcile(key);
  expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  return key;
}
const message = (key: string) => world.cluster.status(key).conditions?.find(({ type }) => type === 'Ready')?.message;

const give = (externalId: string) => () => {
  user.external_id = externalId;
};
const takeAway = () => {
  delete user.external_id;
};
const move = () => {
  user.tenant_id = otherTenantId;
};
const share = () => {
  world.acronis.add({ id: otherUserId, external_id: 'crm-1' });
};

describe('a user named by external id', () => {
  it('costs one read and one write, and is read by its id from then on', async () => {
    const key = await ready();
    expect(world.acronis.requests).toEqual(['external', 'put']);
    expect(user.business_types).toEqual(['seller', 'buyer']);
    expect(world.cluster.status(key)).toMatchObject({ userID: userId, assigned });
    await world.reconcile(key);
    expect(world.acronis.requests).toEqual(['external', 'put', 'get']);
  });

  it('is settled once it is assigned, so that it is verified with others', async () => {
    expect(isSettled(world.cluster.object(await ready()))).toBe(true);
  });

  it('is asked for together with others of its tenant', async () => {
    const keys = Array.from({ length: 30 }, (_, n) => {
      const id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
      world.acronis.add({ id, external_id: `many-${n}` });
      return world.cluster.create({ externalID: `many-${n}`, tenantID: tenantId }, { name: `many-${n}` });
    });
    await Promise.all(keys.map((key) => world.reconcile(key)));
    expect(keys.map((key) => world.cluster.reason(key))).toEqual(keys.map(() => 'BuyerAssigned'));
    expect(world.acronis.count('external')).toBe(1);
  });

  it.each<[string, () => void, string, RegExp]>([
    ['nobody has it', give('crm-2'), 'UserNotFound', /Correct externalID and tenantID/],
    ['two users have it', share, 'UserAmbiguous', /^2 users of this tenant/],
    ['it is in other letter case', give('CRM-1'), 'UserNotFound', /other letter case/],
    ['it is of a tenant below', move, 'UserNotFound', /in a tenant below/],
    ['Acronis does not show it', takeAway, 'UserNotFound', /does not show/],
  ])('is not written where %s', async (_, change, reason, sentence) => {
    change();
    // Whatever was asked for, all users are shown: the comparison is the operator's.
    world.acronis.always('external', () => ({ items: [...world.acronis.users.values()] }));
    const key = world.cluster.create(spec);
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe(reason);
    expect(message(key)).toMatch(sentence);
    expect(message(key)).not.toMatch(/crm/i);
    expect(world.acronis.puts).toEqual([]);
  });
});

describe('an external id that was given to another user', () => {
  it.each<[string, () => void]>([
    ['while the first one has another', give('crm-2')],
    ['while the first one has none', takeAway],
  ])('stalls as LoginChanged %s, and nothing is written', async (_, change) => {
    const key = await ready();
    change();
    const other = world.acronis.add({ id: otherUserId, external_id: 'crm-1' });
    const puts = world.acronis.puts.length;
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('LoginChanged');
    expect(message(key)).toMatch(/has another external id now, or none/);
    expect(world.cluster.status(key)).toMatchObject({ userID: userId, assigned });
    expect(world.acronis.puts).toHaveLength(puts);
    expect(other.business_types).toEqual([]);
  });

  it('is not what is said where Acronis shows external ids no more: that proves no change', async () => {
    const key = await ready();
    takeAway();
    world.acronis.always('external', () => ({ items: [...world.acronis.users.values()] }));
    const puts = world.acronis.puts.length;
    await world.reconcile(key);
    expect(message(key)).toMatch(/does not show to this API client which external ids/);
    expect(world.cluster.status(key)).toMatchObject({ userID: userId, assigned });
    expect(world.acronis.puts).toHaveLength(puts);
  });

  it('is revoked of the user who was assigned, and of no other', async () => {
    const key = await ready();
    delete user.external_id;
    const other = world.acronis.add({ id: otherUserId, external_id: 'crm-1', business_types: ['buyer'] });
    await world.reconcile(key);
    world.cluster.delete(key);
    await world.reconcile(key);
    expect(user.business_types).toEqual(['seller']);
    expect(other.business_types).toEqual(['buyer']);
    expect(world.cluster.has(key)).toBe(false);
  });

  it('comes back by itself once the user has it again', async () => {
    const key = await ready();
    delete user.external_id;
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('LoginChanged');
    user.external_id = 'crm-1';
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  });

  it('moves to the new user only once the first one is proven to be deleted', async () => {
    const key = await ready();
    const other = world.acronis.add({ id: otherUserId, external_id: 'crm-1' });
    world.acronis.delete(userId);
    await world.reconcile(key);
    expect(world.cluster.status(key).assigned).toBeUndefined();
    await world.reconcile(key);
    expect(other.business_types).toEqual(['buyer']);
    expect(world.cluster.object(key).finalizers).toEqual([finalizer]);
  });
});

describe('a user found by external id and by id', () => {
  it('belongs to the older object alone', async () => {
    const first = await ready();
    await world.clock.advance(1_000);
    const second = world.cluster.create({ userID: userId }, { name: 'second' });
    await world.reconcile(second);
    expect([world.cluster.reason(first), world.cluster.reason(second)]).toEqual(['BuyerAssigned', 'DuplicateClaim']);
  });
});
