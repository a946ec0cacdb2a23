/** An exporter that reports in the log when a collector stops taking spans, and when it takes them again; one line each. */
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Log } from '../../base/log.ts';

export function reportingExporter(exporter: SpanExporter, log: Log): SpanExporter {
  let isFailing = false;
  let dropped = 0;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        // ExportResultCode.SUCCESS, an enum of a package that is not ours to depend on.
        if (result.code === 0) {
          if (isFailing) log.info('traces are sent again', { dropped });
          isFailing = false;
          dropped = 0;
        } else {
          dropped += spans.length;
          if (!isFailing)
            log.warn('traces cannot be sent and are dropped; see OTEL_EXPORTER_OTLP_ENDPOINT', {
              why: causeOf(result.error),
            });
          isFailing = true;
        }
        done(result);
      });
    },
    forceFlush: async () => await exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

/** Never the error's message or data: they quote the collector's response. */
function causeOf(error: (Error & { readonly code?: unknown }) | undefined): string {
  if (typeof error?.code === 'number') return `the collector responded with status ${error.code}`;
  if (typeof error?.code === 'string') return `there was no connection (${error.code})`;
  return 'the collector did not respond in time, or responded that it is overloaded';
}
