/** What a policy owes beside others, and after its limits were edited. */
import { beforeEach, describe, expect, it } from 'vitest';
import { KubernetesError } from '../../../../src/kubernetes/calls/errors.ts';
import { PolicyWorld, userOf, users } from './world.ts';

let world: PolicyWorld;
beforeEach(() => {
  world = new PolicyWorld();
});

const noMatch = { kind: 'noMatch', why: 'otherRole' } as const;
const later = { creationTimestamp: '2026-01-02T00:00:00Z' };

describe('an older policy', () => {
  it('that matches more users than it may takes none from a younger one', async () => {
    world.listed = users(4);
    world.policy('younger', {}, later);
    await world.settle('younger');
    world.policy('older', { limits: { maxUsers: 2 } });
    await world.settle('older');
    expect(world.ready('older').reason).toBe('TooManyUsers');
    await world.settle('younger');
    expect(world.children.toSorted()).toEqual(users(4));
    for (const id of users(4))
      expect(world.child(id)?.metadata.labels).toMatchObject({ 'upsell.acronis.com/policy': 'younger' });
  });

  describe('with a limit of new children', () => {
    const ofPolicy = (name: string) =>
      world.children.filter((id) => world.child(id)?.metadata.labels?.['upsell.acronis.com/policy'] === name);
    /** Both reconcile in turn, as changes wake them. */
    const inTurn = async () => {
      for (let turn = 0; turn < 3; turn++) {
        await world.settle('older');
        expect(world.children.length).toBeGreaterThanOrEqual(4);
        await world.settle('younger');
      }
      await world.settle('older');
    };

    it("takes a younger one's users no faster than that, and each keeps its child until then", async () => {
      world.listed = users(6);
      world.policy('younger', {}, later);
      await world.settle('younger');
      world.policy('older', { limits: { maxNewPerHour: 2 } });
      for (const taken of [2, 4, 6]) {
        await inTurn();
        expect(ofPolicy('older')).toHaveLength(taken);
        expect(ofPolicy('younger')).toHaveLength(6 - taken);
        expect(world.ready('younger').reason).toBe('Applied');
        world.clock.pause(3_600_000);
      }
      expect(world.ready('older').reason).toBe('Applied');
      expect(world.ready('younger').message).toContain('6 of them are left to');
    });

    it('asks for no more while a younger one has not handed over what was asked for, and is not planned every second', async () => {
      world.listed = users(6);
      world.policy('younger', {}, later);
      await world.settle('younger');
      world.policy('older', { limits: { maxNewPerHour: 2 } });
      for (let round = 0; round < 5; round++) await world.settle('older');
      expect(world.memories.peek('sales/older')?.takes).toEqual(new Set(users(2)));
      expect(await world.reconcile('older')).toMatchObject({ atLeastMs: 5_000 });
    });

    it('that stops asks for nothing', async () => {
      world.listed = users(6);
      world.policy('younger', {}, later);
      await world.settle('younger');
      world.policy('older', { limits: { maxNewPerHour: 2 } });
      await world.settle('older');
      world.policy('older', { suspend: true });
      await world.settle('older');
      await world.settle('younger');
      expect(ofPolicy('younger')).toHaveLength(6);
    });
  });

  it('that is deleted leaves its users to the younger one, at the pace of that one', async () => {
    world.listed = users(4);
    world.policy('older');
    await world.settle('older');
    world.policy('younger', { limits: { maxNewPerHour: 3 } }, later);
    await world.settle('younger');
    world.policies.remove('sales/older');
    // As the cluster does with what the policy owned.
    for (const id of users(4)) world.delete(world.childKey(id));
    await world.settle('younger');
    expect(world.children).toHaveLength(3);
    expect(world.ready('younger')).toMatchObject({
      reason: 'Progressing',
      message: expect.stringContaining('1 more users match'),
    });
  });

  it('that cannot be listed for long holds up a younger one for minutes and no longer', async () => {
    world.listed = users(1);
    world.policy('older');
    world.policy('younger', {}, later);
    await world.reconcile('younger');
    expect(world.children).toEqual([]);
    world.clock.pause(299_000);
    await world.reconcile('younger');
    expect(world.children).toEqual([]);
    world.clock.pause(1_000);
    await world.reconcile('younger');
    expect(world.children).toEqual(users(1));
  });
});

it('a limit that is raised is obeyed at once: all who match are listed again, and each gets a child', async () => {
  world.listed = users(6);
  world.policy('admins', { limits: { maxUsers: 3 } });
  await world.settle();
  expect(world.ready('admins').reason).toBe('TooManyUsers');
  world.policy('admins', { limits: { maxUsers: 6 } });
  await world.settle();
  expect(world.children.toSorted()).toEqual(users(6));
});

