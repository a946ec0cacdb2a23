import { beforeEach, describe, expect, it } from 'vitest';
import { PolicyWorld, tenant, userOf, users } from './world.ts';

let world: PolicyWorld;
beforeEach(() => {
  world = new PolicyWorld();
});

const noMatch = { kind: 'noMatch', why: 'otherRole' } as const;

/** A policy with so many children, all of them made. */
async function applied(count: number, spec: object = {}): Promise<string[]> {
  const ids = users(count);
  world.listed = ids;
  world.policy('admins', spec);
  await world.settle();
  expect(world.ready('admins').reason).toBe('Applied');
  return ids;
}

describe('children', () => {
  it('each user that matches gets one, owned by the policy, with its label, template and account', async () => {
    await applied(2, {
      accountRef: undefined,
      credentialsSecretRef: { name: 'eu2' },
      template: { labels: { team: 'sales' }, annotations: { note: 'x' }, spec: { deletionPolicy: 'Revoke' } },
    });
    expect(world.children.toSorted()).toEqual(users(2));
    expect(world.child(userOf(1))).toMatchObject({
      metadata: {
        labels: { team: 'sales', 'upsell.acronis.com/policy': 'admins' },
        annotations: { note: 'x' },
        ownerReferences: [{ kind: 'TenantUpsellPolicy', name: 'admins', uid: 'uid-admins', controller: true }],
      },
      spec: { userID: userOf(1), deletionPolicy: 'Revoke', credentialsSecretRef: { name: 'eu2' } },
    });
    expect(world.status('admins')).toMatchObject({ matched: 2, children: 2, ready: 0 });
    expect(world.status('admins')).not.toHaveProperty('users');
  });

  it('a child has the labels by which this operator selects, so that it is seen', async () => {
    world.listed = users(1);
    world.policy('admins', {}, { labels: { shard: 'a', other: 'b' } });
    await world.settle();
    expect(world.child(userOf(1))?.metadata.labels).toMatchObject({ shard: 'a' });
    expect(world.child(userOf(1))?.metadata.labels).not.toHaveProperty('other');
  });

  it('in a steady state nothing is written, nor after a restart', async () => {
    await applied(3);
    world.writes.length = 0;
    await world.nextPass();
    world.memories.forget('sales/admins');
    await world.nextPass();
    expect(world.writes).toEqual([]);
    expect(world.passes).toBeGreaterThan(2);
  });

  it('under an older CRD that lacks a field of the status nothing is written for it, and readiness names it', async () => {
    world.prunes.add('children');
    await applied(3);
    expect(world.status('admins')).not.toHaveProperty('children');
    world.writes.length = 0;
    world.memories.forget('sales/admins');
    await world.settle();
    expect(world.writes).toEqual([]);
    expect(world.pruned.note).toContain('the CRD of TenantUpsellPolicy in the cluster lacks status.children;');
  });

  it('what a person edits in the fields of the policy is put back, and what it adds stays', async () => {
    const [id = ''] = await applied(1);
    world.edit(id, ({ metadata, spec }) => {
      metadata.labels = { mine: 'stays' };
      spec['suspend'] = true;
    });
    await world.settle();
    expect(world.child(id)).toMatchObject({
      metadata: { labels: { mine: 'stays', 'upsell.acronis.com/policy': 'admins' } },
      spec: { suspend: false },
    });
  });

  it('another template reaches all of them', async () => {
    const ids = await applied(3);
    world.policy('admins', { template: { spec: { managementPolicy: 'Observe' } } });
    await world.settle();
    for (const id of ids) expect(world.child(id)?.spec).toMatchObject({ managementPolicy: 'Observe' });
  });

  it('one that is deleted comes back, at the pace of the brake', async () => {
    const [id = ''] = await applied(2, { limits: { maxNewPerHour: 2 } });
    world.delete(world.childKey(id));
    await world.reconcile();
    expect(world.child(id)).toBeUndefined();
    expect(world.ready('admins')).toMatchObject({
      reason: 'Progressing',
      message: expect.stringContaining('maxNewPerHour'),
    });
    await world.nextPass();
    expect(world.child(id)).toBeDefined();
  });

  it('an edit of the policy ends what is under way: what it asks for comes first', async () => {
    world.listed = users(200);
    world.policy('admins');
    world.onWrite = () => {
      world.onWrite = () => {};
      world.policy('admins', { suspend: true });
    };
    await world.reconcile();
    await world.settle();
    expect(world.children.length).toBeLessThan(50);
    expect(world.ready('admins').reason).toBe('Suspended');
  });

  it('what takes long is done in slices of seconds, so that the status says how far it is', async () => {
    world.listed = users(200);
    world.policy('admins');
    world.onWrite = () => world.clock.pause(100);
    await world.reconcile();
    expect(world.children.length).toBeLessThan(100);
    expect(world.ready('admins').reason).toBe('Progressing');
    for (let slice = 0; slice < 10; slice++) await world.reconcile();
    expect(world.children.length).toBe(200);
  });

  it('one that the cache does not show yet is not made twice', async () => {
    world.isWatching = false;
    world.listed = users(2);
    world.policy('admins');
    await world.reconcile();
    await world.reconcile();
    expect(world.writes.filter((each) => each.includes('u-'))).toHaveLength(2);
    world.showAll();
    await world.settle();
    expect(world.ready('admins').reason).toBe('Applied');
  });

  it('a name that another object took meanwhile is left alone', async () => {
    world.isWatching = false;
    world.object('sales', `u-${userOf(1)}`, { userID: userOf(1), suspend: true });
    world.listed = users(1);
    world.policy('admins');
    await world.reconcile();
    expect(world.child(userOf(1))?.metadata['ownerReferences']).toBeUndefined();
    expect(world.child(userOf(1))?.spec).toMatchObject({ suspend: true });
  });
});

