import { beforeEach, describe, expect, it } from 'vitest';
import { transformAccount } from '../../../../../src/api/account/object.ts';
import { pendingCondition } from '../../../../../src/api/conditions.ts';
import { meaningOfInformed } from '../../../../../src/api/informed.ts';
import { tenantUserUpsells } from '../../../../../src/api/names.ts';
import { isSettled } from '../../../../../src/controllers/upsell/triggers/settled.ts';
import { connectTriggers } from '../../../../../src/controllers/upsell/triggers/triggers.ts';
import { assignedVerdict, conflictVerdict } from '../../../../../src/controllers/upsell/verdicts/verdicts.ts';
import { type AccountObjects, createAccountObjects } from '../../../../../src/fleet/accounts/account-objects.ts';
import { createNamespaceStore, type NamespaceStore } from '../../../../../src/fleet/cache/namespaces.ts';
import { createFleet, type Fleet } from '../../../../../src/fleet/cache/objects.ts';
import { patchStatus } from '../../../../../src/fleet/status/patch.ts';
import { PrunedFields } from '../../../../../src/fleet/status/pruned-fields.ts';
import type { Verifier } from '../../../../../src/fleet/verifier/verifier.ts';
import type { Priority } from '../../../../../src/runtime/workqueue/queue.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { quietLog } from '../../../../support/quiet.ts';
import { otherUserId, tenantId, userId } from '../fake-acronis.ts';
import { FakeCluster } from '../fake-cluster.ts';

let fleet: Fleet;
let cluster: FakeCluster;
let namespaces: NamespaceStore;
let accountObjects: AccountObjects;
let added: [string, Priority][];
/** What was asked for since it was asked last. */
const asked = (): [string, Priority][] => added.splice(0);

beforeEach(() => {
  fleet = createFleet(quietLog);
  cluster = new FakeCluster(fleet);
  namespaces = createNamespaceStore(quietLog);
  accountObjects = createAccountObjects({ namespace: 'acronis-system', log: quietLog, isSynced: () => true });
  added = [];
  connectTriggers({ fleet, namespaces, accountObjects, verifier: noting(added) });
});

/** Notes what it is asked for. Of two that are to be checked, the settled one is verified in its turn, and the other tried again now. */
function noting(asks: [string, Priority][]): Pick<Verifier, 'add' | 'recheck'> {
  return {
    add: (key, priority) => void asks.push([key, priority]),
    recheck(key) {
      const object = fleet.get(key);
      asks.push([key, object !== undefined && isSettled(object) ? 'resync' : 'retry']);
    },
  };
}

const pruned = new PrunedFields({ resource: tenantUserUpsells, clock: new ManualClock(), log: quietLog });
const writeStatus = (key: string, changes: Record<string, unknown>) =>
  patchStatus(
    { client: cluster, pruned },
    tenantUserUpsells,
    cluster.object(key),
    changes,
    new AbortController().signal,
  );
/** As a reconcile leaves it: all is well, or not. */
const ready = (status: 'True' | 'False', observedGeneration = 1) => ({
  observedGeneration,
  observedVersion: 1,
  userID: userId,
  tenantID: tenantId,
  businessTypes: ['buyer'],
  assigned: { userID: userId, tenantID: tenantId },
  conditions: [
    {
      type: 'Ready',
      status,
      ...(status === 'True' ? assignedVerdict : conflictVerdict),
      observedGeneration,
      lastTransitionTime: '2026-01-02T03:04:05Z',
    },
    {
      type: 'Informed',
      reason: 'QuotaNotificationsOn',
      ...meaningOfInformed('QuotaNotificationsOn'),
      observedGeneration,
      lastTransitionTime: '2026-01-02T03:04:05Z',
    },
  ],
  offer: 'ContactSales',
});
const ours = 'upsell.acronis.com/revoke';

