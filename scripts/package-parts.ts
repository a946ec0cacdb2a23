/**
 * Of these packages the bundle has only what is named here. Their indexes make all they have as soon as they are imported (undici: fetch, WebSocket, caches and mocks, 12 MiB; prom-client: its own
 * metrics of the process, summaries, OpenTelemetry's API), and they are CommonJS, which cannot be shaken. A name that src imports and that is not here stops the build, and a test before it.
 */

/** By package: each name, and the file whose default export it is. */
export const packageParts: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([
  ['undici', { Agent: 'lib/dispatcher/agent.js', buildConnector: 'lib/core/connect.js' }],
  [
    'prom-client',
    { Counter: 'lib/counter.js', Gauge: 'lib/gauge.js', Histogram: 'lib/histogram.js', Registry: 'lib/registry.js' },
  ],
]);
