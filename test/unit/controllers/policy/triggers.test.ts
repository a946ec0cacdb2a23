import { beforeEach, expect, it } from 'vitest';
import { connectPolicyTriggers } from '../../../../src/controllers/policy/triggers.ts';
import { createAccountObjects } from '../../../../src/fleet/accounts/account-objects.ts';
import { createNamespaceStore } from '../../../../src/fleet/cache/namespaces.ts';
import { quietLog } from '../../../support/quiet.ts';
import { PolicyWorld, tenant, userOf, users } from './world.ts';

let world: PolicyWorld;
let queued: string[];
let waits: number[];
beforeEach(async () => {
  world = new PolicyWorld();
  world.listed = users(3);
  world.policy('admins');
  await world.settle();
  queued = [];
  const { policies, fleet, memories } = world;
  connectPolicyTriggers({
    policies,
    fleet,
    memories,
    namespaces: createNamespaceStore(quietLog),
    accountObjects: createAccountObjects({ namespace: 'operator', log: quietLog, isSynced: () => true }),
    queue: {
      add: (key) => void queued.push(key),
      addAfter(key, ms) {
        queued.push(key);
        waits.push(ms);
      },
    },
  });
  queued.length = 0;
  waits = [];
});

it('a status that the operator wrote asks for nothing', () => {
  const known = world.policies.get('sales/admins');
  if (known === undefined) throw new Error('it is there');
  world.policies.upsert({ ...known, resourceVersion: '99', labels: { ...known.labels } });
  expect(queued).toEqual([]);
});

it('an edit, an approval and a wish for a reconcile do', () => {
  for (const annotation of ['approve', 'requestedAt']) {
    queued.length = 0;
    const known = world.policies.get('sales/admins');
    if (known === undefined) throw new Error('it is there');
    world.policies.upsert({
      ...known,
      resourceVersion: annotation,
      ...(annotation === 'approve' ? { approved: 3 } : { requestedAt: 'now' }),
    });
    expect(queued).toEqual(['sales/admins']);
  }
});

it('an approval that is removed and set again is a new one, though no reconcile comes in between', () => {
  const known = world.policies.get('sales/admins');
  const memory = world.memories.peek('sales/admins');
  if (known === undefined || memory === undefined) throw new Error('it is there');
  world.policies.upsert({ ...known, resourceVersion: 'a', approved: 3 });
  memory.spentApproval = 3;
  world.policies.upsert({ ...known, resourceVersion: 'b', approved: 3, labels: { other: 'change' } });
  expect(memory.spentApproval).toBe(3);
  world.policies.upsert({ ...known, resourceVersion: 'c', approved: undefined });
  world.policies.upsert({ ...known, resourceVersion: 'd', approved: 3 });
  expect(memory.spentApproval).toBeUndefined();
});

it('a child that goes and one that is edited wake their policy', () => {
  world.edit(userOf(1), ({ spec }) => {
    spec['suspend'] = true;
  });
  expect(queued).toEqual(['sales/admins']);
  queued.length = 0;
  world.delete(world.childKey(userOf(1)));
  expect(queued).toEqual(['sales/admins']);
});

it('an object of another namespace wakes the policies whose users it names, and no others', () => {
  world.object('other', 'by-hand', { userID: userOf(9) });
  expect(queued).toEqual([]);
  world.object('other', 'by-hand', { userID: userOf(2) }, { status: { userID: userOf(2), tenantID: tenant } });
  expect(queued).toEqual(['sales/admins']);
});

it("a child's own news is counted with others' of the same seconds, and one that somebody changed is put right sooner", () => {
  const key = world.childKey(userOf(1));
  const child = world.fleet.get(key);
  if (child === undefined) throw new Error('it is there');
  world.fleet.upsert({ ...child, resourceVersion: '98', status: { ...child.status, offer: 'BuyNow' } });
  world.edit(userOf(1), ({ spec }) => {
    spec['suspend'] = true;
  });
  const [counted = 0, changed = 0] = waits;
  expect(counted).toBeGreaterThan(changed);
});
