import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../sandbox/seeded-random.ts';
import { Semaphore } from '../../../../src/base/concurrency/semaphore.ts';
import type { KubernetesClient } from '../../../../src/kubernetes/calls/client.ts';
import type { WatchEvent } from '../../../../src/kubernetes/watch/protocol.ts';
import type { ReflectorOptions } from '../../../../src/runtime/reflector/options.ts';
import { Reflector } from '../../../../src/runtime/reflector/reflector.ts';
import { Store } from '../../../../src/runtime/store/store.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';
import { FakeApiServer } from '../fake-api-server.ts';
import { RecordedControllerMetrics } from '../recording.ts';
import { type Thing, things, transform } from '../things.ts';

let clock: ManualClock;
let server: FakeApiServer;
let log: RecordedLog;
let metrics: RecordedControllerMetrics;
let store: Store<Thing>;
let stop: AbortController;
let running: Promise<void> | undefined;

beforeEach(() => {
  clock = new ManualClock();
  server = new FakeApiServer(clock);
  log = new RecordedLog();
  metrics = new RecordedControllerMetrics();
  store = new Store<Thing>({ log });
  stop = new AbortController();
  running = undefined;
  server.set('a', 'one', 1);
  server.set('a', 'two', 2);
  server.set('b', 'one', 3);
});

/** Every test ends here: whatever happened, it stops when it is aborted, and leaves nothing behind. */
afterEach(async () => {
  stop.abort();
  await running;
  await settle();
  expect(clock.timers).toBe(0);
});

function reflect(options: Partial<ReflectorOptions<Thing>> = {}): Reflector<Thing> {
  const reflector = new Reflector<Thing>({
    client: server,
    resource: things,
    store,
    transform,
    clock,
    random: seededRandom(1),
    log,
    metrics,
    ...options,
  });
  running ??= reflector.run(stop.signal);
  return reflector;
}

const kept = () => new Map([...store.values()].map((thing) => [thing.key, thing.value]));
const truth = () => new Map([...server.objects].map(([key, object]) => [key, object.spec.value]));
const kinds = () => server.calls.map((call) => (call.query['sendInitialEvents'] ? 'stream' : call.kind));
const warned = () => log.at('warn').map((line) => line.fields['reason']);
const backInTouch = () => log.lines.filter((line) => line.message === 'in touch with the API server again').length;
const last = () => server.calls.at(-1)?.query ?? {};

