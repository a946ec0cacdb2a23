import { beforeEach, expect, test } from 'vitest';
import type { KubernetesCall } from '../../../../src/kubernetes/calls/client.ts';
import { KubernetesError } from '../../../../src/kubernetes/calls/errors.ts';
import { createRefusalMonitor } from '../../../../src/kubernetes/calls/refusal-monitor.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';
import { always } from '../../../support/signal.ts';

const rbac = new KubernetesError(
  'PATCH: 403 Forbidden: User "op" cannot patch resource "tenantuserupsells/status" in API group "upsell.acronis.com"',
  { status: 403, reason: 'Forbidden' },
);
const patch = (name: string, namespace = 'a'): KubernetesCall => ({
  method: 'PATCH',
  path: `/apis/upsell.acronis.com/v1alpha1/namespaces/${namespace}/tenantuserupsells/${name}/status`,
});

let refuses: KubernetesError | undefined;
let sent: number;
let clock: ManualClock;
let log: RecordedLog;
const monitored = () => {
  const client = {
    request: async () => {
      sent += 1;
      if (refuses !== undefined) throw refuses;
      return 'done';
    },
    watch: async () => {},
  };
  return createRefusalMonitor(client, clock, log);
};
beforeEach(() => {
  refuses = rbac;
  sent = 0;
  clock = new ManualClock();
  log = new RecordedLog();
});

test('a right that is missing for 300 objects is warned of once, tried now and then, and said by readiness', async () => {
  const { client, problem } = monitored();
  expect(problem()).toBeUndefined();
  for (let second = 0; second < 30; second++) {
    for (let i = 0; i < 300; i++)
      await expect(client.request(patch(`object-${i}`), always())).rejects.toMatchObject({ status: 403 });
    await clock.advance(1_000);
  }
  expect(sent).toBeLessThanOrEqual(6);
  expect(log.at('warn')).toHaveLength(1);
  expect(problem()).toContain('patch tenantuserupsells/status in namespace a');
  expect(problem()).not.toContain('object-');

  refuses = undefined;
  await clock.advance(30_000);
  expect(await client.request(patch('object-1'), always())).toBe('done');
  expect(problem()).toBeUndefined();
  for (let i = 0; i < 300; i++) await client.request(patch(`object-${i}`), always());
  expect(log.lines.filter(({ level }) => level === 'info')).toHaveLength(1);
});

test('what is refused in one namespace is not held back in another, nor is a read', async () => {
  const { client } = monitored();
  await client.request(patch('one'), always()).catch(() => {});
  refuses = undefined;
  expect(await client.request(patch('one', 'b'), always())).toBe('done');
  expect(await client.request({ ...patch('one'), method: 'GET' }, always())).toBe('done');
  await expect(client.request(patch('two'), always())).rejects.toBe(rbac);
});

test('what a webhook refuses for one object is tried for each', async () => {
  refuses = new KubernetesError('PATCH: 403 Forbidden: admission webhook "x" denied the request', {
    status: 403,
    reason: 'Forbidden',
  });
  const { client, problem } = monitored();
  for (let i = 0; i < 10; i++) await client.request(patch(`object-${i}`), always()).catch(() => {});
  expect(sent).toBe(10);
  expect(problem()).toBeUndefined();
});

test('a right that nothing has needed for long, since its objects are gone, is no problem any more', async () => {
  const { client, problem } = monitored();
  await client.request(patch('one'), always()).catch(() => {});
  await client.request(patch('one', 'b'), always()).catch(() => {});
  await clock.advance(20 * 60_000);
  await client.request(patch('one', 'b'), always()).catch(() => {});
  expect(problem()).toContain('(and 1 more)');
  await clock.advance(11 * 60_000);
  expect(problem()).toContain('in namespace b:');
  await clock.advance(20 * 60_000);
  expect(problem()).toBeUndefined();
});

test.each([404, 409])('a response of %i to the call that tries shows that the right is there', async (status) => {
  const { client, problem } = monitored();
  await client.request(patch('one'), always()).catch(() => {});
  refuses = new KubernetesError(`PATCH: ${status}`, { status, reason: 'Said' });
  await clock.advance(2_000);
  await expect(client.request(patch('one'), always())).rejects.toBe(refuses);
  expect(problem()).toBeUndefined();
  refuses = undefined;
  expect(await client.request(patch('two'), always())).toBe('done');
});
