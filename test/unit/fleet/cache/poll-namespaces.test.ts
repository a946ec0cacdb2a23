import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createNamespaceStore, type NamespaceStore } from '../../../../src/fleet/cache/namespaces.ts';
import { createFleet } from '../../../../src/fleet/cache/objects.ts';
import { pollNamespaces } from '../../../../src/fleet/cache/poll-namespaces.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { quietLog } from '../../../support/quiet.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';
import { tenantId } from '../../controllers/upsell/fake-acronis.ts';
import { FakeCluster, failing } from '../../controllers/upsell/fake-cluster.ts';

const labelled = { 'upsell.acronis.com/tenant-id': tenantId };
let cluster: FakeCluster;
let store: NamespaceStore;
beforeEach(() => {
  cluster = new FakeCluster(createFleet(quietLog));
  store = createNamespaceStore(quietLog);
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
