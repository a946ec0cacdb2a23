import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../sandbox/seeded-random.ts';
import type { Problem } from '../../../../src/base/problem.ts';
import type { KubernetesClient } from '../../../../src/kubernetes/calls/client.ts';
import { KubernetesError } from '../../../../src/kubernetes/calls/errors.ts';
import {
  defaultLeaseDurations,
  type ElectionEnd,
  type ElectionOptions,
  elect,
  type Hold,
  LeaseLost,
} from '../../../../src/runtime/leaderelection/elector.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';
import { FakeLeaseServer, type Way } from './fake-lease-server.ts';

/** A process that takes part, with everything a test wants to know of it. */
class Replica {
  readonly way: Way & { readonly client: KubernetesClient };
  readonly log = new RecordedLog();
  readonly problems: (Problem | undefined)[] = [];
  readonly stop = new AbortController();
  leads = false;
  /** How long its work goes on after it was stopped. */
  drainMs = 0;
  holds: Hold | undefined;
  lost: unknown;
  end: ElectionEnd | undefined;
  readonly ended: Promise<void>;

  constructor(
    clock: ManualClock,
    server: FakeLeaseServer,
    identity: string,
    seed = 1,
    options: Partial<ElectionOptions> = {},
  ) {
    const way = server.way(identity);
    this.way = way;
    const lead = async (signal: AbortSignal, holds: Hold) => {
      this.holds = holds;
      this.leads = true;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      this.lost = signal.reason;
      if (this.drainMs > 0 && !(signal.reason instanceof LeaseLost))
        await clock.sleep(this.drainMs, new AbortController().signal);
      this.leads = false;
    };
    this.ended = elect(
      {
        client: way.client,
        namespace: 'system',
        name: 'lease',
        identity,
        durations: defaultLeaseDurations,
        clock,
        random: seededRandom(seed),
        log: this.log,
        metrics: { leading: () => {} },
        onProblem: (problem) => this.problems.push(problem),
        ...options,
      },
      lead,
      this.stop.signal,
    ).then((end) => {
      this.end = end;
    });
  }

  /** As SIGKILL does it: nothing more is sent, and nothing is reported. */
  kill(): void {
    this.way.cut = 'there';
    this.leads = false;
  }
}

let clock: ManualClock;
let server: FakeLeaseServer;

beforeEach(() => {
  clock = new ManualClock();
  server = new FakeLeaseServer(clock);
});

const replica = (identity: string, seed = 1, options: Partial<ElectionOptions> = {}) =>
  new Replica(clock, server, identity, seed, options);
const methods = () => server.calls.map(({ call }) => call.method);

describe('the first to come', () => {
  it('makes the lease, leads, and renews it every two seconds with one call', async () => {
    const one = replica('one');
    await settle();
    expect(one.leads).toBe(true);
    expect(methods()).toEqual(['GET', 'POST']);
    expect(server.spec).toEqual({
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-02T03:04:05.000000Z',
      renewTime: '2026-01-02T03:04:05.000000Z',
      leaseTransitions: 0,
    });
    await clock.advance(20_000);
    expect(methods()).toEqual(['GET', 'POST', ...Array.from({ length: 10 }, () => 'PUT')]);
    expect(server.spec).toMatchObject({
      acquireTime: '2026-01-02T03:04:05.000000Z',
      renewTime: '2026-01-02T03:04:25.000000Z',
    });
    expect(server.calls.every(({ call }) => call.timeoutMs === 5_000)).toBe(true);
  });

  it('releases the lease when it is stopped, after its work has ended, and renews it until then', async () => {
    const one = replica('one');
    await settle();
    one.drainMs = 30_000;
    one.stop.abort(new Error('SIGTERM'));
    await clock.advance(29_000);
    expect(one.leads).toBe(true);
    expect(server.spec['holderIdentity']).toBe('one');
    await clock.advance(1_000);
    await one.ended;
    expect(one.end).toEqual({ kind: 'stopped' });
    expect(server.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 });
    expect(clock.timers).toBe(0);
  });

  it('leaves what it does not know of the lease as it is', async () => {
    server.write({ holderIdentity: '', strategy: 'OldestEmulationVersion' });
    replica('one');
    await clock.advance(2_000);
    expect(server.spec).toMatchObject({
      holderIdentity: 'one',
      strategy: 'OldestEmulationVersion',
      leaseTransitions: 1,
    });
    expect(server.lease).toMatchObject({ metadata: { labels: { kept: 'yes' } } });
  });
});