it('a user that matches again keeps its child, although the list before said otherwise', async () => {
  const ids = users(20);
  world.listed = ids;
  world.policy('admins', { limits: { maxRemovals: 0 } });
  await world.settle();
  world.listed = ids.slice(1);
  world.judged.set(userOf(1), noMatch);
  world.clock.pause(4_000_000);
  await world.reconcile();
  expect(world.ready('admins').reason).toBe('Braked');
  // It has its role again, which the change feed says, and then a person raises the limit.
  world.listed = ids;
  world.judged.set(userOf(1), { kind: 'match' });
  world.memories.peek('sales/admins')?.suspects.add(userOf(1));
  world.policy('admins', { limits: { maxRemovals: 50 } });
  await world.reconcile();
  await world.settle();
  expect(world.children).toHaveLength(20);
  expect(world.writes.filter((each) => each.startsWith('DELETE'))).toEqual([]);
});

it('an approval lets each child go once: who matched again since is held as any other', async () => {
  const ids = users(20);
  const gone = ids.slice(0, 5);
  world.listed = ids;
  world.policy('admins');
  await world.settle();
  const lose = async () => {
    world.listed = ids.slice(5);
    for (const id of gone) world.judged.set(id, noMatch);
    await world.nextPass();
  };
  await lose();
  world.policy('admins', {}, { annotations: { 'upsell.acronis.com/approve': '5' } });
  await world.settle();
  expect(world.children).toHaveLength(15);
  world.listed = ids;
  await world.nextPass();
  expect(world.children).toHaveLength(20);
  await lose();
  expect(world.children).toHaveLength(20);
  expect(world.ready('admins').reason).toBe('Braked');
});

describe('a name that another object has', () => {
  it('is no user that has its object: the policy says so and what to do', async () => {
    world.object('sales', `u-${userOf(1)}`, { userID: userOf(2) });
    world.listed = [userOf(1)];
    world.policy('admins');
    await world.settle();
    expect(world.ready('admins')).toMatchObject({ reason: 'Progressing', message: expect.stringContaining('1 ') });
  });

  it('and that this operator does not see is not asked for every second', async () => {
    world.isWatching = false;
    world.object('sales', `u-${userOf(1)}`, { userID: userOf(1) });
    world.listed = [userOf(1)];
    world.policy('admins');
    for (let second = 0; second < 20; second++) {
      await world.reconcile();
      world.clock.pause(1_000);
    }
    expect(world.writes.filter((each) => each.includes('u-'))).toHaveLength(3);
    // It is gone, which this operator does not see either.
    world.delete(world.childKey(userOf(1)));
    world.showAll();
    world.clock.pause(20_000);
    await world.settle();
    expect(world.ready('admins').reason).toBe('Applied');
  });
});

it('another API client that somebody gives a child is taken back, once', async () => {
  world.listed = users(1);
  world.policy('admins');
  await world.settle();
  world.edit(userOf(1), ({ spec }) => {
    spec['accountRef'] = { name: 'mine' };
  });
  await world.settle();
  expect(world.child(userOf(1))?.spec).not.toHaveProperty('accountRef');
  expect(world.ready('admins').reason).toBe('Applied');
});

describe('children that the API server refuses', () => {
  const refuse = (isRefused: (write: string) => boolean) => {
    world.onWrite = () => {
      if (isRefused(world.writes.at(-1) ?? '')) throw new KubernetesError('exceeded quota', { status: 403 });
    };
  };

  it('keep no others from being made', async () => {
    refuse((write) => write.endsWith(userOf(1)));
    world.listed = users(40);
    world.policy('admins');
    await world.reconcile();
    expect(world.children).toHaveLength(39);
  });

  it('are said in the status, and not asked for by the thousand', async () => {
    refuse(() => true);
    world.listed = users(2_000);
    world.policy('admins');
    await world.reconcile();
    expect(world.ready('admins')).toMatchObject({ reason: 'Rejected', message: expect.stringContaining('403') });
    expect(world.writes.length).toBeLessThan(60);
    refuse(() => false);
    await world.settle();
    expect(world.ready('admins').reason).toBe('Applied');
  });
});

it('a list that is given up at the deadline of its reconcile is a failure that the status says', async () => {
  const deadline = new AbortController();
  world.listed = users(1);
  world.policy('admins');
  world.onPage = () => {
    deadline.abort(new Error('too long'));
    deadline.signal.throwIfAborted();
  };
  await expect(world.reconcile('admins', deadline.signal)).rejects.toThrow('too long');
  await world.reconcile();
  expect(world.passes).toBe(1);
  expect(world.ready('admins')).toMatchObject({ reason: 'Unavailable', message: expect.stringContaining('too long') });
});