describe('an object of its own', () => {
  it('is urgent when it is new, edited, asked for by annotation, deleted, or gone', () => {
    const key = cluster.create({ userID: userId }, { finalizers: ['other'] });
    expect(asked()).toEqual([[key, 'change']]);
    cluster.edit(key, { suspend: true });
    expect(asked()).toEqual([[key, 'change']]);
    cluster.annotate(key, { 'upsell.acronis.com/requestedAt': 'now' });
    expect(asked()).toEqual([[key, 'change']]);
    cluster.delete(key);
    expect(asked()).toEqual([[key, 'change']]);
    fleet.remove(key);
    expect(asked()).toEqual([[key, 'change']]);
  });

  it('asks for nothing when its status, its finalizers or any other annotation change', async () => {
    const key = cluster.create({ userID: userId });
    asked();
    await writeStatus(key, ready('True'));
    cluster.annotate(key, { 'example.com/note': 'x' });
    cluster.setFinalizers(key, ['example.com/other']);
    expect(asked()).toEqual([]);
  });

  it('asks for nothing when this operator adds its finalizer', async () => {
    const key = cluster.create({ userID: userId, deletionPolicy: 'Revoke' });
    asked();
    cluster.setFinalizers(key, [ours]);
    await writeStatus(key, ready('True'));
    expect(asked()).toEqual([]);
  });

  it('is urgent when another writer strips its finalizer, or adds one that its policy does not ask for', async () => {
    const key = cluster.create({ userID: userId, deletionPolicy: 'Revoke' }, { finalizers: [ours] });
    await writeStatus(key, ready('True'));
    asked();
    cluster.setFinalizers(key, []);
    expect(asked()).toEqual([[key, 'change']]);
    const retained = cluster.create({ userID: otherUserId }, { name: 'retained' });
    asked();
    cluster.setFinalizers(retained, [ours]);
    expect(asked()).toEqual([[retained, 'change']]);
  });

  it('is urgent when a namesake took its place unnoticed', () => {
    const key = cluster.create({ userID: userId });
    asked();
    fleet.upsert({ ...cluster.object(key), uid: 'another', resourceVersion: 'x' });
    expect(asked()).toContainEqual([key, 'change']);
  });
});

describe('at a start', () => {
  const start = async (status: Record<string, unknown>, change: (key: string) => void = () => {}) => {
    const key = cluster.create({ userID: userId }, { finalizers: ['other'] });
    await writeStatus(key, status);
    change(key);
    const object = cluster.object(key);
    fleet.remove(key);
    asked();
    fleet.upsert(object);
    return asked();
  };

  it('an object whose status says that all is done waits behind the others', async () => {
    expect(await start(ready('True'))).toEqual([['customers/john', 'resync']]);
  });

  it.each([
    ['has no status', {}, undefined],
    ['was edited since', ready('True'), (key: string) => cluster.edit(key, { suspend: true })],
    [
      'was asked for since',
      ready('True'),
      (key: string) => cluster.annotate(key, { 'upsell.acronis.com/requestedAt': 'x' }),
    ],
    ['is being deleted', ready('True'), (key: string) => cluster.delete(key)],
  ])('one that %s does not', async (_, status, change) => {
    expect(await start(status, change)).toEqual([['customers/john', 'change']]);
  });

  it('one that was reconciled and is not ready waits behind those that never were, and before the others', async () => {
    expect(await start(ready('False'))).toEqual([['customers/john', 'retry']]);
  });

  it('what came before any worker is asked for once, as urgently as it is then, and what is gone again is not', async () => {
    cluster.create({ userID: userId }, { name: 'true' });
    await writeStatus('customers/true', ready('True'));
    cluster.create({ userID: otherUserId }, { name: 'new' });
    cluster.create({ login: 'johndoe', tenantID: tenantId }, { name: 'gone' });
    fleet.remove('customers/gone');
    const since: [string, Priority][] = [];
    connectTriggers({ fleet, namespaces, accountObjects, verifier: noting(since) });
    expect(since).toEqual([
      ['customers/true', 'resync'],
      ['customers/new', 'change'],
    ]);
  });

  it('a request that was handled does not make it urgent', async () => {
    const asks = (key: string) => cluster.annotate(key, { 'upsell.acronis.com/requestedAt': 'x' });
    expect(await start({ ...ready('True'), lastHandledReconcileAt: 'x' }, asks)).toEqual([
      ['customers/john', 'resync'],
    ]);
  });
});

