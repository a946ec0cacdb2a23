/**
 * Traces, where OpenTelemetry's own variables ask for them (OTEL_EXPORTER_OTLP_ENDPOINT). OpenTelemetry's packages are loaded only then: without the
 * variable nothing of them runs, and nothing is wrapped or measured. They read most variables themselves; what is read here is what they leave to the
 * program, and what would otherwise be wrong without a word.
 */
import type { Log } from '../../base/log.ts';
import type { Tracer } from '../../base/tracer.ts';

/** The environment in which the packages find their variables: `process.env`. */
type Env = Readonly<Record<string, string | undefined>>;

export interface TracingOptions {
  readonly service: { readonly name: string; readonly version: string; readonly instance: string };
  readonly log: Log;
}

export const protocols = ['http/json', 'http/protobuf'] as const;

export interface TraceSettings {
  readonly protocol: (typeof protocols)[number];
  /** The share of the traces that are kept, from 0 to 1. */
  readonly ratio: number;
}

export type Tracing =
  | { readonly kind: 'off' }
  | { readonly kind: 'on'; readonly tracer: Tracer }
  /** A sentence that names the variable. */
  | { readonly kind: 'wrong'; readonly problem: string };

export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const settings = readSettings(process.env);
  if (settings.kind !== 'on') return settings;
  const { createOtelTracer } = await import('./otel-tracer.ts');
  return { kind: 'on', tracer: await createOtelTracer({ ...options, settings }) };
}

function readSettings(env: Env): Exclude<Tracing, { readonly kind: 'on' }> | ({ readonly kind: 'on' } & TraceSettings) {
  const isOff =
    env['OTEL_SDK_DISABLED'] === 'true' ||
    env['OTEL_TRACES_EXPORTER'] === 'none' ||
    /^(parentbased_)?always_off$/.test(env['OTEL_TRACES_SAMPLER'] ?? '');
  const [name, endpoint] =
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT']
      .map((each) => [each, env[each] ?? ''] as const)
      .find(([, value]) => value !== '') ?? [];
  if (isOff || name === undefined || endpoint === undefined) return { kind: 'off' };
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    return wrong(`${name} is no http or https URL: write it as http://collector:4318, or unset it to have no traces.`);

  const asked = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL'] || 'http/json';
  const protocol = protocols.find((each) => each === asked);
  if (protocol === undefined)
    return wrong(
      `OTEL_EXPORTER_OTLP_PROTOCOL is ${asked}: traces are sent as ${protocols.join(' or ')}. Set it so, with the endpoint's HTTP port (4318).`,
    );

  const argument = env['OTEL_TRACES_SAMPLER_ARG'];
  const ratio =
    /^(parentbased_)?traceidratio$/.test(env['OTEL_TRACES_SAMPLER'] ?? '') && argument ? Number(argument) : 1;
  if (!(ratio >= 0 && ratio <= 1)) return wrong('OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1.');
  return { kind: 'on', protocol, ratio };
}

const wrong = (problem: string) => ({ kind: 'wrong', problem }) as const;