describe('removal', () => {
  it('a user that is proved to match no more loses its child', async () => {
    const ids = await applied(20);
    world.listed = ids.slice(1);
    world.judged.set(userOf(1), noMatch);
    await world.nextPass();
    expect(world.child(userOf(1))).toBeUndefined();
    expect(world.children).toHaveLength(19);
  });

  it.each([
    ['is refused', 'forbidden'],
    ['is not the API’s', 'unavailable'],
    ['repeats users', 'repeated'],
  ] as const)('a list that %s removes nobody', async (_, end) => {
    await applied(20);
    world.listed = users(5);
    world.listEnd = end;
    for (const id of users(20)) world.judged.set(id, noMatch);
    for (let pass = 0; pass < 4; pass++) await world.nextPass();
    expect(world.children).toHaveLength(20);
    expect(world.ready('admins').reason).toBe(end === 'forbidden' ? 'AccessDenied' : 'Unavailable');
  });

  it('one failure of a routine pass is no news', async () => {
    await applied(2);
    world.listEnd = 'unavailable';
    world.writes.length = 0;
    world.clock.pause(4_000_000);
    await world.reconcile();
    expect(world.writes).toEqual([]);
  });

  it('an empty list removes nobody, whatever the brake, until a person says so', async () => {
    const ids = await applied(5, { limits: { maxRemovals: 100 } });
    world.listed = [];
    for (const id of ids) world.judged.set(id, noMatch);
    await world.nextPass();
    expect(world.children).toHaveLength(5);
    expect(world.ready('admins')).toMatchObject({ reason: 'Braked', message: expect.stringContaining('approve=5') });
  });

  it('users of a tenant that hid itself keep their children', async () => {
    const ids = await applied(20);
    world.listed = ids.slice(1);
    await world.nextPass();
    expect(world.children).toHaveLength(20);
    expect(world.ready('admins')).toMatchObject({ reason: 'Applied', message: expect.stringContaining('not proved') });
  });

  it('a list that leaves out users that match when they are read is no proof', async () => {
    const ids = await applied(20);
    world.listed = ids.slice(2);
    world.judged.set(userOf(1), noMatch).set(userOf(2), { kind: 'match' });
    await world.nextPass();
    expect(world.children).toHaveLength(20);
  });

  it('that waits for a list which fails is planned again when the list is, and not every second', async () => {
    const ids = await applied(20);
    world.listed = ids.slice(1);
    world.judged.set(userOf(1), noMatch);
    world.refusePolicies = true;
    world.clock.pause(4_000_000);
    await world.reconcile();
    world.refusePolicies = false;
    world.listEnd = 'unavailable';
    world.clock.pause(60_000);
    const waits: number[] = [];
    for (let round = 0; round < 11; round++) {
      const end = await world.reconcile();
      const waitMs = end.kind === 'retry' ? (end.atLeastMs ?? 0) : 0;
      waits.push(waitMs);
      world.clock.pause(waitMs);
    }
    expect(world.child(userOf(1))).toBeDefined();
    expect(waits.slice(-3)).toEqual([128_000, 256_000, 300_000]);
  });

  it('acts on a list that takes minutes to be read as on any other', async () => {
    const ids = await applied(20);
    world.listed = ids.slice(1);
    world.judged.set(userOf(1), noMatch);
    world.onPage = () => world.clock.pause(180_000);
    world.clock.pause(4_000_000);
    await world.reconcile();
    expect(world.child(userOf(1))).toBeUndefined();
  });

  it('another API client removes nobody that it did not list', async () => {
    const ids = await applied(20);
    world.credentials = { ...world.credentials, clientId: 'another' };
    world.listed = ids.slice(1);
    world.judged.set(userOf(1), noMatch);
    await world.nextPass();
    expect(world.children).toHaveLength(20);
    // Those that it lists are its own from now on.
    world.listed = ids.slice(2);
    world.judged.set(userOf(2), noMatch);
    await world.nextPass();
    expect(world.child(userOf(1))).toBeDefined();
    expect(world.child(userOf(2))).toBeUndefined();
  });

  it('a rotated secret of the same API client is no other client', async () => {
    const ids = await applied(20);
    world.credentials = { ...world.credentials, clientSecret: 'rotated' };
    world.listed = ids.slice(1);
    world.judged.set(userOf(1), noMatch);
    await world.nextPass();
    expect(world.child(userOf(1))).toBeUndefined();
  });
});

