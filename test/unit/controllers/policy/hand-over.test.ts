/** Between an older and a younger policy: whom each has while the other one does not work, was just started, or works no more. */
import { beforeEach, describe, expect, it } from 'vitest';
import { KubernetesError } from '../../../../src/kubernetes/calls/errors.ts';
import { PolicyWorld, userOf, users } from './world.ts';

let world: PolicyWorld;
beforeEach(() => {
  world = new PolicyWorld();
});

const noMatch = { kind: 'noMatch', why: 'otherRole' } as const;
const later = { creationTimestamp: '2026-01-02T00:00:00Z' };
const latest = { creationTimestamp: '2026-01-03T00:00:00Z' };
const otherTenant = '0fc9bba3-ea8b-4edd-8e87-d1fe2ad3e7ea';
/** Everybody has a child of the younger policy, and the older one may make two in an hour. */
const slowly = { limits: { maxNewPerHour: 2 } };

const ofPolicy = (name: string) =>
  world.children.filter((id) => world.child(id)?.metadata.labels?.['upsell.acronis.com/policy'] === name).toSorted();

/** Each policy lists its own users. */
const settle = async (name: string, listed: readonly string[]) => {
  world.listed = listed;
  await world.settle(name);
};

describe('a user whom a younger policy matches no more and an older one is to have', () => {
  beforeEach(async () => {
    world.policy('younger', { template: { spec: { deletionPolicy: 'Revoke' } } }, later);
    await settle('younger', users(20));
    world.policy('older', slowly);
    await settle('older', users(20));
  });

  it('keeps its child when the younger one is listed first after a restart', async () => {
    world.memories.forget('sales/older');
    world.memories.forget('sales/younger');
    world.judged.set(userOf(20), noMatch);
    await settle('younger', users(19));
    expect(world.child(userOf(20))).toBeDefined();
    await settle('older', users(20));
    await settle('younger', users(19));
    expect(world.child(userOf(20))).toBeDefined();
  });

  it('keeps its child when both were edited at once, and the younger one is listed first', async () => {
    world.policy('older', { ...slowly, users: { logins: ['*'] } });
    world.policy('younger', { template: { spec: { deletionPolicy: 'Revoke' } }, users: { exclude: ['x*'] } }, later);
    // The older one did not match it before.
    world.memories.forget('sales/older');
    await settle('older', users(19));
    world.policy('older', slowly);
    world.judged.set(userOf(20), noMatch);
    await settle('younger', users(19));
    expect(world.child(userOf(20))).toBeDefined();
    await settle('older', users(20));
    await settle('younger', users(19));
    expect(world.child(userOf(20))).toBeDefined();
  });

  it('loses it where the older one cannot be listed for minutes', async () => {
    world.memories.forget('sales/older');
    world.memories.forget('sales/younger');
    world.judged.set(userOf(20), noMatch);
    await settle('younger', users(19));
    expect(world.child(userOf(20))).toBeDefined();
    world.clock.pause(300_000);
    await settle('younger', users(19));
    expect(world.child(userOf(20))).toBeUndefined();
  });
});

