import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Tracer } from '../../../../src/base/tracer.ts';
import { openTracing } from '../../../../src/observability/tracing/tracing.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';

const value = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ intValue: z.string() }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ doubleValue: z.number() }),
]);
const attributes = z
  .array(z.strictObject({ key: z.string(), value }))
  .transform((list) => Object.fromEntries(list.map(({ key, value: of }) => [key, Object.values(of)[0]])));
/** As opentelemetry-proto has it. */
const request = z.strictObject({
  resourceSpans: z.tuple([
    z.strictObject({
      resource: z.strictObject({ attributes }),
      scopeSpans: z.tuple([
        z.strictObject({
          scope: z.strictObject({ name: z.string(), version: z.string() }),
          spans: z.array(
            z.strictObject({
              traceId: z.string().regex(/^[0-9a-f]{32}$/),
              spanId: z.string().regex(/^[0-9a-f]{16}$/),
              parentSpanId: z
                .string()
                .regex(/^[0-9a-f]{16}$/)
                .optional(),
              name: z.string(),
              kind: z.union([z.literal(1), z.literal(3)]),
              startTimeUnixNano: z.string().regex(/^\d{19}$/),
              endTimeUnixNano: z.string().regex(/^\d{19}$/),
              attributes,
              status: z.strictObject({ code: z.literal(2).optional() }),
            }),
          ),
        }),
      ]),
    }),
  ]),
});

let clock: ManualClock;
let log: RecordedLog;
let sent: { readonly url: string; readonly init: RequestInit | undefined }[];
let answer: () => Promise<Response>;

beforeEach(() => {
  clock = new ManualClock();
  log = new RecordedLog();
  sent = [];
  answer = async () => new Response('{}');
});

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };
const open = (env: Readonly<Record<string, string>>, random = Math.random) =>
  openTracing({
    env,
    service: { name: 'op', version: '1.2.3', instance: 'pod_1' },
    fetch: async (url, init) => {
      sent.push({ url: String(url), init });
      return await answer();
    },
    clock,
    random,
    log,
  });
async function opened(env: Readonly<Record<string, string>> = endpoint, random = Math.random): Promise<Tracer> {
  const tracing = await open(env, random);
  if (tracing.kind !== 'on') throw new Error(`Tracing is ${tracing.kind}.`);
  return tracing.tracer;
}
const bodies = () => sent.map(({ init }) => request.parse(JSON.parse(String(init?.body))).resourceSpans[0]);
const spans = () => bodies().flatMap(({ scopeSpans: [{ spans: of }] }) => of);
const some = (name: string) => ({ name, kind: 'internal' }) as const;

it('without the variable there is no tracer, and nothing is loaded for one', async () => {
  expect(await open({})).toEqual({ kind: 'off' });
  expect(await open({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toEqual({ kind: 'off' });
});

it('a span inside of another is of its trace, and knows its parent', async () => {
  const tracer = await opened();
  const result = await tracer.span({ ...some('outer'), attributes: { a: 'b' } }, async (add) => {
    await clock.advance(10);
    const inner = await tracer.span({ name: 'inner', kind: 'client' }, async () => 7);
    add({ n: 3, share: 0.5, yes: true });
    return inner;
  });
  expect(result).toBe(7);
  await clock.advance(5_000);
  expect(sent[0]?.url).toBe('http://collector:4318/v1/traces');
  const [inner, outer] = spans();
  expect(inner).toMatchObject({ name: 'inner', kind: 3, traceId: outer?.traceId, parentSpanId: outer?.spanId });
  expect(outer).toMatchObject({ name: 'outer', kind: 1, attributes: { a: 'b', n: '3', share: 0.5, yes: true } });
  expect(outer?.parentSpanId).toBeUndefined();
  expect(BigInt(outer?.endTimeUnixNano ?? 0) - BigInt(outer?.startTimeUnixNano ?? 0)).toBe(10_000_000n);
  expect(bodies()[0]?.resource.attributes).toEqual({
    'service.name': 'op',
    'service.version': '1.2.3',
    'service.instance.id': 'pod_1',
  });
  expect(clock.timers, 'nothing waits while there is nothing to send').toBe(0);
});

it('spans side by side do not mix, and each root has a trace of its own', async () => {
  const tracer = await opened();
  const root = (name: string) =>
    tracer.span(some(name), async () => {
      await Promise.resolve();
      await tracer.span(some(`${name}-inner`), async () => {});
    });
  await Promise.all([root('a'), root('b')]);
  await clock.advance(5_000);
  const by = new Map(spans().map((span) => [span.name, span]));
  expect(by.get('a')?.traceId).not.toBe(by.get('b')?.traceId);
  for (const name of ['a', 'b']) expect(by.get(`${name}-inner`)?.parentSpanId).toBe(by.get(name)?.spanId);
});

it('a failure is told by what it is, never by what it says, and goes on as it was', async () => {
  const tracer = await opened();
  const error = Object.assign(new RangeError('canary-login'), { kind: 'rejected' });
  await expect(tracer.span(some('x'), () => Promise.reject(error))).rejects.toBe(error);
  await clock.advance(5_000);
  expect(spans()[0]).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'RangeError/rejected' } });
  expect(JSON.stringify(sent)).not.toContain('canary-login');
});