describe('those who wait', () => {
  it('take over immediately when the lease is released', async () => {
    const one = replica('one');
    await settle();
    const two = replica('two', 2);
    await clock.advance(60_000);
    expect([one.leads, two.leads]).toEqual([true, false]);
    one.stop.abort();
    await clock.until(() => two.leads, 4_400);
    expect(server.spec).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 });
  });

  it('take over within twenty seconds when the leader is killed, and never before its lease has run out', async () => {
    for (let seed = 0; seed < 50; seed++) {
      clock = new ManualClock();
      server = new FakeLeaseServer(clock);
      const one = replica('one');
      await settle();
      const others = [replica('two', seed), replica('three', seed + 100)];
      await clock.advance(30_000 + seed * 41);
      one.kill();
      const renewedAt = Date.parse(String(server.spec['renewTime'])) - clock.wall();
      const killedAt = clock.now();
      await clock.until(() => others.some((other) => other.leads));
      expect(clock.now() - killedAt).toBeLessThan(20_000);
      expect(clock.now() - killedAt).toBeGreaterThanOrEqual(15_000 + renewedAt);
      expect(others.filter((other) => other.leads)).toHaveLength(1);
      for (const other of others) other.stop.abort();
    }
  });

  it('take over in that time too when the server has just asked them to wait for a minute (R7)', async () => {
    for (let seed = 0; seed < 20; seed++) {
      clock = new ManualClock();
      server = new FakeLeaseServer(clock);
      const one = replica('one');
      await settle();
      const two = replica('two', seed);
      await clock.advance(10_000 + seed * 97);
      two.way.refuses = new KubernetesError('busy', { status: 503, retryAfterMs: 60_000 });
      const killedAt = clock.now();
      one.kill();
      await clock.until(() => two.problems.length > 0);
      two.way.refuses = undefined;
      await clock.until(() => two.leads);
      // The read that was refused costs one wait.
      expect(clock.now() - killedAt).toBeLessThan(20_000 + 2_400);
      two.stop.abort();
    }
  });

  it('judge by when they saw the lease change, whatever its times and their clocks say', async () => {
    server.write({
      holderIdentity: 'another',
      leaseDurationSeconds: 15,
      renewTime: '1999-01-01T00:00:00.000000Z',
      leaseTransitions: 6,
    });
    const one = replica('one');
    await clock.advance(14_000);
    expect(one.leads).toBe(false);
    clock.jumpWall(86_400_000);
    server.write({ ...server.spec, renewTime: '1999-01-01T00:00:02.000000Z' });
    await clock.advance(14_000);
    expect(one.leads).toBe(false);
    await clock.advance(6_000);
    expect(one.leads).toBe(true);
    expect(server.spec).toMatchObject({ holderIdentity: 'one', leaseTransitions: 7 });
  });

  it("see by its version that it was renewed, even where the leader's clock jumped back to the time they saw last", async () => {
    const [one, two] = [replica('one'), replica('two')];
    await clock.until(() => server.calls.some(({ by, at }) => by === 'two' && at > 2_000));
    const seen = server.spec['renewTime'];
    two.way.cut = 'there';
    clock.jumpWall(-24_000);
    await clock.until(() => clock.now() > 20_000 && server.spec['renewTime'] === seen);
    one.kill();
    two.way.cut = 'no';
    await clock.advance(14_000);
    expect(two.leads).toBe(false);
    await clock.advance(6_000);
    expect(two.leads).toBe(true);
  });

  it('do not take a lease that was deleted before its time is over, since its holder may not know it', async () => {
    const one = replica('one');
    const two = replica('two', 2);
    await clock.advance(10_000);
    one.way.cut = 'there';
    server.lease = undefined;
    while (!two.leads) {
      await clock.advance(100);
      expect(one.leads && two.leads).toBe(false);
    }
    expect(one.end?.kind).toBe('lost');
  });

  it('respect the duration of the one who holds it', async () => {
    server.write({ holderIdentity: 'another', leaseDurationSeconds: 60, renewTime: 'x' });
    const one = replica('one');
    await clock.advance(59_000);
    expect(one.leads).toBe(false);
    await clock.advance(2_000);
    expect(one.leads).toBe(true);
  });

  it('leave without a trace, and without a call', async () => {
    server.write({ holderIdentity: 'another', leaseDurationSeconds: 15, renewTime: 'x' });
    const one = replica('one');
    await settle();
    const calls = server.calls.length;
    one.stop.abort();
    await one.ended;
    expect(one.end).toEqual({ kind: 'stopped' });
    expect(server.calls).toHaveLength(calls);
    expect(clock.timers).toBe(0);
  });

  it('ask at random times, so that they do not all ask together', async () => {
    server.write({ holderIdentity: 'another', leaseDurationSeconds: 3_600, renewTime: 'x' });
    replica('one');
    await clock.advance(300_000);
    const gaps = server.calls.slice(1).map(({ at }, i) => at - (server.calls[i]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(4_400);
    expect(new Set(gaps).size).toBeGreaterThan(50);
  });
});