describe('the brakes', () => {
  const braked = async () => {
    const ids = await applied(20);
    world.listed = ids.slice(5);
    for (const id of ids.slice(0, 5)) world.judged.set(id, noMatch);
    await world.nextPass();
  };

  it('too many removals hold all of them, and say the command that lets them through', async () => {
    await braked();
    expect(world.children).toHaveLength(20);
    expect(world.ready('admins')).toMatchObject({
      reason: 'Braked',
      message:
        '5 of 20 children would go, which is more than 10 % (limits.maxRemovals): none of them does. To let exactly these go: kubectl -n sales annotate --overwrite tenantupsellpolicies admins upsell.acronis.com/approve=5',
    });
    expect(world.events).toContain('Braked');
  });

  it('the approved number goes, and the approval with it', async () => {
    await braked();
    world.policy('admins', {}, { annotations: { 'upsell.acronis.com/approve': '5' } });
    await world.settle();
    expect(world.children).toHaveLength(15);
    expect(world.rawPolicies.get('sales/admins')?.metadata.annotations).toBeUndefined();
    expect(world.ready('admins').reason).toBe('Applied');
  });

  describe('an approval', () => {
    const approve = (text: string | undefined) =>
      world.policy('admins', {}, { annotations: text === undefined ? {} : { 'upsell.acronis.com/approve': text } });
    /** The five who went match again, and get their children. */
    const allBack = async () => {
      world.listed = users(20);
      await world.nextPass();
      expect(world.children).toHaveLength(20);
    };
    const lose = async (count: number) => {
      world.listed = users(20).slice(count);
      for (const id of users(count)) world.judged.set(id, noMatch);
      await world.nextPass();
    };

    it('that was there before its number was shown lets nobody through, and the message says what to do', async () => {
      await applied(20);
      approve('5');
      await world.settle();
      await lose(5);
      await world.nextPass();
      expect(world.children).toHaveLength(20);
      expect(world.ready('admins').message).toContain(
        'remove it and set it again: kubectl -n sales annotate --overwrite tenantupsellpolicies admins upsell.acronis.com/approve- && kubectl -n sales annotate --overwrite tenantupsellpolicies admins upsell.acronis.com/approve=5',
      );
    });

    it('that is removed and set again counts', async () => {
      await applied(20);
      approve('5');
      await world.settle();
      await lose(5);
      approve(undefined);
      await world.settle();
      approve('5');
      await world.settle();
      expect(world.children).toHaveLength(15);
      expect(world.status('admins')).not.toHaveProperty('braked');
      expect(world.status('admins')).not.toHaveProperty('spentApproval');
    });

    it('that comes back after it was used lets no others through, after a restart neither', async () => {
      await braked();
      approve('5');
      await world.settle();
      expect(world.children).toHaveLength(15);
      approve('5');
      await world.settle();
      await allBack();
      await lose(5);
      expect(world.children).toHaveLength(20);
      world.memories.forget('sales/admins');
      await world.nextPass();
      expect(world.children).toHaveLength(20);
      expect(world.ready('admins').reason).toBe('Braked');
    });

    it('of a number that was not the one shown lets nobody through when it becomes the number', async () => {
      await braked();
      approve('4');
      await world.settle();
      world.judged.set(userOf(5), { kind: 'match' });
      world.listed = users(20).slice(4);
      await world.nextPass();
      expect(world.ready('admins').message).toContain('4 of 20 children would go');
      expect(world.children).toHaveLength(20);
    });

    it('that is given while no operator runs counts', async () => {
      await braked();
      world.memories.forget('sales/admins');
      approve('5');
      await world.settle();
      expect(world.children).toHaveLength(15);
    });

    it('of another form than its number is none, and is not tried for ever', async () => {
      await braked();
      approve('05');
      await world.settle();
      expect(world.children).toHaveLength(20);
      expect(world.ready('admins').reason).toBe('Braked');
    });

    it('counts once where the CRD lacks what the status says of it, and nothing is written over and over', async () => {
      world.prunes.add('braked').add('spentApproval');
      await braked();
      world.memories.forget('sales/admins');
      approve('5');
      await world.nextPass();
      expect(world.children).toHaveLength(20);
      world.writes.length = 0;
      for (let round = 0; round < 50; round++) {
        await world.reconcile();
        world.clock.pause(5_000);
      }
      expect(world.writes).toEqual([]);
      approve(undefined);
      await world.settle();
      approve('5');
      await world.settle();
      expect(world.children).toHaveLength(15);
      approve('5');
      await allBack();
      world.memories.forget('sales/admins');
      await lose(5);
      expect(world.children).toHaveLength(20);
    });

    it('that could not be used counts when it can be', async () => {
      await braked();
      approve('5');
      world.refusePolicies = true;
      await world.reconcile();
      world.refusePolicies = false;
      world.clock.pause(6_000);
      await world.settle();
      expect(world.children).toHaveLength(15);
    });
  });

  it('another number lets nobody through', async () => {
    await braked();
    world.policy('admins', {}, { annotations: { 'upsell.acronis.com/approve': '4' } });
    await world.settle();
    expect(world.children).toHaveLength(20);
  });

  it('an approval acts on a list that is read after it', async () => {
    await braked();
    world.clock.pause(600_000);
    // Meanwhile they match again.
    world.listed = users(20);
    world.policy('admins', {}, { annotations: { 'upsell.acronis.com/approve': '5' } });
    await world.settle();
    expect(world.children).toHaveLength(20);
    expect(world.ready('admins').reason).toBe('Applied');
  });

  describe('what went in the last hour', () => {
    /** Of 40 children four go, which is all that 10 % lets go, and then three more match no more. */
    const fourWent = async () => {
      const ids = await applied(40);
      world.listed = ids.slice(4);
      for (const id of ids.slice(0, 7)) world.judged.set(id, noMatch);
      await world.nextPass();
      expect(world.children).toHaveLength(36);
      world.listed = ids.slice(7);
    };
    /** A pass that a change asks for, well within the hour. */
    const soonPass = async () => {
      world.clock.pause(600_000);
      world.policy('admins', {}, { annotations: { 'upsell.acronis.com/requestedAt': String(world.clock.wall()) } });
      await world.settle();
    };
    const restart = () => world.memories.forget('sales/admins');

    it('counts with what would go now, and no longer than that', async () => {
      await fourWent();
      await soonPass();
      expect(world.ready('admins').reason).toBe('Braked');
      await world.nextPass();
      expect(world.children).toHaveLength(33);
    });

    it('counts after a restart, too', async () => {
      await fourWent();
      restart();
      await soonPass();
      expect(world.children).toHaveLength(36);
      expect(world.ready('admins').reason).toBe('Braked');
      world.clock.pause(3_600_000);
      restart();
      await world.settle();
      expect(world.children).toHaveLength(33);
    });

    it('is written before it goes, so that a crash in between lets no more go', async () => {
      const ids = await applied(20);
      world.listed = ids.slice(2);
      for (const id of ids.slice(0, 2)) world.judged.set(id, noMatch);
      world.clock.pause(4_000_000);
      let atFirst: unknown;
      world.onWrite = () => {
        atFirst ??= world.status('admins')['removals'];
      };
      await world.settle();
      expect(atFirst).toEqual([{ at: expect.any(String), count: 2 }]);
      expect(world.children).toHaveLength(18);
    });

    it('counts once: children that go and that the cache still shows brake nobody', async () => {
      const ids = await applied(20);
      world.listed = ids.slice(2);
      for (const id of ids.slice(0, 2)) world.judged.set(id, noMatch);
      world.clock.pause(4_000_000);
      world.isWatching = false;
      await world.reconcile();
      world.writes.length = 0;
      for (let second = 0; second < 3; second++) {
        world.clock.pause(1_000);
        await world.reconcile();
      }
      expect(world.events).not.toContain('Braked');
      expect(world.status('admins')['children']).toBe(18);
      expect(world.writes.filter((each) => each.startsWith('DELETE'))).toEqual([]);
      world.showAll();
      await world.settle();
      expect(world.ready('admins').reason).toBe('Applied');
      expect(world.children).toHaveLength(18);
    });

    it('that cannot be written does not go', async () => {
      const ids = await applied(20);
      world.listed = ids.slice(2);
      for (const id of ids.slice(0, 2)) world.judged.set(id, noMatch);
      world.clock.pause(4_000_000);
      world.refusePolicies = true;
      for (let time = 0; time < 3; time++) await world.reconcile();
      expect(world.children).toHaveLength(20);
    });

    it('is not counted where a person let it through, and costs no write where nothing goes', async () => {
      await braked();
      world.policy('admins', {}, { annotations: { 'upsell.acronis.com/approve': '5' } });
      await world.settle();
      expect(world.status('admins')).not.toHaveProperty('removals');
    });
  });

  it('more users than allowed: nothing is made, and the sentence names the limit', async () => {
    world.listed = users(4);
    world.policy('admins', { limits: { maxUsers: 3 } });
    await world.settle();
    expect(world.children).toEqual([]);
    expect(world.ready('admins')).toMatchObject({
      reason: 'TooManyUsers',
      message: expect.stringContaining('4 users match'),
    });
    expect(world.status('admins')['matched']).toBe(4);
  });

  it('suspend stops everything', async () => {
    const [id = ''] = await applied(2);
    world.policy('admins', { suspend: true });
    world.delete(world.childKey(id));
    await world.nextPass();
    expect(world.children).toHaveLength(1);
    expect(world.ready('admins').reason).toBe('Suspended');
  });
});

