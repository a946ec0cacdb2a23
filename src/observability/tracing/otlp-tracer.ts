/**
 * Spans, kept for a few seconds and sent together to a collector by OTLP over HTTP, as JSON. What cannot be sent is dropped: a trace is worth no memory
 * and no delay. Only `tracing.ts` loads this, and only where traces are wanted.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Timer } from '../../base/clock.ts';
import type { Attributes, SpanStart, Tracer } from '../../base/tracer.ts';
import type { TraceSettings } from './trace-settings.ts';
import type { TracingOptions } from './tracing.ts';

/** Where a span is: of its trace, or of one that is not kept. */
type Here = { readonly traceId: string; readonly spanId: string } | 'not kept';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly start: SpanStart;
  readonly startedAt: number;
  readonly ms: number;
  readonly attributes: Attributes;
  readonly failed: boolean;
}

const gatherMs = 5_000;
const mostInOne = 512;
const mostWaiting = 2_048;
const sendMs = 10_000;
const nothing = () => {};

export function createOtlpTracer(options: TracingOptions & { readonly settings: TraceSettings }): Tracer {
  const { settings, fetch, clock, random, log } = options;
  const here = new AsyncLocalStorage<Here>();
  let waiting: Span[] = [];
  let timer: Timer | undefined;
  let sending: Promise<void> | undefined;
  let troubled = false;
  let dropped = 0;

  const id = (digits: number): string =>
    Array.from({ length: digits / 4 }, () =>
      Math.floor(random() * 0x1_0000)
        .toString(16)
        .padStart(4, '0'),
    ).join('');

  const keep = (span: Span) => {
    if (waiting.length >= mostWaiting) {
      dropped++;
      return;
    }
    waiting.push(span);
    if (waiting.length >= mostInOne) sendSoon();
    else timer ??= clock.after(gatherMs, sendSoon);
  };

  const sendSoon = () => {
    timer?.cancel();
    timer = undefined;
    sending ??= send(AbortSignal.timeout(sendMs)).finally(() => {
      sending = undefined;
      if (waiting.length > 0) timer ??= clock.after(gatherMs, sendSoon);
    });
  };

  /** Never rejects. */
  const send = async (signal: AbortSignal): Promise<void> => {
    const spans = waiting.slice(0, mostInOne);
    waiting = waiting.slice(mostInOne);
    let problem: string | undefined;
    try {
      const answer = await fetch(settings.url, {
        method: 'POST',
        headers: { ...settings.headers, 'content-type': 'application/json' },
        body: JSON.stringify(payload(spans, options)),
        // Headers may hold a key, which goes nowhere else.
        redirect: 'manual',
        signal,
      });
      await answer.body?.cancel();
      if (!answer.ok) problem = `the collector answered ${answer.status}`;
    } catch (error) {
      problem =
        error instanceof Error && error.name === 'TimeoutError'
          ? 'the collector did not answer'
          : 'there was no connection';
    }
    if (problem !== undefined) {
      dropped += spans.length;
      if (!troubled)
        log.warn('traces cannot be sent and are dropped; see OTEL_EXPORTER_OTLP_ENDPOINT', { why: problem });
    } else if (troubled || dropped > 0) {
      log.info('traces are sent again', { dropped });
      dropped = 0;
    }
    troubled = problem !== undefined;
  };

  return {
    async span(start, run) {
      const parent = here.getStore();
      const kept = parent === undefined ? random() < settings.ratio : parent !== 'not kept';
      if (!kept) return await here.run('not kept', () => run(nothing));
      const inside = parent === undefined || parent === 'not kept' ? undefined : parent;
      const where = { traceId: inside?.traceId ?? id(32), spanId: id(16) };
      const [startedAt, began] = [clock.wall(), clock.now()];
      let attributes: Attributes = start.attributes ?? {};
      const end = (failed: boolean) =>
        keep({ ...where, parentSpanId: inside?.spanId, start, startedAt, ms: clock.now() - began, attributes, failed });
      try {
        const result = await here.run(where, () =>
          run((more) => {
            attributes = { ...attributes, ...more };
          }),
        );
        end(false);
        return result;
      } catch (error) {
        attributes = { ...attributes, 'error.type': typeOf(error) };
        end(true);
        throw error;
      }
    },
    async end(signal) {
      timer?.cancel();
      await sending;
      while (waiting.length > 0 && !signal.aborted) await send(signal);
    },
  };
}

/** What it is, and never what it says: a message may name somebody. */
function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'kind' in error && typeof error.kind === 'string' ? `${error.name}/${error.kind}` : error.name;
}

/** An ExportTraceServiceRequest in OTLP's JSON: ids in hex, times as strings of nanoseconds. */
function payload(
  spans: readonly Span[],
  { settings, service }: { readonly settings: TraceSettings; readonly service: TracingOptions['service'] },
) {
  const resource = {
    ...settings.resource,
    'service.name': settings.service,
    'service.version': service.version,
    'service.instance.id': service.instance,
  };
  return {
    resourceSpans: [
      {
        resource: { attributes: attributeList(resource) },
        scopeSpans: [{ scope: { name: service.name, version: service.version }, spans: spans.map(wireSpan) }],
      },
    ],
  };
}

const wireSpan = ({ traceId, spanId, parentSpanId, start, startedAt, ms, attributes, failed }: Span) => ({
  traceId,
  spanId,
  ...(parentSpanId === undefined ? {} : { parentSpanId }),
  name: start.name,
  kind: start.kind === 'client' ? 3 : 1,
  startTimeUnixNano: nanoseconds(startedAt),
  endTimeUnixNano: nanoseconds(startedAt + ms),
  attributes: attributeList(attributes),
  status: failed ? { code: 2 } : {},
});

/** Microseconds are as many digits as a number of JavaScript holds. */
const nanoseconds = (ms: number): string => `${BigInt(Math.round(ms * 1_000)) * 1_000n}`;

const attributeList = (attributes: Attributes) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: wireValue(value) }));

const wireValue = (value: string | number | boolean) => {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: `${value}` } : { doubleValue: value };
};