describe('the leader', () => {
  it('gives up ten seconds after the last renewal that worked was sent, without waiting for its work', async () => {
    const one = replica('one');
    await clock.advance(7_000);
    one.way.cut = 'there';
    await clock.advance(8_999);
    expect(one.end).toBeUndefined();
    await clock.advance(1);
    expect(one.end?.kind).toBe('lost');
    expect(one.end).toMatchObject({ why: expect.stringContaining('could not be renewed for 10 s') });
    expect(one.lost).toBeInstanceOf(LeaseLost);
    expect(clock.timers).toBe(0);
    expect(server.spec['holderIdentity']).toBe('one');
  });

  it('counts from when the renewal was sent, not from when its response came', async () => {
    const one = replica('one');
    one.way.backMs = 1_500;
    // Leads at 1.5 s; renews from 3.5 s to 5 s.
    await clock.advance(6_000);
    expect(one.leads).toBe(true);
    one.way.cut = 'there';
    await clock.advance(7_499);
    expect(one.end).toBeUndefined();
    await clock.advance(1);
    expect(one.end?.kind).toBe('lost');
  });

  it('gives up in time even when a call hangs and never ends', async () => {
    const one = replica('one');
    await settle();
    one.way.thereMs = 3_600_000;
    await clock.advance(10_000);
    expect(one.end?.kind).toBe('lost');
  });

  it('gives up after a stall of the whole process, without a further write', async () => {
    const one = replica('one');
    await clock.advance(4_000);
    const calls = server.calls.length;
    await clock.stall(12_000);
    expect(one.end?.kind).toBe('lost');
    expect(server.calls).toHaveLength(calls);
  });

  it('knows after a stall that it holds the lease no longer, before any timer has said so', async () => {
    const one = replica('one');
    await clock.advance(4_000);
    expect(one.holds?.()).toBe(true);
    clock.pause(12_000);
    expect(one.end).toBeUndefined();
    expect(one.holds?.()).toBe(false);
  });

  it('a leader that could not renew in time holds nothing', async () => {
    const one = replica('one');
    await clock.advance(4_000);
    one.way.cut = 'there';
    await clock.until(() => one.end !== undefined);
    expect(one.holds?.()).toBe(false);
  });

  it('survives failures that are shorter, of every kind', async () => {
    const one = replica('one');
    await clock.advance(5_000);
    one.way.refuses = new KubernetesError('busy', { status: 429, reason: 'TooManyRequests' });
    await clock.advance(3_000);
    one.way.refuses = undefined;
    one.way.cut = 'back';
    await clock.advance(3_500);
    one.way.cut = 'no';
    await clock.advance(60_000);
    expect(one.leads).toBe(true);
    expect(one.problems.map((problem) => problem?.reason)).toEqual(['HTTP 429', 'NoResponse', undefined]);
  });

  it('gives up immediately when another holder has the lease', async () => {
    const one = replica('one');
    await settle();
    server.write({ ...server.spec, holderIdentity: 'another' });
    await clock.advance(2_000);
    expect(one.end).toEqual({ kind: 'lost', why: 'the lease is held by another now' });
    expect(server.spec['holderIdentity']).toBe('another');
  });

  it('gives up when the lease was emptied, since others may have acted meanwhile', async () => {
    const one = replica('one');
    await settle();
    server.write({ ...server.spec, holderIdentity: '' });
    await clock.advance(2_000);
    expect(one.end).toEqual({ kind: 'lost', why: 'another client emptied the lease' });
  });

  it('goes on when another writer edited or deleted the lease without taking it', async () => {
    const one = replica('one');
    await settle();
    server.write({ ...server.spec });
    await clock.advance(2_000);
    server.lease = undefined;
    await clock.advance(10_000);
    expect(one.leads).toBe(true);
    expect(server.spec['holderIdentity']).toBe('one');
  });

  it('releases the lease even when the response to its last renewal was lost', async () => {
    const one = replica('one');
    await clock.advance(1_999);
    one.way.backMs = 3_000;
    await clock.advance(500);
    one.stop.abort();
    await clock.advance(10_000);
    await one.ended;
    expect(server.spec['holderIdentity']).toBe('');
  });

  it('releases the lease although a renewal that was cut off arrives between its read and its write', async () => {
    const replica = new Replica(clock, server, 'a');
    await clock.until(() => replica.leads);
    const { client } = replica.way;
    const request = client.request.bind(client);
    let late = 1;
    client.request = async (call, signal) => {
      const answer = await request(call, signal);
      if (call.method === 'GET' && late-- > 0) server.write({ ...server.spec, renewTime: 'later' });
      return answer;
    };
    replica.stop.abort(new Error('stop'));
    await replica.ended;
    expect(server.spec['holderIdentity']).toBe('');
  });

  it('releases the lease at the second try when the first one meets a server in trouble', async () => {
    const replica = new Replica(clock, server, 'a');
    await clock.until(() => replica.leads);
    replica.way.refuses = new KubernetesError('busy', { status: 503 });
    replica.stop.abort(new Error('stop'));
    await settle();
    replica.way.refuses = undefined;
    await clock.advance(1_000);
    await replica.ended;
    expect(server.spec['holderIdentity']).toBe('');
  });

  it('ends in time when the lease cannot be released', async () => {
    const one = replica('one');
    await settle();
    one.way.cut = 'there';
    one.stop.abort();
    await clock.advance(5_000);
    expect(one.end).toEqual({ kind: 'stopped' });
    expect(one.log.at('warn')).toHaveLength(1);
  });

  it('holds it no longer by the time it is released, so that nothing left behind by its work is sent', async () => {
    const held: (boolean | undefined)[] = [];
    const way = server.way('one');
    let holds: Hold | undefined;
    const client: KubernetesClient = {
      ...way.client,
      request: (call, signal) => {
        held.push(holds?.());
        return way.client.request(call, signal);
      },
    };
    const failing = elect(
      {
        client,
        namespace: 'system',
        name: 'lease',
        identity: 'one',
        durations: defaultLeaseDurations,
        clock,
        random: seededRandom(1),
        log: new RecordedLog(),
        metrics: { leading: () => {} },
      },
      async (_signal, given) => {
        holds = given;
        throw new Error('no');
      },
      new AbortController().signal,
    );
    await expect(failing).rejects.toThrow('no');
    expect(methods()).toEqual(['GET', 'POST', 'GET', 'PUT']);
    expect(held).toEqual([undefined, undefined, false, false]);
  });

  it('releases the lease and passes on the error when its work fails', async () => {
    const way = server.way('one');
    const failing = elect(
      {
        client: way.client,
        namespace: 'system',
        name: 'lease',
        identity: 'one',
        durations: defaultLeaseDurations,
        clock,
        random: () => 0,
        log: new RecordedLog(),
        metrics: { leading: () => {} },
      },
      () => {
        throw new TypeError('no');
      },
      new AbortController().signal,
    );
    await expect(failing).rejects.toThrow('no');
    expect(server.spec['holderIdentity']).toBe('');
    expect(clock.timers).toBe(0);
  });
});