describe('a reflector where all goes well', () => {
  it('brings the collection by a streaming list, and goes on watching on the same stream', async () => {
    const reflector = reflect();
    expect(reflector.hasSynced).toBe(false);
    await reflector.synced;
    expect(kept()).toEqual(truth());
    expect(reflector.healthy).toBe(true);
    server.set('a', 'one', 10);
    server.set('c', 'new', 11);
    server.delete('b', 'one');
    await settle();
    expect(kept()).toEqual(truth());
    expect(server.calls).toHaveLength(1);
    expect(last()).toMatchObject({
      watch: 'true',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
    });
    expect(last()['resourceVersion']).toBeUndefined();
    expect(metrics.lists).toEqual([3]);
  });

  it('changes the store only when the list is complete', async () => {
    server.faults = [{ kind: 'cut', after: 2 }];
    reflect();
    await settle();
    expect(store.size).toBe(0);
    await clock.advance(1_000);
    expect(kept()).toEqual(truth());
  });

  it('asks the server to end each watch after five to ten minutes, and opens the next one immediately from the last version', async () => {
    reflect();
    await clock.advance(3_600_000);
    const watches = server.calls.slice(1).filter((call) => call.kind === 'watch');
    expect(watches.length).toBeGreaterThanOrEqual(5);
    expect(watches.length).toBeLessThanOrEqual(12);
    for (const { query } of watches) {
      expect(Number(query['timeoutSeconds'])).toBeGreaterThanOrEqual(300);
      expect(Number(query['timeoutSeconds'])).toBeLessThan(600);
    }
    expect(watches.every((watch) => watch.query['resourceVersion'] === 'v2vx')).toBe(true);
    expect(metrics.failures).toEqual([]);
    expect(log.at('warn')).toEqual([]);
  });

  it('moves its version forward with bookmarks, and sees nothing twice', async () => {
    reflect({ lists: new Semaphore(1) });
    await clock.advance(61_000);
    server.set('a', 'two', 20);
    await settle();
    await clock.advance(60_000);
    const before = server.calls.length;
    server.cut();
    const events = metrics.events;
    await clock.advance(1_000);
    expect(server.calls).toHaveLength(before + 1);
    expect(metrics.events).toBe(events);
  });

  it('passes selectors and the namespace on, to lists and to watches', async () => {
    server.streamsLists = false;
    reflect({ namespace: 'a b', labelSelector: 'shard=1' });
    await clock.advance(0);
    expect(server.calls.length).toBeGreaterThanOrEqual(3);
    for (const call of server.calls) {
      expect(call.path).toBe('/apis/example.com/v1/namespaces/a%20b/things');
      expect(call.query).toMatchObject({ labelSelector: 'shard=1' });
    }
  });

  it('replaces only its own namespace', async () => {
    store.upsert({ key: 'z/kept', namespace: 'z', value: 1 });
    server.objects.delete('b/one');
    reflect({ namespace: 'a' });
    await settle();
    expect([...store.keys()].sort()).toEqual(['a/one', 'a/two', 'z/kept']);
  });

  it('waits for its turn to list, and gives the turn on when the list is complete', async () => {
    const lists = new Semaphore(1);
    const release = await lists.acquire(stop.signal);
    reflect({ lists });
    await clock.advance(60_000);
    expect(server.calls).toEqual([]);
    release();
    await settle();
    expect(store.size).toBe(3);
    await lists.acquire(AbortSignal.timeout(1_000));
  });
});

describe('a reflector at a server without streaming lists', () => {
  it('lists in pages immediately where they are refused, and remembers it', async () => {
    server.streamsLists = false;
    for (let i = 0; i < 1_200; i++) server.set('many', `thing-${i}`, i);
    const reflector = reflect();
    await clock.advance(0);
    expect(reflector.hasSynced).toBe(true);
    expect(kinds()).toEqual(['stream', 'list', 'list', 'list', 'watch']);
    expect(server.calls[1]?.query).toEqual({ limit: '500' });
    expect(server.calls[2]?.query['continue']).toBeDefined();
    expect(kept()).toEqual(truth());
    server.cut();
    server.compact();
    await clock.advance(60_000);
    expect(metrics.lists).toHaveLength(2);
    expect(kinds().filter((kind) => kind === 'stream')).toHaveLength(1);
  });

  it('lists in pages where they are ignored and the end of the list never comes', async () => {
    server.ignoresStreamingLists = true;
    server.sendsBookmarks = false;
    const reflector = reflect();
    await clock.advance(30_000);
    expect(reflector.hasSynced).toBe(false);
    await clock.advance(60_000);
    expect(reflector.hasSynced).toBe(true);
    expect(kinds()).toEqual(['stream', 'list', 'watch']);
  });

  it('lists by stream again ten minutes after a balancer cut one off (R9)', async () => {
    server.faults = [{ kind: 'end', after: 1 }];
    reflect();
    await clock.advance(10_000);
    expect(kinds()).toEqual(['stream', 'list', 'watch']);
    await clock.advance(590_000);
    server.calls.length = 0;
    server.compact();
    server.cut();
    await clock.advance(10_000);
    expect(kinds()).toContain('stream');
    expect(kinds()).not.toContain('list');
    expect(kept()).toEqual(truth());
  });

  it('lists in pages when streaming lists break twice', async () => {
    server.faults = [
      { kind: 'cut', after: 1 },
      { kind: 'status', status: 500 },
    ];
    reflect();
    await clock.advance(10_000);
    expect(kinds()).toEqual(['stream', 'stream', 'list', 'watch']);
    expect(kept()).toEqual(truth());
  });

  it('keeps to streaming lists when the server is only down, overloaded or not yet open to it', async () => {
    server.faults = [
      { kind: 'unreachable' },
      { kind: 'unreachable' },
      { kind: 'status', status: 503 },
      { kind: 'status', status: 429 },
      { kind: 'status', status: 403 },
      { kind: 'status', status: 401 },
      { kind: 'status', status: 404 },
    ];
    reflect();
    await clock.until(() => store.size === 3);
    expect(new Set(kinds())).toEqual(new Set(['stream']));
  });

  it('starts the list again, with larger pages, when the server forgets it between two pages', async () => {
    server.streamsLists = false;
    for (let i = 0; i < 700; i++) server.set('many', `thing-${i}`, i);
    server.faults = [{ kind: 'none' }, { kind: 'none' }, { kind: 'status', status: 410, reason: 'Expired' }];
    reflect();
    await clock.advance(10_000);
    expect(server.calls.filter((call) => call.kind === 'list').map((call) => call.query['limit'])).toEqual([
      '500',
      '500',
      '1000',
    ]);
    expect(kept()).toEqual(truth());
  });

  it('does not take anything else for a list', async () => {
    server.streamsLists = false;
    server.faults = [{ kind: 'none' }, { kind: 'garbage' }];
    store.upsert({ key: 'z/kept', namespace: 'z', value: 1 });
    reflect();
    await settle();
    expect(store.size).toBe(1);
    await clock.advance(5_000);
    expect(kept()).toEqual(truth());
  });
});