describe('others that name the same user', () => {
  let key: string;
  const peer = 'customers/peer';
  const wakes = () => asked().filter(([name]) => name === peer);
  beforeEach(() => {
    cluster.create({ userID: userId }, { name: 'peer' });
    key = cluster.create({ userID: userId }, { finalizers: ['other'] });
    asked();
  });

  it('are reconciled when a claim comes', () => {
    cluster.create({ userID: userId }, { name: 'third' });
    expect(wakes()).toEqual([[peer, 'retry']]);
  });

  it.each([
    ['is deleted', () => cluster.delete(key)],
    ['is gone', () => fleet.remove(key)],
    ['is suspended', () => cluster.edit(key, { suspend: true })],
    ['only observes from now on', () => cluster.edit(key, { managementPolicy: 'Observe' })],
    ['uses other credentials', () => cluster.edit(key, { credentialsSecretRef: { name: 'x' } })],
    ['names its tenant', () => cluster.edit(key, { tenantID: tenantId })],
    ['becomes unreadable', () => cluster.edit(key, { userID: 'nobody' })],
  ])('are reconciled when it %s', (_, change) => {
    change();
    expect(wakes()).toEqual([[peer, 'retry']]);
  });

  it('are reconciled once when it first shows that it reaches the user, and not with every later status', async () => {
    await writeStatus(key, ready('True'));
    expect(wakes()).toEqual([[peer, 'retry']]);
    await writeStatus(key, ready('False'));
    await writeStatus(key, { observedVersion: 7 });
    expect(wakes()).toEqual([]);
  });

  it('are reconciled when the user is not shown to it any more', async () => {
    await writeStatus(key, ready('True'));
    wakes();
    await writeStatus(key, { conditions: [{ ...pendingCondition, status: 'False', reason: 'UserNotFound' }] });
    expect(wakes()).toEqual([[peer, 'retry']]);
  });

  it('are reconciled when its account does not serve it any more, and when it does again', async () => {
    await writeStatus(key, ready('True'));
    asked();
    const { conditions } = ready('False');
    await writeStatus(key, { conditions: conditions.map((each) => ({ ...each, reason: 'AccountNotAllowed' })) });
    expect(wakes()).toEqual([[peer, 'retry']]);
    await writeStatus(key, ready('True'));
    expect(wakes()).toEqual([[peer, 'retry']]);
  });

  it('are left alone by edits that leave the claim as it was', () => {
    cluster.edit(key, { deletionPolicy: 'Revoke' });
    cluster.annotate(key, { 'upsell.acronis.com/requestedAt': 'now' });
    expect(wakes()).toEqual([]);
  });

  it('are found by a login too, as soon as it led to a user; the claimants of both users are woken by a login that moved on', async () => {
    cluster.create({ userID: otherUserId }, { name: 'other' });
    const byLogin = cluster.create({ login: 'johndoe', tenantID: tenantId }, { name: 'by-login' });
    asked();
    await writeStatus(byLogin, { userID: userId });
    expect(
      asked()
        .map(([name]) => name)
        .sort(),
    ).toEqual([key, peer].sort());
    await writeStatus(byLogin, { userID: otherUserId });
    expect(
      asked()
        .map(([name]) => name)
        .sort(),
    ).toEqual([key, 'customers/other', peer].sort());
  });
});

describe("a namespace's label", () => {
  const label = (tenant: string | undefined) =>
    namespaces.upsert({
      key: 'customers',
      namespace: '',
      tenantId: tenant,
      labels: tenant === undefined ? {} : { 'upsell.acronis.com/tenant-id': tenant },
    });

  it('asks for a reconcile of its objects, and no others, when it changes', () => {
    const here = cluster.create({ userID: userId });
    cluster.create({ userID: otherUserId }, { namespace: 'elsewhere' });
    label(undefined);
    asked();
    label(tenantId);
    expect(asked()).toEqual([[here, 'change']]);
    label(tenantId);
    expect(asked()).toEqual([]);
    label(undefined);
    expect(asked()).toEqual([[here, 'change']]);
  });

  it('another one than that of the tenant concerns only objects whose account selects by it', () => {
    cluster.create({ userID: otherUserId }, { name: 'own' });
    const here = cluster.create({ userID: userId, accountRef: { name: 'eu2' } });
    cluster.create({ userID: otherUserId, accountRef: { name: 'other' } }, { name: 'other' });
    const account = transformAccount({
      metadata: { namespace: 'acronis-system', name: 'eu2', uid: 'eu2', resourceVersion: '1' },
      spec: {
        credentialsSecretRef: { name: 'eu2' },
        allowedNamespaces: { from: 'Selector', selector: { matchLabels: { tier: 'gold' } } },
      },
    });
    if (account !== undefined) accountObjects.store.upsert(account);
    const tier = (labels: Record<string, string>) =>
      namespaces.upsert({ key: 'customers', namespace: '', tenantId: undefined, labels });
    tier({});
    expect(asked(), 'at first sight too').toContainEqual([here, 'change']);
    tier({ tier: 'gold' });
    expect(asked()).toEqual([[here, 'change']]);
    tier({ tier: 'gold', team: 'a' });
    expect(asked()).toEqual([]);
    tier({ team: 'a' });
    expect(asked()).toEqual([[here, 'change']]);
  });

  it.each(['NamespaceNotAllowed', 'AccountNotAllowed'])(
    'wakes what was refused as %s when the namespace becomes readable',
    async (reason) => {
      const refused = cluster.create({ userID: userId }, { name: 'refused' });
      cluster.create({ userID: otherUserId }, { name: 'fine' });
      const { conditions } = ready('False');
      await writeStatus(refused, {
        conditions: conditions.map((each) => ({ ...each, reason })),
      });
      asked();
      label(undefined);
      expect(asked()).toEqual([[refused, 'change']]);
    },
  );

  it('asks for nothing else when the namespace is first seen: an object that came before it asked for it itself', () => {
    cluster.create({ userID: userId });
    asked();
    label(tenantId);
    expect(asked()).toEqual([]);
  });
});
