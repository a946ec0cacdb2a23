import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createFleet } from '../../../../src/fleet/cache/objects.ts';
import {
  createNamespaceStore,
  guardOf,
  type NamespaceStore,
  pollNamespaces,
  transformNamespace,
} from '../../../../src/fleet/tenancy/namespaces.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { quietLog } from '../../../support/quiet.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';
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

describe('listed namespaces', () => {
  const start = () => {
    const clock = new ManualClock();
    const log = new RecordedLog();
    const stop = new AbortController();
    const end = pollNamespaces(['customers', 'partners'], { store, client: cluster, clock, log }, stop.signal);
    const stopped = async () => {
      stop.abort(new Error('stop'));
      await end;
    };
    onTestFinished(stopped);
    return { clock, log, stopped };
  };
  const label = (name: string) => store.get(name)?.tenantId;
  const rounds = async (clock: ManualClock, count: number) => {
    for (let round = 0; round < count; round++) await clock.advance(clock.nextIn ?? 0);
  };

  it('are asked for immediately and again, so that a changed label is seen', async () => {
    cluster.namespaces.set('partners', {});
    const { clock } = start();
    await clock.advance(0);
    expect([store.size, label('customers')]).toEqual([2, undefined]);
    cluster.namespaces.set('customers', labelled);
    await rounds(clock, 1);
    expect(label('customers')).toBe(tenantId);
  });

  it('are asked for concurrently: one that hangs holds up no other', async () => {
    cluster.namespaces.set('customers', {}).set('partners', labelled);
    const request = cluster.request.bind(cluster);
    cluster.request = (call, signal) =>
      call.path.endsWith('/customers')
        ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
        : request(call, signal);
    const { clock } = start();
    await clock.advance(0);
    expect(label('partners')).toBe(tenantId);
    cluster.namespaces.set('partners', {});
    await clock.advance(10_000);
    expect(label('partners')).toBeUndefined();
  });

  it('that are gone are forgotten, and come back', async () => {
    cluster.namespaces.set('partners', labelled);
    const { clock, log } = start();
    await clock.advance(0);
    cluster.namespaces.delete('partners');
    await rounds(clock, 1);
    expect([...store.keys()]).toEqual(['customers']);
    cluster.namespaces.set('partners', labelled);
    await rounds(clock, 1);
    expect(label('partners')).toBe(tenantId);
    expect(log.lines).toEqual([]);
  });

  it('that cannot be read keep their last label; the log says so once, and when it is over', async () => {
    cluster.namespaces.set('customers', labelled).set('partners', {});
    const { clock, log } = start();
    await clock.advance(0);
    cluster.fail(
      ({ path }) => path.endsWith('/customers'),
      () => failing(500),
      3,
    );
    await rounds(clock, 3);
    expect(label('customers')).toBe(tenantId);
    expect(log.lines.map(({ level, fields }) => [level, fields['namespace']])).toEqual([['warn', 'customers']]);
    await rounds(clock, 1);
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  it('are left alone when it is stopped', async () => {
    const { clock, stopped } = start();
    await clock.advance(0);
    await stopped();
    expect(clock.timers).toBe(0);
  });
});

it('what is not a namespace has no transform', () => {
  for (const raw of [undefined, {}, { metadata: {} }, 'x']) expect(transformNamespace(raw)).toBeUndefined();
});