describe('a watch that ends', () => {
  const watching = async (options: Partial<ReflectorOptions<Thing>> = {}) => {
    const reflector = reflect(options);
    await clock.advance(10_000);
    server.calls.length = 0;
    return reflector;
  };
  it('is resumed from the last event when the connection is cut, without a list', async () => {
    await watching();
    server.set('a', 'one', 10);
    await settle();
    server.cut();
    server.set('a', 'two', 20);
    server.delete('b', 'one');
    await settle();
    expect(kept()).not.toEqual(truth());
    await clock.advance(1_000);
    expect(kinds()).toEqual(['watch']);
    expect(kept()).toEqual(truth());
  });

  it.each(['status', 'event', 'close'] as const)(
    'leads to a new list when the version is too old, as said by %s, and what was missed meanwhile is made good',
    async (form) => {
      server.expired = form;
      await watching();
      server.cut();
      server.delete('a', 'one');
      server.set('d', 'new', 1);
      server.compact();
      await clock.advance(30_000);
      expect(kinds().filter((kind) => kind === 'stream')).toHaveLength(1);
      expect(kinds().filter((kind) => kind === 'watch')).toHaveLength(form === 'close' ? 3 : 1);
      expect(kept()).toEqual(truth());
    },
  );

  it('does not lead to one list after the other when every watch is refused as too old', async () => {
    await watching();
    // Every list is good (three objects and the bookmark), and every watch that follows it is not.
    server.faults = Array.from(
      { length: 1_000 },
      () => ({ kind: 'error event', after: 4, code: 410, reason: 'Expired' }) as const,
    );
    server.compact();
    server.cut();
    await clock.advance(600_000);
    server.calls.length = 0;
    await clock.advance(600_000);
    // At the ceiling of the backoff: every 15 to 30 seconds.
    const lists = kinds().filter((kind) => kind === 'stream').length;
    expect(lists).toBeGreaterThanOrEqual(20);
    expect(lists).toBeLessThanOrEqual(40);
  });

  it('is opened from another version after three consecutive opens that brought nothing', async () => {
    await watching();
    server.faults = [
      { kind: 'end', after: 0 },
      { kind: 'cut', after: 0 },
      { kind: 'status', status: 500 },
    ];
    server.cut();
    await clock.advance(30_000);
    expect(kinds()).toEqual(['watch', 'watch', 'watch', 'stream']);
    expect(server.calls[0]?.query['resourceVersion']).toBe(server.calls[2]?.query['resourceVersion']);
  });

  it('keeps its version when the server is merely away, however long', async () => {
    await watching();
    server.faults = Array.from({ length: 30 }, (_, i) =>
      i % 2 === 0 ? { kind: 'unreachable' } : { kind: 'status', status: 503 },
    );
    server.cut();
    await clock.until(() => server.faults.length === 0, 3_600_000);
    await clock.advance(60_000);
    expect(new Set(kinds())).toEqual(new Set(['watch', 'confirm']));
  });

  it('is not hammered: failure after failure, the wait grows to its ceiling', async () => {
    server.faults = Array.from({ length: 1_000 }, () => ({ kind: 'cut', after: 0 }) as const);
    reflect();
    await clock.advance(1_800_000);
    expect(server.calls.length).toBeGreaterThan(60);
    expect(server.calls.length).toBeLessThan(150);
    const gaps = server.calls.slice(1).map((call, i) => call.at - (server.calls[i]?.at ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000);
    // Only turning to pages needs no wait, and comes once in ten minutes.
    expect(gaps.filter((gap) => gap < 400).length).toBeLessThanOrEqual(3);
  });

  it('is opened soon again after it has worked for a while, however often it failed before', async () => {
    server.faults = Array.from({ length: 8 }, () => ({ kind: 'unreachable' }) as const);
    reflect();
    await clock.until(() => store.size === 3);
    expect(clock.now()).toBeGreaterThan(30_000);
    await clock.advance(10_000);
    server.cut();
    server.set('a', 'one', 10);
    await clock.advance(800);
    expect(kept()).toEqual(truth());
  });

  it('waits as long as the server asks for, but not for ever', async () => {
    await watching();
    server.faults = [
      { kind: 'status', status: 429, retryAfterMs: 45_000 },
      { kind: 'status', status: 503, retryAfterMs: 86_400_000 },
    ];
    server.cut();
    await clock.advance(400_000);
    const [first, second, third] = server.calls.map((call) => call.at);
    expect((second ?? 0) - (first ?? 0)).toBe(45_000);
    expect((third ?? 0) - (second ?? 0)).toBe(300_000);
  });
});

describe('a watch that falls silent', () => {
  it('is not cut for as long as the server was asked to keep it, whether or not it sent bookmarks before (R8)', async () => {
    const reflector = reflect();
    await clock.advance(61_000);
    expect(metrics.events).toBe(5);
    // The version of an idle API server does not move, and then it sends no bookmarks either.
    server.sendsBookmarks = false;
    await clock.advance(3_600_000);
    expect(metrics.failures).toEqual([]);
    expect(reflector.healthy).toBe(true);
    expect(server.calls.filter((call) => call.kind === 'watch').length).toBeLessThanOrEqual(13);
  });

  it('is given up when it lasts longer than the server was asked for, even when the stream does not notice that it was aborted', async () => {
    reflect();
    await clock.advance(61_000);
    server.faults = [{ kind: 'silent', deaf: true }];
    server.calls.length = 0;
    server.cut();
    await clock.until(() => server.calls.length > 0);
    metrics.failures.length = 0;
    const openedAt = clock.now();
    const watches = () => server.calls.filter((call) => call.kind === 'watch');
    const askedMs = Number(watches()[0]?.query['timeoutSeconds']) * 1_000;
    await clock.until(() => watches().length > 1);
    expect(clock.now() - openedAt).toBeGreaterThanOrEqual(askedMs + 5_000);
    expect(clock.now() - openedAt).toBeLessThanOrEqual(askedMs + 7_000);
    expect(metrics.failures).toEqual(['Silent']);
    expect(watches()[1]?.query['resourceVersion']).toBe(watches()[0]?.query['resourceVersion']);
  });

  it.each([
    ['by stream', true],
    ['in pages', false],
  ])(
    'is noticed after 90 s where there was something to say, before any bookmark came: after a list %s',
    async (_how, byStream) => {
      server.streamsLists = byStream;
      reflect();
      await clock.advance(1_000);
      server.faults = [{ kind: 'silent' }];
      server.cut();
      const watches = () => server.calls.filter((call) => call.kind === 'watch').length;
      const before = watches();
      await clock.until(() => watches() > before);
      metrics.failures.length = 0;
      server.set('a', 'one', 10);
      await clock.advance(90_000 + 2_000);
      expect(kept()).toEqual(truth());
      expect(metrics.failures).toEqual(['Silent']);
    },
  );

  it('is given up three times at most where a server sends no bookmarks while its version moves', async () => {
    server.sendsBookmarks = false;
    const reflector = reflect();
    for (let minute = 0; minute < 120; minute++) {
      server.happensElsewhere();
      await clock.advance(60_000);
    }
    expect(metrics.failures).toEqual(['Silent', 'Silent', 'Silent']);
    expect(metrics.lists).toHaveLength(1);
    expect(reflector.healthy).toBe(true);
  });

  it('is given up after 90 s again once a bookmark came', async () => {
    server.sendsBookmarks = false;
    reflect();
    for (let minute = 0; minute < 30; minute++) {
      server.happensElsewhere();
      await clock.advance(60_000);
    }
    server.sendsBookmarks = true;
    await clock.advance(700_000);
    metrics.failures.length = 0;
    server.faults = [{ kind: 'silent' }];
    server.cut();
    await clock.advance(2_000);
    server.set('a', 'one', 10);
    await clock.advance(95_000);
    expect(kept()).toEqual(truth());
    expect(metrics.failures.at(-1)).toBe('Silent');
  });

  it('is given up after 90 s each time, however many are consecutive, where a bookmark came before', async () => {
    reflect();
    await clock.advance(61_000);
    server.faults = Array.from({ length: 4 }, () => ({ kind: 'silent' }) as const);
    server.cut();
    await clock.advance(2_000);
    metrics.failures.length = 0;
    server.set('a', 'one', 10);
    await clock.advance(4 * 100_000);
    expect(metrics.failures.filter((reason) => reason === 'Silent')).toHaveLength(4);
    expect(kept()).toEqual(truth());
  });

  it('may be silent until the server ends it, where no bookmarks are sent and nothing happens', async () => {
    server.streamsLists = false;
    server.sendsBookmarks = false;
    const reflector = reflect();
    await clock.advance(1_000);
    metrics.failures.length = 0;
    for (let second = 0; second < 3_600; second++) {
      await clock.advance(1_000);
      expect(reflector.healthy).toBe(true);
    }
    expect(metrics.failures).toEqual([]);
    expect(server.calls.filter((call) => call.kind === 'watch').length).toBeLessThanOrEqual(13);
  });

  it('is no reason to call a reflector out of touch that saw a moment before that nothing had happened', async () => {
    server.sendsBookmarks = false;
    const reflector = reflect();
    await clock.advance(280_000);
    server.happensElsewhere();
    for (let second = 0; second < 100; second++) {
      await clock.advance(1_000);
      expect(reflector.problem).toBeUndefined();
    }
    expect(metrics.failures).toEqual(['Silent']);
  });

  it('is given up after 90 s each time where the server does not say whether there was something to say', async () => {
    server.sendsBookmarks = false;
    reflect();
    const silences = () => metrics.failures.filter((reason) => reason === 'Silent').length;
    for (let watch = 1; watch <= 4; watch++) {
      // One that was opened again is confirmed by now; the next list of one object judges its silence.
      await clock.advance(10_000);
      server.confirmFaults = [{ kind: 'status', status: 503, reason: 'ServiceUnavailable' }];
      await clock.advance(84_000);
      expect(silences()).toBe(watch);
    }
  });

  it('is not given up for a stall of this process', async () => {
    reflect();
    await clock.advance(61_000);
    server.sendsBookmarks = false;
    await clock.stall(1_000_000);
    await clock.advance(30_000);
    expect(metrics.failures).toEqual([]);
  });
});

describe('an API server that is behind what was seen (etcd was restored from a backup)', () => {
  const restored = async () => {
    server.numericVersions = true;
    server.sendsBookmarks = false;
    const reflector = reflect();
    await settle();
    const backup = new Map(server.objects);
    const revision = server.revision;
    for (let i = 0; i < 100; i++) server.set('a', `after-${i}`, i);
    server.delete('b', 'one');
    await settle();
    expect(kept()).toEqual(truth());
    server.calls.length = 0;
    server.restore(backup, revision);
    return reflector;
  };

  it('is noticed by the version of a list of one object, and listed again', async () => {
    const reflector = await restored();
    await clock.advance(10_000);
    expect(kinds()).toEqual(['watch', 'confirm', 'stream']);
    expect(metrics.failures.at(-1)).toBe('VersionAhead');
    expect(kept()).toEqual(truth());
    server.set('c', 'new', 1);
    await settle();
    expect(kept()).toEqual(truth());
    expect(reflector.healthy).toBe(true);
  });

  it.each<[string, WatchEvent]>([
    ['a bookmark', { kind: 'bookmark', resourceVersion: '50', endsInitial: false }],
    [
      'an event',
      {
        kind: 'added',
        object: { metadata: { name: 'new', namespace: 'c', resourceVersion: '50' }, spec: { value: 1 } },
      },
    ],
  ])('is noticed by %s with an older version, and that is not taken', async (_, event) => {
    server.numericVersions = true;
    /** The stream goes on, as through a proxy that leads it to the restored server. */
    let send = (_event: WatchEvent): void => {};
    const client: KubernetesClient = {
      request: (call, signal) => server.request(call, signal),
      watch: (call, listener, signal) => {
        send = listener.onEvent;
        return server.watch(call, listener, signal);
      },
    };
    reflect({ client });
    await clock.advance(10_000);
    expect(() => send(event)).toThrow('behind the resource version');
    expect(kept()).toEqual(truth());
  });

  it('is not trusted before its version was confirmed, however long the watch is open', async () => {
    server.confirmFaults = Array.from({ length: 6 }, () => ({ kind: 'status', status: 503 }) as const);
    const reflector = await restored();
    await clock.advance(130_000);
    expect(server.confirmFaults).toEqual([]);
    expect(reflector.healthy).toBe(false);
    expect(reflector.problem).toContain('nothing came on the watch');
    await clock.advance(60_000);
    expect(reflector.healthy).toBe(true);
    expect(kept()).toEqual(truth());
  });

  it('a watch that is opened again and brings something by itself costs no list', async () => {
    reflect();
    await clock.advance(10_000);
    server.calls.length = 0;
    server.cut();
    await clock.advance(2_000);
    server.set('c', 'new', 1);
    await clock.advance(60_000);
    expect(kinds()).toEqual(['watch']);
  });
});

describe('a server, or what stands before it, that takes a watch and then fails (R4)', () => {
  it('is tried ever more slowly, warned of once, and said by readiness, for as long as no watch is accepted', async () => {
    const reflector = reflect();
    await clock.advance(10_000);
    server.faults = Array.from({ length: 1_000 }, () => ({ kind: 'slow status', ms: 6_000, status: 503 }) as const);
    server.calls.length = 0;
    server.cut();
    await clock.advance(1_800_000);
    // Six seconds of trying, and a wait of 15 to 30 s.
    expect(server.calls.length).toBeLessThan(100);
    expect(warned()).toEqual(['Unavailable']);
    expect(reflector.healthy).toBe(false);
    expect(reflector.problem).toContain('503');
    server.faults = [];
    await clock.advance(60_000);
    expect(reflector.healthy).toBe(true);
    expect(backInTouch()).toBe(1);
  });

  it('is what readiness says, and not that a first list is incomplete, when it was so from the start', async () => {
    server.faults = Array.from({ length: 1_000 }, () => ({ kind: 'slow status', ms: 6_000, status: 503 }) as const);
    const reflector = reflect();
    expect(reflector.problem).toBe('the first list of things.example.com is not complete yet (opening)');
    await clock.advance(60_000);
    expect(reflector.problem).toContain('503');
  });
});

describe('what a reflector says', () => {
  it('names the CRD and the command when the kind is missing, once, and goes on trying', async () => {
    server.faults = Array.from({ length: 6 }, () => ({ kind: 'status', status: 404, reason: 'NotFound' }) as const);
    const reflector = reflect();
    await clock.advance(2_000);
    expect(reflector.problem).toContain('kubectl apply -f crds/');
    expect(reflector.problem).toContain('things.example.com');
    expect(reflector.healthy).toBe(false);
    await clock.until(() => reflector.hasSynced);
    expect(warned()).toEqual(['NotFound']);
    expect(backInTouch()).toBe(1);
    expect(reflector.healthy).toBe(true);
  });

  it('names the verb, the resource and the remedy when it is not allowed', async () => {
    server.faults = [{ kind: 'status', status: 403, reason: 'Forbidden' }];
    reflect({ namespace: 'a' });
    await settle();
    expect(log.at('warn')[0]?.fields['detail']).toMatch(
      /watch things\.example\.com in namespace a.*list and watch.*RoleBinding/,
    );
  });

  it('names the credentials when they are not accepted', async () => {
    server.faults = [{ kind: 'status', status: 401 }];
    reflect();
    await settle();
    expect(log.at('warn')[0]?.fields['detail']).toContain('credentials');
  });

  it('says nothing of a single failure, and one thing of many', async () => {
    server.faults = [{ kind: 'unreachable' }];
    reflect();
    await clock.advance(5_000);
    expect(log.at('warn')).toEqual([]);
    server.faults = Array.from({ length: 10 }, () => ({ kind: 'unreachable' }) as const);
    server.cut();
    await clock.until(() => server.faults.length === 0);
    await clock.advance(120_000);
    expect(warned()).toEqual(['ConnectionFailed']);
    expect(backInTouch()).toBe(1);
  });

  it('is not healthy when the server has been away for more than two minutes, and is again when it is back', async () => {
    const reflector = reflect();
    await clock.advance(10_000);
    server.faults = Array.from({ length: 20 }, () => ({ kind: 'unreachable' }) as const);
    server.cut();
    await clock.advance(100_000);
    expect(reflector.healthy).toBe(true);
    await clock.advance(30_000);
    expect(reflector.healthy).toBe(false);
    await clock.until(() => server.faults.length === 0);
    await clock.advance(100_000);
    expect(reflector.healthy).toBe(true);
    expect(reflector.problem).toBeUndefined();
  });
});

describe('objects that cannot be read', () => {
  it('are counted, named once, left out, and in again when they can be read', async () => {
    server.set('a', 'bad', -1);
    reflect();
    await settle();
    server.set('a', 'bad', -2);
    server.set('a', 'two', -3);
    await settle();
    expect([...store.keys()].sort()).toEqual(['a/one', 'b/one']);
    expect(metrics.failures).toEqual(['UnreadableObject', 'UnreadableObject', 'UnreadableObject']);
    expect(log.at('warn').map((line) => line.fields['key'])).toEqual(['a/bad', 'a/two']);
    server.set('a', 'bad', 5);
    await settle();
    expect(store.get('a/bad')?.value).toBe(5);
  });

  it('do no harm when they make the transform throw, or are no objects at all', async () => {
    server.set('a', 'throws', -1_000);
    server.faults = [{ kind: 'garbage' }];
    reflect();
    await settle();
    expect(store.size).toBe(3);
    server.set('a', 'throws', 1);
    await settle();
    expect(store.size).toBe(4);
  });

  it('a bug in the reflector or the client ends nothing', async () => {
    server.faults = [{ kind: 'bug' }, { kind: 'bug' }, { kind: 'bug' }];
    reflect();
    await clock.advance(30_000);
    expect(kept()).toEqual(truth());
    expect(metrics.failures).toEqual(['Unexpected', 'Unexpected', 'Unexpected']);
  });
});

describe('the end of a reflector', () => {
  it.each([
    ['while it watches', async () => settle()],
    [
      'while it waits',
      async () => {
        server.faults = [{ kind: 'unreachable' }];
        await settle();
      },
    ],
    ['before it has begun', async () => {}],
  ])('comes with its signal, %s', async (_, before) => {
    reflect();
    await before();
    stop.abort();
    await running;
    await settle();
    expect(server.open).toBe(0);
    expect(clock.timers).toBe(0);
    const calls = server.calls.length;
    await clock.advance(3_600_000);
    expect(server.calls).toHaveLength(calls);
  });
});
