import { beforeEach, describe, expect, it } from 'vitest';
import {
  createNamespaceStore,
  type NamespaceStore,
  transformNamespace,
} from '../../../../src/fleet/cache/namespaces.ts';
import { createFleet } from '../../../../src/fleet/cache/objects.ts';
import { guardOf } from '../../../../src/fleet/tenancy/guard.ts';
import { quietLog } from '../../../support/quiet.ts';
import { tenantId } from '../../controllers/upsell/fake-acronis.ts';
import { FakeCluster, failing } from '../../controllers/upsell/fake-cluster.ts';

const labelled = { 'upsell.acronis.com/tenant-id': tenantId };
const never = new AbortController().signal;
let cluster: FakeCluster;
let store: NamespaceStore;
beforeEach(() => {
  cluster = new FakeCluster(createFleet(quietLog));
  store = createNamespaceStore(quietLog);
});
const guard = (requireLabel = false) => guardOf('customers', { store, client: cluster, requireLabel }, never);

describe('the guard of a namespace', () => {
  it.each([
    ['without a label', {}, false, { kind: 'any' }],
    ['without a label where one is demanded', {}, true, { kind: 'none' }],
    ['with a label', labelled, false, { kind: 'tenant', tenantId }],
    ['with a label where one is demanded', labelled, true, { kind: 'tenant', tenantId }],
    [
      'with an empty label, which allows no user',
      { 'upsell.acronis.com/tenant-id': '' },
      false,
      { kind: 'tenant', tenantId: '' },
    ],
    ['with other labels', { team: 'x' }, true, { kind: 'none' }],
  ])('%s', async (_, labels, requireLabel, expected) => {
    cluster.namespaces.set('customers', labels);
    expect(await guard(requireLabel), 'asked for').toEqual(expected);
    const known = transformNamespace({ metadata: { name: 'customers', labels } });
    if (known !== undefined) store.upsert(known);
    const calls = cluster.calls.length;
    expect(await guard(requireLabel), 'from the cache').toEqual(expected);
    expect(cluster.calls).toHaveLength(calls);
  });

  it.each([403, 404])('that responds with %s lets no object through', async (status) => {
    cluster.fail(
      () => true,
      () => failing(status),
    );
    expect(await guard()).toEqual({ kind: 'unreadable' });
  });

  it('is asked for once, however many objects wait for it', async () => {
    cluster.namespaces.set('customers', labelled);
    const guards = await Promise.all(Array.from({ length: 100 }, () => guard()));
    for (const each of guards) expect(each).toEqual({ kind: 'tenant', tenantId });
    expect(cluster.calls).toHaveLength(1);
  });

  it('that cannot be asked for just now is a fault, not a missing label', async () => {
    cluster.fail(
      () => true,
      () => failing(500),
    );
    await expect(guard()).rejects.toThrow('HTTP 500');
  });

  it('whose response is something else is a fault, not a missing label', async () => {
    cluster.request = async () => ({ kind: 'Surprise' });
    await expect(guard()).rejects.toThrow('no namespace');
  });
});
