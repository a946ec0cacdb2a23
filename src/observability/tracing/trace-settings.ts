/** OpenTelemetry's own environment variables, as far as they are about where traces go and how many. */

export interface TraceSettings {
  readonly kind: 'on';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly service: string;
  readonly resource: Readonly<Record<string, string>>;
  /** Share of the traces that are kept. */
  readonly ratio: number;
}

export type ReadTraceSettings =
  | TraceSettings
  | { readonly kind: 'off' }
  | { readonly kind: 'wrong'; readonly problem: string };

type Env = Readonly<Record<string, string | undefined>>;

export function readTraceSettings(env: Env, service: string): ReadTraceSettings {
  const samplers = env['OTEL_TRACES_SAMPLER']?.replace(/^parentbased_/, '') || 'always_on';
  const exporters = env['OTEL_TRACES_EXPORTER'] || 'otlp';
  if (env['OTEL_SDK_DISABLED'] === 'true' || exporters === 'none' || samplers === 'always_off') return { kind: 'off' };

  const protocol = of(env, 'PROTOCOL') ?? 'http/json';
  if (!protocol.startsWith('http/'))
    return wrong(
      `OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}: traces are sent as http/json. Set it so, with the endpoint's HTTP port (4318).`,
    );
  const own = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '';
  const url = URL.parse(own || `${base.replace(/\/+$/, '')}/v1/traces`);
  if (url === null || !/^https?:$/.test(url.protocol))
    return wrong(
      `${own ? 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' : 'OTEL_EXPORTER_OTLP_ENDPOINT'} is no http or https URL: write it as http://collector:4318, or unset it to have no traces.`,
    );
  const headers = pairs(of(env, 'HEADERS'));
  const resource = pairs(env['OTEL_RESOURCE_ATTRIBUTES']);
  if (headers === undefined)
    return wrong('OTEL_EXPORTER_OTLP_HEADERS cannot be read: write it as name=value,name=value.');
  if (resource === undefined)
    return wrong('OTEL_RESOURCE_ATTRIBUTES cannot be read: write it as name=value,name=value.');

  const argument = env['OTEL_TRACES_SAMPLER_ARG'];
  const ratio = samplers === 'traceidratio' && argument ? Number(argument) : 1;
  if (!(ratio >= 0 && ratio <= 1)) return wrong('OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1.');
  const name = env['OTEL_SERVICE_NAME'] || resource['service.name'] || service;
  return { kind: 'on', url: url.href, headers, service: name, resource, ratio };
}

const wrong = (problem: string): ReadTraceSettings => ({ kind: 'wrong', problem });

/** The variable for traces before the one for all signals. */
const of = (env: Env, name: string): string | undefined =>
  env[`OTEL_EXPORTER_OTLP_TRACES_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`] || undefined;

/** `a=1,b=2`, values percent-encoded; undefined where that is not what it is. */
function pairs(text: string | undefined): Record<string, string> | undefined {
  const found: [string, string][] = [];
  for (const part of (text ?? '').split(',')) {
    if (part.trim() === '') continue;
    const at = part.indexOf('=');
    if (at < 1) return undefined;
    try {
      found.push([part.slice(0, at).trim(), decodeURIComponent(part.slice(at + 1).trim())]);
    } catch {
      return undefined;
    }
  }
  return Object.fromEntries(found);
}
