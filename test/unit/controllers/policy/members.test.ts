import { beforeEach, expect, it } from 'vitest';
import type { UserStamp } from '../../../../src/acronis/stamps.ts';
import { membersListener } from '../../../../src/controllers/policy/members.ts';
import { PolicyWorld, userOf, users } from './world.ts';

let world: PolicyWorld;
let queued: string[];
beforeEach(async () => {
  world = new PolicyWorld();
  queued = [];
  world.listed = users(20);
  world.policy('admins');
  await world.settle();
});

const feed = (stamp: Partial<UserStamp>, id = 'account') => {
  const listen = membersListener({ ...world, queue: { addAfter: (key) => void queued.push(key) } });
  listen(id === 'account' ? world.account : Object.assign(new PolicyWorld().account, { id }), [
    { id: userOf(1), version: 1, deleted: false, isCompanyAdmin: true, ...stamp },
  ]);
};
const observed = (id: string, observedVersion: number) =>
  world.edit(id, (raw) => {
    raw.status = { observedVersion, userID: id };
  });

it('what this operator wrote itself asks for nothing', () => {
  observed(userOf(1), 7);
  feed({ version: 7 });
  expect(queued).toEqual([]);
});

it('a role that is gone is seen although the revision did not move, and its child goes', async () => {
  observed(userOf(1), 7);
  feed({ version: 7, isCompanyAdmin: false });
  expect(queued).toEqual(['sales/admins']);
  world.listed = users(19, 2);
  world.judged.set(userOf(1), { kind: 'noMatch', why: 'otherRole' });
  const passes = world.passes;
  await world.settle();
  expect(world.passes).toBe(passes + 1);
  expect(world.child(userOf(1))).toBeUndefined();
});

it('a new administrator is read alone, and gets a child by a pass', async () => {
  feed({ id: userOf(50) });
  world.listed = [...users(20), userOf(50)];
  world.judged.set(userOf(50), { kind: 'match' });
  await world.settle();
  expect(world.child(userOf(50))).toBeDefined();
});

it('a change of a user that still matches costs one read and no pass', async () => {
  observed(userOf(1), 7);
  feed({ version: 8 });
  world.judged.set(userOf(1), { kind: 'match' });
  const passes = world.passes;
  await world.settle();
  expect(world.passes).toBe(passes);
});

it('users that are no administrators and have no child, and those of other accounts, ask for nothing', () => {
  feed({ id: userOf(50), isCompanyAdmin: false });
  feed({ id: userOf(50), deleted: true });
  feed({ version: 8 }, 'another');
  expect(queued).toEqual([]);
});

it('a user that changes while the first list is read is judged after it', async () => {
  world.memories.forget('sales/admins');
  world.listed = users(21);
  world.onPage = () => {
    // It was read as one that matches, and has lost its role since.
    feed({ id: userOf(21), isCompanyAdmin: false });
    world.onPage = () => {};
    world.judged.set(userOf(21), { kind: 'noMatch', why: 'otherRole' });
  };
  await world.reconcile();
  expect(queued).toEqual(['sales/admins']);
  world.listed = users(20);
  await world.settle();
  expect(world.child(userOf(21))).toBeUndefined();
});
