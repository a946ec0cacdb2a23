import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../../../../sandbox/until.ts';
import type { Tracer } from '../../../../src/base/tracer.ts';
import { openTracing } from '../../../../src/observability/tracing/tracing.ts';
import { type Collector, startCollector } from '../../../support/collector.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';

let collector: Collector;
let log: RecordedLog;

beforeEach(async () => {
  collector = await startCollector();
  log = new RecordedLog();
});
afterEach(() => {
  vi.unstubAllEnvs();
});

type Env = Readonly<Record<string, string>>;

function open(env: Env) {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return openTracing({ service: { name: 'op', version: '1.2.3', instance: 'pod_1' }, log });
}
async function opened(env: Env = {}): Promise<Tracer> {
  const tracing = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env });
  if (tracing.kind !== 'on') throw new Error(`Tracing is ${tracing.kind}.`);
  return tracing.tracer;
}
const flush = (tracer: Tracer) => tracer.end(AbortSignal.timeout(10_000));
const some = (name: string) => ({ name, kind: 'internal' }) as const;
const nothing = async () => {};
/** A batch is exported as soon as it has so many. */
async function fullBatch(tracer: Tracer): Promise<void> {
  for (let count = 0; count < 512; count++) await tracer.span(some('x'), nothing);
}

it('without an endpoint there is no tracer', async () => {
  expect(await open({})).toEqual({ kind: 'off' });
  expect(await open({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toEqual({ kind: 'off' });
});

it('a span inside of another is of its trace, and knows its parent', async () => {
  const tracer = await opened();
  const result = await tracer.span({ ...some('outer'), attributes: { a: 'b' } }, async (add) => {
    const inner = await tracer.span({ name: 'inner', kind: 'client' }, async () => 7);
    add({ n: 3, share: 0.5, yes: true });
    return inner;
  });
  expect(result).toBe(7);
  await flush(tracer);
  expect(collector.requests.map(({ path }) => path)).toEqual(['/v1/traces']);
  const [inner, outer] = collector.spans();
  expect(inner).toMatchObject({ name: 'inner', kind: 3, traceId: outer?.traceId, parentSpanId: outer?.spanId });
  expect(outer).toMatchObject({ name: 'outer', kind: 1, attributes: { a: 'b', n: 3, share: 0.5, yes: true } });
  expect(outer?.parentSpanId).toBeUndefined();
  expect(collector.resource()).toMatchObject({
    'service.name': 'op',
    'service.version': '1.2.3',
    'service.instance.id': 'pod_1',
  });
});

it('concurrent spans do not mix, and each root has a trace of its own', async () => {
  const tracer = await opened();
  const root = (name: string) =>
    tracer.span(some(name), async () => {
      await Promise.resolve();
      await tracer.span(some(`${name}-inner`), nothing);
    });
  await Promise.all([root('a'), root('b')]);
  await flush(tracer);
  const by = new Map(collector.spans().map((span) => [span.name, span]));
  expect(by.get('a')?.traceId).not.toBe(by.get('b')?.traceId);
  for (const name of ['a', 'b']) expect(by.get(`${name}-inner`)?.parentSpanId).toBe(by.get(name)?.spanId);
});

it('a failure is recorded by its class and kind, never by its message, and is thrown on as it was', async () => {
  const tracer = await opened();
  const error = Object.assign(new RangeError('canary-login'), { kind: 'rejected' });
  await expect(tracer.span(some('x'), () => Promise.reject(error))).rejects.toBe(error);
  await flush(tracer);
  expect(collector.spans()[0]).toMatchObject({
    status: { code: 2 },
    events: [],
    attributes: { 'error.type': 'RangeError/rejected' },
  });
  expect(collector.requests.map(({ body }) => body.toString()).join()).not.toContain('canary-login');
});

it('only the share that was asked for is kept, and of a trace all spans or none', async () => {
  const tracer = await opened({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' });
  for (let count = 0; count < 200; count++) await tracer.span(some('outer'), () => tracer.span(some('inner'), nothing));
  await flush(tracer);
  const tracesOf = (wanted: string) =>
    collector.spans().flatMap(({ name, traceId }) => (name === wanted ? [traceId] : []));
  expect(tracesOf('outer').length).toBeGreaterThan(0);
  expect(tracesOf('outer').length).toBeLessThan(200);
  expect(tracesOf('inner')).toEqual(tracesOf('outer'));
});

it('a collector that refuses spans is reported once, and so is its return', async () => {
  const tracer = await opened({ OTEL_EXPORTER_OTLP_HEADERS: 'authorization=canary-key' });
  collector.respond = (response) => response.writeHead(400).end('canary-body');
  for (const round of [1, 2, 3]) {
    await fullBatch(tracer);
    await until(
      'the batch was sent',
      () => collector.requests.length,
      (sent) => sent >= round,
    );
  }
  await until(
    'it is reported',
    () => log.at('warn'),
    (lines) => lines.length > 0,
  );
  collector.respond = (response) => response.writeHead(200).end('{}');
  await fullBatch(tracer);
  await until(
    'its return is reported',
    () => log.at('info'),
    (lines) => lines.length > 0,
  );
  expect(log.lines.map(({ level, fields }) => [level, fields])).toEqual([
    ['warn', { why: 'the collector responded with status 400' }],
    ['info', { dropped: 3 * 512 }],
  ]);
  expect(collector.requests[0]?.headers.authorization).toBe('canary-key');
  await flush(tracer);
});

it('a redirect is not followed: the headers may hold a key, which goes to no other place', async () => {
  const tracer = await opened({ OTEL_EXPORTER_OTLP_HEADERS: 'authorization=canary-key' });
  const other = await startCollector();
  collector.respond = (response) => response.writeHead(307, { location: other.url }).end();
  await tracer.span(some('x'), nothing);
  await flush(tracer);
  expect(log.at('warn').map(({ fields }) => fields)).toEqual([{ why: 'the collector responded with status 307' }]);
  expect(other.requests).toEqual([]);
});

it('at the end what is left is sent, and a collector that hangs does not delay the end beyond its deadline', async () => {
  const tracer = await opened();
  await tracer.span(some('last'), nothing);
  collector.respond = () => {};
  await tracer.end(AbortSignal.timeout(200));
  expect(collector.spans().map(({ name }) => name)).toEqual(['last']);
});

describe('settings', () => {
  it.each([
    [{ OTEL_SDK_DISABLED: 'true' }],
    [{ OTEL_TRACES_EXPORTER: 'none' }],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }],
  ])('%o turns it off', async (env) => {
    expect(await open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env })).toEqual({ kind: 'off' });
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, 'OTEL_EXPORTER_OTLP_ENDPOINT is no http'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'collector' }, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is no http'],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL is grpc'],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '5' }, 'OTEL_TRACES_SAMPLER_ARG'],
  ])('%o is refused with a sentence that names it', async (env, sentence) => {
    const tracing = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env });
    expect(tracing).toMatchObject({ kind: 'wrong', problem: expect.stringContaining(sentence) });
  });

  it.each([
    ['http/json', 'application/json'],
    ['http/protobuf', 'application/x-protobuf'],
  ])('OTEL_EXPORTER_OTLP_PROTOCOL=%s sends %s', async (protocol, contentType) => {
    const tracer = await opened({ OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
    await tracer.span(some('name-of-the-span'), nothing);
    await flush(tracer);
    expect(collector.requests.map(({ headers }) => headers['content-type'])).toEqual([contentType]);
    expect(collector.requests[0]?.body.toString('latin1')).toContain('name-of-the-span');
  });

  it('the variables for traces win over those for all signals, and the service can be named', async () => {
    const tracer = await opened({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/x`,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_SERVICE_NAME: 'mine',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=prod%20eu',
    });
    await tracer.span(some('x'), nothing);
    await flush(tracer);
    expect(collector.requests.map(({ path }) => path)).toEqual(['/x']);
    expect(collector.resource()).toMatchObject({ 'service.name': 'mine', 'deployment.environment': 'prod eu' });
  });
});
