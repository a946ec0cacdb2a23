import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../sandbox/seeded-random.ts';
import { Reflector } from '../../../../src/runtime/reflector/reflector.ts';
import { Store } from '../../../../src/runtime/store/store.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';
import { FakeApiServer, type Fault } from '../fake-api-server.ts';
import { RecordedControllerMetrics } from '../recording.ts';
import { type Thing, things, transform } from '../things.ts';

const after = fc.nat(6);
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    kind: fc.constant('status' as const),
    status: fc.constantFrom(400, 401, 403, 404, 410, 429, 500, 502, 503, 504),
    retryAfterMs: fc.constantFrom(1_000, 30_000),
  }),
  fc.constant<Fault>({ kind: 'unreachable' }),
  fc.record({ kind: fc.constant('cut' as const), after }),
  fc.record({ kind: fc.constant('end' as const), after }),
  fc.record({
    kind: fc.constant('error event' as const),
    after,
    code: fc.constantFrom(410, 500, 504, 0),
    reason: fc.constantFrom('Expired', 'Gone', 'InternalError', ''),
  }),
  fc.record({ kind: fc.constant('silent' as const), deaf: fc.boolean() }),
  fc.constant<Fault>({ kind: 'garbage' }),
  fc.constant<Fault>({ kind: 'bug' }),
  fc.constant<Fault>({ kind: 'none' }),
);

type Step =
  | { readonly kind: 'set'; readonly namespace: string; readonly name: string; readonly value: number }
  | { readonly kind: 'delete'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'compact' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }
  | { readonly kind: 'advance'; readonly ms: number };

const namespace = fc.constantFrom('a', 'b');
const name = fc.constantFrom('one', 'two', 'three');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      namespace,
      name,
      value: fc.integer({ min: -2, max: 9 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), namespace, name }) },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ kind: 'compact' }, { kind: 'cut' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('faults' as const),
      faults: fc.array(fault, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.constantFrom(0, 10, 1_000, 30_000, 100_000, 700_000),
    }),
  },
);
const server = fc.record({
  streamsLists: fc.boolean(),
  ignoresStreamingLists: fc.boolean(),
  sendsBookmarks: fc.boolean(),
  expired: fc.constantFrom('status' as const, 'event' as const, 'close' as const),
});

const readable = (objects: FakeApiServer['objects']) =>
  new Map([...objects].filter(([, object]) => object.spec.value >= 0).map(([key, object]) => [key, object.spec.value]));

describe('a reflector, over random histories and faults', () => {
  it('always comes back to what the server has, at a bounded rate, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(
        server,
        fc.array(step, { maxLength: 60, size: 'max' }),
        fc.integer(),
        async (kind, steps, seed) => {
          const clock = new ManualClock();
          const api = Object.assign(new FakeApiServer(clock), kind);
          const log = new RecordedLog();
          const store = new Store<Thing>({ log, same: (a, b) => a.value === b.value });
          /** What a client that only listens believes. */
          const told = new Map<string, number>();
          store.subscribe((before, now) => {
            const key = (now ?? before)?.key ?? '';
            if (now === undefined) told.delete(key);
            else told.set(key, now.value);
          });
          const reflector = new Reflector<Thing>({
            client: api,
            resource: things,
            store,
            transform,
            clock,
            random: seededRandom(seed),
            log,
            metrics: new RecordedControllerMetrics(),
          });
          const stop = new AbortController();
          const running = reflector.run(stop.signal);
          for (const one of steps) {
            if (one.kind === 'set') api.set(one.namespace, one.name, one.value);
            else if (one.kind === 'delete') api.delete(one.namespace, one.name);
            else if (one.kind === 'compact') api.compact();
            else if (one.kind === 'cut') api.cut();
            else if (one.kind === 'advance') await clock.advance(one.ms);
            else api.faults.push(...one.faults);
          }
          api.faults = [];
          // The longest way back: a silent stream (10 min), then the longest Retry-After or backoff, then a server that ignores streaming lists.
          await clock.advance(1_200_000);
          expect(new Map([...store.values()].map((thing) => [thing.key, thing.value]))).toEqual(readable(api.objects));
          expect(told).toEqual(readable(api.objects));
          expect(reflector.hasSynced && reflector.healthy).toBe(true);
          expect(reflector.problem).toBeUndefined();
          // A failure waits 0.4 s at least, and an end in order comes after 5 s at least; only changing to pages is free, and pages themselves.
          expect(api.calls.length).toBeLessThanOrEqual(4 + clock.now() / 400);
          for (let i = 0; i + 4 < api.calls.length; i++) {
            expect((api.calls[i + 4]?.at ?? 0) - (api.calls[i]?.at ?? 0)).toBeGreaterThanOrEqual(400);
          }
          stop.abort();
          await running;
          await settle();
          expect(clock.timers).toBe(0);
          expect(log.at('error')).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  }, 30_000);
});
