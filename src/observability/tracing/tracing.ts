/**
 * Traces, for whoever asks for them by OpenTelemetry's own variables (OTEL_EXPORTER_OTLP_ENDPOINT). What makes and sends them is loaded only then:
 * without the variable nothing of it is run, wrapped or measured.
 */
import type { Clock, Random } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Tracer } from '../../base/tracer.ts';

export interface TracingOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly service: { readonly name: string; readonly version: string; readonly instance: string };
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export type Tracing =
  | { readonly kind: 'off' }
  | { readonly kind: 'on'; readonly tracer: Tracer }
  /** A sentence that names the variable. */
  | { readonly kind: 'wrong'; readonly problem: string };

export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const { env } = options;
  if (!env['OTEL_EXPORTER_OTLP_ENDPOINT'] && !env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) return { kind: 'off' };
  const [{ readTraceSettings }, { createOtlpTracer }] = await Promise.all([
    import('./trace-settings.ts'),
    import('./otlp-tracer.ts'),
  ]);
  const settings = readTraceSettings(env, options.service.name);
  if (settings.kind !== 'on') return settings;
  return { kind: 'on', tracer: createOtlpTracer({ ...options, settings }) };
}