it('only the share that was asked for is kept, whole traces at once', async () => {
  let next = 0.3;
  const env = { ...endpoint, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' };
  const tracer = await opened(env, () => next);
  await tracer.span(some('lost'), async () => {
    next = 0.1;
    await tracer.span(some('lost too'), async () => {});
  });
  await tracer.span(some('kept'), async () => {
    next = 0.9;
    await tracer.span(some('kept too'), async () => {});
  });
  await clock.advance(5_000);
  expect(spans().map(({ name }) => name)).toEqual(['kept too', 'kept']);
});

it('a collector that is away is said once, costs no memory without end, and so is its return', async () => {
  const tracer = await opened({ ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=canary-key' });
  answer = async () => new Response('', { status: 503 });
  for (let round = 0; round < 3; round++) {
    for (let count = 0; count < 3_000; count++) await tracer.span(some('x'), async () => {});
    await clock.advance(60_000);
  }
  expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
  answer = async () => new Response('{}');
  await tracer.span(some('x'), async () => {});
  await clock.advance(60_000);
  expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  expect(JSON.stringify(log.lines)).not.toContain('canary-key');
  expect(new Headers(sent[0]?.init?.headers).get('authorization')).toBe('canary-key');
  expect(sent[0]?.init?.redirect).toBe('manual');
});

it('at the end what is left is sent, and a collector that hangs holds nobody', async () => {
  const tracer = await opened();
  await tracer.span(some('last'), async () => {});
  await tracer.end(AbortSignal.timeout(1_000));
  expect(spans().map(({ name }) => name)).toEqual(['last']);
  expect(clock.timers).toBe(0);
});

describe('settings', () => {
  it.each([
    [{ OTEL_SDK_DISABLED: 'true' }],
    [{ OTEL_TRACES_EXPORTER: 'none' }],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }],
  ])('%o turns it off', async (env) => {
    expect(await open({ ...endpoint, ...env })).toEqual({ kind: 'off' });
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, 'OTEL_EXPORTER_OTLP_ENDPOINT is no http'],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL is grpc'],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'canary' }, 'OTEL_EXPORTER_OTLP_HEADERS cannot be read'],
    [{ OTEL_RESOURCE_ATTRIBUTES: 'a=%' }, 'OTEL_RESOURCE_ATTRIBUTES cannot be read'],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '5' }, 'OTEL_TRACES_SAMPLER_ARG'],
  ])('%o is refused with a sentence that names it', async (env, sentence) => {
    const tracing = await open({ ...endpoint, ...env });
    expect(tracing).toMatchObject({ kind: 'wrong', problem: expect.stringContaining(sentence) });
    expect(JSON.stringify(tracing)).not.toContain('canary');
  });

  it("the variables for traces win over those for all signals, and the service's name can be set", async () => {
    const tracer = await opened({
      ...endpoint,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://other/x',
      OTEL_SERVICE_NAME: 'mine',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=prod%20eu',
    });
    await tracer.span(some('x'), async () => {});
    await clock.advance(5_000);
    expect(sent[0]?.url).toBe('https://other/x');
    expect(bodies()[0]?.resource.attributes).toMatchObject({
      'service.name': 'mine',
      'deployment.environment': 'prod eu',
    });
  });
});