describe('others', () => {
  it('no child is made beside a hand-written object', async () => {
    world.object('sales', 'by-hand', { userID: userOf(1) });
    await applied(2);
    expect(world.children).toEqual([userOf(2)]);
    expect(world.ready('admins').message).toContain('1 of them are left to');
  });

  it('a child goes when a hand-written object appears, as one that retains: the type stays', async () => {
    await applied(2, { template: { spec: { deletionPolicy: 'Revoke' } } });
    const deleted: unknown[] = [];
    world.fleet.subscribe((before, after) => {
      if (after === undefined && before?.spec.ok) deleted.push(before.spec.value.deletionPolicy);
    });
    world.object('sales', 'by-hand', { userID: userOf(1), suspend: true });
    await world.settle();
    expect(world.children).toEqual([userOf(2)]);
    expect(deleted).toEqual(['Retain']);
  });

  it('an object of another namespace takes no user away by naming it, but by having it', async () => {
    world.object('other', 'thief', { userID: userOf(1) });
    await applied(1);
    expect(world.children).toEqual([userOf(1)]);
    world.object('other', 'thief', { userID: userOf(1) }, { status: { userID: userOf(1), tenantID: tenant } });
    await world.settle();
    expect(world.children).toEqual([]);
  });

  it('two policies: the older one has the user, and a younger one hands it over', async () => {
    world.listed = users(2);
    world.policy('younger', {}, { creationTimestamp: '2026-01-02T00:00:00Z' });
    await world.settle('younger');
    expect(world.children).toHaveLength(2);
    world.policy('older');
    await world.reconcile('older');
    await world.settle('younger');
    await world.settle('older');
    for (const id of users(2))
      expect(world.child(id)?.metadata.labels).toMatchObject({ 'upsell.acronis.com/policy': 'older' });
    expect(world.ready('younger').message).toContain('2 of them are left to');
    world.writes.length = 0;
    await world.nextPass('younger');
    await world.nextPass('older');
    expect(world.writes).toEqual([]);
  });

  it('a younger policy makes nothing before it is known what an older one matches', async () => {
    world.listed = users(1);
    world.policy('older');
    world.policy('younger', {}, { creationTimestamp: '2026-01-02T00:00:00Z' });
    await world.reconcile('younger');
    expect(world.children).toEqual([]);
  });
});
