import { expect, it, onTestFinished } from 'vitest';
import { createWatch } from '../../../../src/fleet/cache/cache.ts';
import type { KubernetesClient } from '../../../../src/kubernetes/calls/client.ts';
import { KubernetesError } from '../../../../src/kubernetes/calls/errors.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { quietLog, quietMetrics } from '../../../support/quiet.ts';

/** An API server that does streaming lists of no namespace, shows empty lists, and refuses some namespaces. */
function setup(namespaces: readonly string[]) {
  const clock = new ManualClock();
  const refused = new Set<string>();
  const hanging = new Set<string>();
  /** The status with which AcronisAccounts are answered; 0: they are listed. */
  const noAccounts = { status: 0 };
  const namespaceOf = (path: string) => /namespaces\/([^/?]+)/.exec(path)?.[1] ?? '';
  const forbidden = () => new KubernetesError('forbidden', { status: 403, reason: 'Forbidden' });
  const untilAborted = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
  const client: KubernetesClient = {
    async request({ path }, signal) {
      if (hanging.has(namespaceOf(path))) {
        await clock.sleep(30_000, signal);
        throw new KubernetesError('no response', { reason: 'TimedOut' });
      }
      if (refused.has(namespaceOf(path))) throw forbidden();
      if (path.includes('acronisaccounts') && noAccounts.status > 0)
        throw new KubernetesError('no such kind', { status: noAccounts.status, reason: 'NotFound' });
      if (!/tenantuserupsells|acronisaccounts/.test(path)) return { metadata: { name: namespaceOf(path) } };
      return { metadata: { resourceVersion: '1' }, items: [] };
    },
    watch({ path, query }, _listener, signal) {
      if (hanging.has(namespaceOf(path))) return untilAborted(signal);
      if (refused.has(namespaceOf(path))) return Promise.reject(forbidden());
      if (query?.['sendInitialEvents'] !== undefined)
        return Promise.reject(new KubernetesError('no streaming lists', { status: 422, reason: 'Invalid' }));
      return untilAborted(signal);
    },
  };
  const watch = createWatch({
    namespaces,
    labelSelector: undefined,
    accountNamespace: 'acronis-system',
    client,
    clock,
    random: () => 0,
    log: quietLog,
    metrics: quietMetrics.reflector,
  });
  let synced = false;
  void watch.synced.then(() => {
    synced = true;
  });
  const run = () => {
    const stop = new AbortController();
    const running = watch.run(stop.signal);
    onTestFinished(async () => {
      stop.abort(new Error('stop'));
      await clock.advance(0);
      await running;
    });
  };
  return { clock, refused, hanging, noAccounts, watch, run, synced: () => synced };
}

it('a listed namespace that the API server does not show holds up no other one, is named, and is served once it is shown', async () => {
  const { clock, refused, watch, run, synced } = setup(['la', 'lb']);
  refused.add('lb');
  run();
  await clock.advance(10_000);
  expect(synced()).toBe(true);
  expect(watch.problem()).toBeUndefined();
  expect(watch.unserved()).toEqual([{ namespace: 'lb', why: expect.stringContaining('in namespace lb') }]);
  refused.clear();
  await clock.until(() => watch.unserved().length === 0, 10 * 60_000);
});

it('where none of them is shown, the caches are not synced, and the problem is said', async () => {
  const { clock, refused, watch, run, synced } = setup(['la', 'lb']);
  for (const each of ['la', 'lb']) refused.add(each);
  run();
  await clock.advance(60_000);
  expect(synced()).toBe(false);
  expect(watch.problem()).toContain('does not allow');
});

it('listed namespaces whose lists hang stop the list of no other one: it is served within a minute, and they as soon as they respond', async () => {
  const { clock, hanging, watch, run, synced } = setup(['h1', 'h2', 'h3', 'h4', 'h5', 'well']);
  for (const each of ['h1', 'h2', 'h3', 'h4', 'h5']) hanging.add(each);
  run();
  await clock.advance(61_000);
  expect(synced()).toBe(true);
  expect(watch.problem()).toBeUndefined();
  expect(watch.unserved().map(({ namespace }) => namespace)).toEqual([...hanging]);
  expect(watch.unserved()[0]?.why).toMatch(/tenantuserupsells/);
  hanging.clear();
  await clock.until(() => watch.unserved().length === 0, 10 * 60_000);
});

it('a CRD of AcronisAccounts that is not there holds up the start for ten seconds alone, and is read as soon as it is', async () => {
  const { clock, noAccounts, watch, run, synced } = setup(['la']);
  noAccounts.status = 404;
  run();
  await clock.advance(5_000);
  expect(synced()).toBe(false);
  await clock.advance(6_000);
  expect(synced()).toBe(true);
  expect(watch.problem()).toBeUndefined();
  expect(watch.accounts.isSynced()).toBe(false);
  expect(watch.accountsProblem()).toContain('acronisaccounts');
  noAccounts.status = 0;
  await clock.until(() => watch.accounts.isSynced(), 10 * 60_000);
});