describe('what an elector says', () => {
  it('names the namespace when it does not exist, once, and goes on trying', async () => {
    server.namespaceExists = false;
    const one = replica('one');
    await clock.advance(20_000);
    expect(one.problems).toHaveLength(1);
    expect(one.problems[0]?.message).toMatch(/namespace system.*create it.*--leader-election-namespace/);
    server.namespaceExists = true;
    await clock.advance(5_000);
    expect(one.leads).toBe(true);
    expect(one.problems[1]).toBeUndefined();
  });

  it('names the verbs when it is not allowed', async () => {
    const one = replica('one');
    one.way.refuses = new KubernetesError('forbidden', { status: 403, reason: 'Forbidden' });
    await settle();
    expect(one.problems[0]?.message).toMatch(/get, create and update\s+on leases\.coordination\.k8s\.io/);
  });

  it('refuses durations that would let two lead at the same time', async () => {
    const wrong = replica('one', 1, { durations: { leaseMs: 10_000, renewDeadlineMs: 10_000, retryMs: 2_000 } });
    await expect(wrong.ended).rejects.toThrow(/lease duration \(10000 ms\) must be longer/);
  });
});

describe('any number of electors, over random faults', () => {
  it('never lead two at a time, and one leads again soon after the faults end', async () => {
    const fault = fc.record({
      who: fc.nat(2),
      thereMs: fc.constantFrom(0, 0, 10, 1_500, 6_000, 14_000, 40_000),
      backMs: fc.constantFrom(0, 0, 10, 1_500, 6_000),
      cut: fc.constantFrom<Way['cut']>('no', 'no', 'there', 'back'),
      forMs: fc.integer({ min: 0, max: 25_000 }),
      what: fc.constantFrom('nothing', 'nothing', 'stop', 'kill', 'jump the clock'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 25, size: 'max' }), fc.nat(), async (faults, seed) => {
        clock = new ManualClock();
        server = new FakeLeaseServer(clock);
        let born = 0;
        const replicas: Replica[] = [];
        const start = (at: number) => {
          born += 1;
          replicas[at] = replica(`replica ${at}, life ${born}`, seed + born);
        };
        for (let i = 0; i < 3; i++) start(i);
        const watchFor = async (ms: number) => {
          const until = clock.now() + ms;
          while (clock.now() < until) {
            await clock.advance(Math.min(clock.nextIn ?? ms, until - clock.now()) || 1);
            expect(replicas.filter((one) => one.leads).length).toBeLessThanOrEqual(1);
          }
        };
        for (const one of faults) {
          const hit = replicas[one.who];
          if (hit === undefined) continue;
          Object.assign(hit.way, { thereMs: one.thereMs, backMs: one.backMs, cut: one.cut });
          hit.drainMs = one.backMs;
          if (one.what === 'stop') hit.stop.abort();
          if (one.what === 'kill') hit.kill();
          if (one.what === 'jump the clock') clock.jumpWall(one.forMs * 1_000 - 10_000_000);
          await watchFor(one.forMs);
          if (hit.end !== undefined || one.what === 'kill') {
            hit.stop.abort();
            start(one.who);
          }
        }
        for (const one of replicas) Object.assign(one.way, { thereMs: 0, backMs: 0, cut: 'no' });
        for (let i = 0; i < 3; i++) if (replicas[i]?.end !== undefined) start(i);
        await watchFor(60_000);
        for (let i = 0; i < 3; i++) if (replicas[i]?.end !== undefined) start(i);
        await watchFor(30_000);
        expect(replicas.filter((one) => one.leads)).toHaveLength(1);
        for (const one of replicas) one.stop.abort();
        await clock.advance(100_000);
        expect(clock.timers).toBe(0);
      }),
      { numRuns: 150 },
    );
  }, 30_000);
});
