/** Single users that a complete list shows and that cannot be judged: nothing happens to them, and everything to the others. */
import { beforeEach, expect, it } from 'vitest';
import { PolicyWorld, userOf, users } from './world.ts';

let world: PolicyWorld;
beforeEach(() => {
  world = new PolicyWorld();
});

const noMatch = { kind: 'noMatch', why: 'otherRole' } as const;
const hidden = { kind: 'unjudged', why: 'roles' } as const;

/** Of twenty users with children one hides its roles from now on. */
async function oneHides(): Promise<readonly string[]> {
  const ids = users(20);
  world.listed = ids;
  world.policy('admins');
  await world.settle();
  world.listed = ids.slice(1);
  world.unjudged.set(userOf(1), 'roles');
  world.judged.set(userOf(1), hidden);
  return ids;
}

it('a user whose roles are hidden keeps its child, and the status says how many there are and what is not shown', async () => {
  await oneHides();
  await world.nextPass();
  expect(world.child(userOf(1))).toBeDefined();
  expect(world.ready('admins')).toMatchObject({
    reason: 'Applied',
    message:
      'Each user that matches has its object. 1 users could not be judged, since Acronis does not show their roles: their children stay, and none is made for them.',
  });
});

it('while one user cannot be judged another that matches no more loses its child, and a new one gets one', async () => {
  const ids = await oneHides();
  world.listed = [...ids.slice(2), userOf(31)];
  world.judged.set(userOf(2), noMatch);
  await world.nextPass();
  expect(world.child(userOf(2))).toBeUndefined();
  expect(world.child(userOf(31))).toBeDefined();
  expect(world.child(userOf(1))).toBeDefined();
});

it('a user that cannot be judged gets no child', async () => {
  await oneHides();
  world.unjudged.set(userOf(40), 'tenantKind');
  await world.nextPass();
  expect(world.child(userOf(40))).toBeUndefined();
  expect(world.ready('admins').message).toContain('2 users could not be judged');
  expect(world.ready('admins').message).toContain('their kind of tenant or roles');
});

it('what the list does not show and a read by id does is judged by that', async () => {
  await oneHides();
  world.unjudged.set(userOf(40), 'tenantKind');
  world.judged.set(userOf(40), { kind: 'match' }).set(userOf(1), noMatch);
  await world.nextPass();
  expect(world.child(userOf(40))).toBeDefined();
  expect(world.child(userOf(1))).toBeUndefined();
  expect(world.ready('admins').message).toBe('Each user that matches has its object.');
});

it('a list that breaks off after a user that cannot be judged proves nothing of anybody', async () => {
  const ids = await oneHides();
  world.listed = ids.slice(2);
  world.judged.set(userOf(2), noMatch);
  world.listEnd = 'repeated';
  for (let pass = 0; pass < 4; pass++) await world.nextPass();
  expect(world.children).toHaveLength(20);
  expect(world.ready('admins').reason).toBe('Unavailable');
});

it('the child of another API client does not go because a user cannot be judged in the list', async () => {
  await oneHides();
  world.judged.set(userOf(1), noMatch);
  world.credentials = { ...world.credentials, clientId: 'another' };
  await world.nextPass();
  expect(world.child(userOf(1))).toBeDefined();
});

it('where not a single user can be judged the policy is not Ready, and all children stay', async () => {
  const ids = await oneHides();
  world.listed = [];
  for (const id of ids) {
    world.unjudged.set(id, 'roles');
    world.judged.set(id, hidden);
  }
  await world.nextPass();
  expect(world.children).toHaveLength(20);
  expect(world.ready('admins')).toMatchObject({
    reason: 'Unavailable',
    message: expect.stringContaining('None of the 20 users'),
  });
});
