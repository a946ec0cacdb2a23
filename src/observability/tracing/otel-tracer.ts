/**
 * The Tracer on OpenTelemetry's SDK: spans are batched and sent to a collector by OTLP over HTTP. What cannot be sent is dropped: a trace is worth no memory
 * without bound and no delay. Only `tracing.ts` loads this, and only where traces are wanted.
 *
 * Nothing is registered globally: no other package of the process starts to make spans because these do. The SDK's own messages go nowhere, since they quote
 * the collector's response.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { SpanStart, Tracer } from '../../base/tracer.ts';
import { reportingExporter } from './reporting-exporter.ts';
import type { TraceSettings, TracingOptions } from './tracing.ts';

const kinds = { client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const satisfies Record<
  SpanStart['kind'],
  SpanKind
>;

export async function createOtelTracer(
  options: TracingOptions & { readonly settings: TraceSettings },
): Promise<Tracer> {
  const { service, settings, log } = options;
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': service.name,
      'service.version': service.version,
      'service.instance.id': service.instance,
    }).merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(settings.ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: reportingExporter(await createExporter(settings), log) })],
  });
  const tracer = provider.getTracer(service.name, service.version);
  const active = new AsyncLocalStorage<Context>();

  return {
    async span({ name, kind, attributes = {} }, run) {
      const parent = active.getStore() ?? ROOT_CONTEXT;
      const span = tracer.startSpan(name, { kind: kinds[kind], attributes }, parent);
      try {
        return await active.run(trace.setSpan(parent, span), () => run((more) => void span.setAttributes(more)));
      } catch (error) {
        span.setAttribute('error.type', typeOf(error)).setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    },
    async end(signal) {
      // A rejection was reported by the exporter.
      await Promise.race([provider.shutdown().catch(() => {}), aborted(signal)]);
    },
  };
}

/** It reads the collector's address, headers, certificates, time-out and compression from the environment. */
async function createExporter({ protocol }: TraceSettings): Promise<SpanExporter> {
  switch (protocol) {
    case 'http/json': {
      const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
      return new OTLPTraceExporter();
    }
    case 'http/protobuf': {
      const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
      return new OTLPTraceExporter();
    }
  }
}

/** What it is, and never what it says: a message may name a person. */
function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'kind' in error && typeof error.kind === 'string' ? `${error.name}/${error.kind}` : error.name;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