describe('what an older policy matched', () => {
  /** Two users of the older one wait for its hour, and have no child; one of the younger one has. */
  beforeEach(async () => {
    world.label(otherTenant);
    world.policy('older', { tenantID: otherTenant, ...slowly });
    await settle('older', users(4));
    world.policy('younger', {}, later);
    await settle('younger', users(4));
    expect(ofPolicy('older')).toEqual(users(2));
    expect(ofPolicy('younger')).toEqual([]);
  });

  it('is its own while it is stopped for a moment', async () => {
    world.isWithin = (id) => id !== otherTenant;
    await settle('older', users(4));
    expect(world.ready('older').reason).toBe('NamespaceNotAllowed');
    await settle('younger', users(4));
    expect(ofPolicy('younger')).toEqual([]);
  });

  it("is the younger one's when it has been stopped for minutes, and that one is told", async () => {
    world.isWithin = (id) => id !== otherTenant;
    await settle('older', users(4));
    world.woken.length = 0;
    world.clock.pause(300_000);
    await settle('older', users(4));
    expect(world.woken).toEqual(['sales/older']);
    await settle('younger', users(4));
    expect(ofPolicy('younger')).toEqual(users(2, 3));
    // It works again: what the younger one has made stays until it may make its own.
    world.isWithin = () => true;
    await settle('older', users(4));
    await settle('younger', users(4));
    expect(world.children).toHaveLength(4);
  });

  it('is forgotten when its selection is another by now, and cannot be listed for minutes', async () => {
    world.policy('older', { tenantID: otherTenant, tenantKinds: ['unit'], ...slowly });
    world.listEnd = 'unavailable';
    await world.reconcile('older');
    world.clock.pause(300_000);
    await world.reconcile('older');
    world.listEnd = 'complete';
    await settle('younger', users(4));
    expect(ofPolicy('younger')).toEqual(users(2, 3));
  });

  it('stays its own for as long as the same selection cannot be listed', async () => {
    world.listEnd = 'unavailable';
    for (let round = 0; round < 3; round++) {
      world.clock.pause(4_000_000);
      await world.reconcile('older');
    }
    world.listEnd = 'complete';
    await settle('younger', users(4));
    expect(ofPolicy('younger')).toEqual([]);
  });
});

it('an older policy does not wait for a younger one that hands nothing over, but asks the next one', async () => {
  world.policy('younger', { limits: { maxUsers: 3 } }, later);
  await settle('younger', users(3));
  world.policy('youngest', {}, latest);
  await settle('youngest', users(3, 4));
  // More match it than may: it hands over none.
  world.clock.pause(4_000_000);
  await settle('younger', [...users(3), ...users(3, 7)]);
  expect(world.ready('younger').reason).toBe('TooManyUsers');
  world.policy('older', slowly);
  await settle('older', users(6));
  await settle('youngest', users(3, 4));
  await settle('older', users(6));
  expect(ofPolicy('older')).toEqual(users(2, 4));
  expect(ofPolicy('younger')).toEqual(users(3));
});

it('an older policy whose children are refused leaves most users with those of the younger one', async () => {
  world.policy('younger', {}, later);
  await settle('younger', users(900));
  world.policy('older');
  world.onWrite = () => {
    if (world.writes.at(-1)?.startsWith('PATCH') === true) throw new KubernetesError('refused', { status: 403 });
  };
  for (let turn = 0; turn < 3; turn++)
    for (const name of ['older', 'younger']) {
      await world.reconcile(name);
      world.clock.pause(6_000);
    }
  expect(world.ready('older').reason).toBe('Rejected');
  expect(ofPolicy('younger')).toHaveLength(400);
  world.onWrite = () => {};
  for (let turn = 0; turn < 3; turn++) for (const name of ['older', 'younger']) await settle(name, users(900));
  expect(ofPolicy('older')).toHaveLength(900);
});

it('a user whose child was handed over gets the next one that the older policy may make, before users who are new', async () => {
  world.policy('younger', {}, later);
  await settle('younger', users(4));
  world.policy('older', slowly);
  await settle('older', users(4));
  await settle('younger', users(4));
  expect(ofPolicy('younger')).toEqual(users(2, 3));
  world.clock.pause(4_000_000);
  await settle('older', [...users(2, 5), ...users(4)]);
  expect(ofPolicy('older')).toEqual(users(2));
});

it('an older policy whose users cannot be listed asks for no children until they can', async () => {
  world.policy('younger', {}, later);
  await settle('younger', users(4));
  world.policy('older', slowly);
  await settle('older', users(4));
  world.clock.pause(4_000_000);
  world.listEnd = 'credentials';
  await world.reconcile('older');
  world.listEnd = 'complete';
  await settle('younger', users(4));
  expect(ofPolicy('younger')).toEqual(users(4));
  await settle('older', users(4));
  await settle('younger', users(4));
  expect(ofPolicy('younger')).toEqual(users(2, 3));
});
