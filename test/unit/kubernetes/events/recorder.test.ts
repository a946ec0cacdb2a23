import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { KubernetesCall, KubernetesClient } from '../../../../src/kubernetes/calls/client.ts';
import { KubernetesError } from '../../../../src/kubernetes/calls/errors.ts';
import { createEventRecorder } from '../../../../src/kubernetes/events/recorder.ts';
import type { EventSubject } from '../../../../src/kubernetes/events/subject.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';
import { always } from '../../../support/signal.ts';

const subject: EventSubject = {
  apiVersion: 'upsell.acronis.com/v1alpha1',
  kind: 'TenantUserUpsell',
  namespace: 'team-a',
  name: 'ada',
  uid: 'u-1',
  resourceVersion: '7',
};

function setup(response: (call: KubernetesCall, signal: AbortSignal) => Promise<unknown> = async () => ({})) {
  const calls: KubernetesCall[] = [];
  const client: KubernetesClient = {
    request(call, signal) {
      calls.push(call);
      return response(call, signal);
    },
    watch() {
      throw new Error('not asked for');
    },
  };
  const clock = new ManualClock();
  const log = new RecordedLog();
  const count = { dropped: 0 };
  const metrics = { eventDropped: () => void count.dropped++ };
  const recorder = createEventRecorder({
    client,
    clock,
    random: () => 0,
    log,
    metrics,
    component: 'acronis-upsell-operator',
    instance: 'pod-1',
  });
  return { recorder, calls, clock, log, count };
}

const named = z.object({ metadata: z.object({ name: z.string() }) });

describe('an event', () => {
  test('is a core/v1 Event on the object, in its namespace', async () => {
    const { recorder, calls } = setup();
    recorder.normal(subject, 'BuyerAssigned', 'The user is a buyer now.');
    await recorder.flush(always());
    expect(calls).toEqual([
      {
        method: 'POST',
        path: '/api/v1/namespaces/team-a/events',
        body: {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name: expect.stringMatching(/^ada\.[0-9a-f]+$/), namespace: 'team-a' },
          involvedObject: {
            apiVersion: 'upsell.acronis.com/v1alpha1',
            kind: 'TenantUserUpsell',
            namespace: 'team-a',
            name: 'ada',
            uid: 'u-1',
            resourceVersion: '7',
          },
          type: 'Normal',
          reason: 'BuyerAssigned',
          message: 'The user is a buyer now.',
          count: 1,
          firstTimestamp: '2026-01-02T03:04:05Z',
          lastTimestamp: '2026-01-02T03:04:05Z',
          source: { component: 'acronis-upsell-operator' },
          reportingComponent: 'acronis-upsell-operator',
          reportingInstance: 'pod-1',
        },
      },
    ]);
  });

  test('has a name of its own and fits the limits, whatever the object is called', async () => {
    const { recorder, calls } = setup();
    const long = { ...subject, name: 'n'.repeat(253) };
    recorder.warning(long, 'Rejected', `a${'€'.repeat(2_000)}`);
    recorder.warning(long, 'Rejected', 'b');
    await recorder.flush(always());
    const names = calls.map((call) => named.parse(call.body).metadata.name);
    expect(new Set(names).size).toBe(2);
    expect(names.every((name) => name.length === 253)).toBe(true);
    const { message } = z.object({ message: z.string() }).parse(calls[0]?.body);
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1_024);
    expect(message).toMatch(/^a€+…$/);
  });
});

describe('recording', () => {
  test('never waits: a burst is sent one by one, and what is above the allowance is dropped and counted', async () => {
    let underWay = 0;
    let most = 0;
    const { recorder, calls, clock, count } = setup(async () => {
      most = Math.max(most, ++underWay);
      await settle();
      underWay--;
    });
    for (let event = 0; event < 150; event++) recorder.normal(subject, 'R', 'm');
    expect(count.dropped).toBe(50);
    recorder.warning(subject, 'W', 'bad news has an allowance of its own');
    await recorder.flush(always());
    expect(calls).toHaveLength(101);
    expect(most).toBe(1);
    await clock.advance(1_000);
    for (let event = 0; event < 20; event++) recorder.normal(subject, 'R', 'm');
    expect(count.dropped).toBe(60);
  });

  test('an overloaded server is asked again, as late as it wants, and then no more', async () => {
    const { recorder, calls, clock, count } = setup(async () => {
      throw new KubernetesError('busy', { status: 429, retryAfterMs: 7_000 });
    });
    recorder.normal(subject, 'R', 'm');
    await clock.advance(6_999);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(calls).toHaveLength(2);
    await clock.advance(7_000);
    expect(calls).toHaveLength(3);
    await recorder.flush(always());
    expect(count.dropped).toBe(1);
    expect(clock.timers).toBe(0);
  });

  test.each([
    ['gone', new KubernetesError('namespaces "team-a" not found', { status: 404, reason: 'NotFound' })],
    [
      'going away',
      new KubernetesError('unable to create new content in namespace team-a because it is being terminated', {
        status: 403,
        reason: 'Forbidden',
      }),
    ],
  ])('a namespace that is %s is no error', async (_name, error) => {
    const { recorder, log, count } = setup(async () => {
      throw error;
    });
    recorder.normal(subject, 'R', 'm');
    await recorder.flush(always());
    expect(count.dropped).toBe(0);
    expect(log.lines).toEqual([]);
  });

  test('a missing right is said once', async () => {
    const { recorder, log, count } = setup(async () => {
      throw new KubernetesError('cannot create resource "events"', { status: 403, reason: 'Forbidden' });
    });
    for (let event = 0; event < 3; event++) recorder.normal(subject, 'R', 'm');
    await recorder.flush(always());
    expect(count.dropped).toBe(3);
    expect(log.lines.filter((line) => line.level === 'warn')).toHaveLength(1);
  });

  test('no fault of the client gets out', async () => {
    const { recorder, count } = setup(() => Promise.reject('not even an Error'));
    recorder.normal(subject, 'R', 'm');
    await recorder.flush(always());
    expect(count.dropped).toBe(1);
  });
});

describe('flush', () => {
  test('drops what is left when its time is over, and does not reject', async () => {
    const { recorder, calls, count } = setup(
      (_call, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    for (let event = 0; event < 5; event++) recorder.normal(subject, 'R', 'm');
    const late = new AbortController();
    const flushed = recorder.flush(late.signal);
    late.abort(new Error('late'));
    await flushed;
    expect(calls).toHaveLength(1);
    expect(count.dropped).toBe(5);
  });
});
