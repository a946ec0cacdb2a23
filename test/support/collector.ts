/** A trace collector that keeps what it is sent, and responds as a test wants. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import * as z from 'zod';
import { listenOnLoopback, trackConnections } from './loopback.ts';

/** Of OTLP's JSON, what tests ask about. */
const attributes = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]])));
const span = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  attributes,
  status: z.object({ code: z.number(), message: z.string().optional() }),
  events: z.array(z.unknown()).default([]),
});
const body = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ scope: z.object({ name: z.string() }), spans: z.array(span) })),
    }),
  ),
});

export interface Collector {
  readonly url: string;
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: Buffer }[];
  /** Of all requests, which were OTLP's JSON. */
  spans(): readonly z.infer<typeof span>[];
  resource(): Record<string, unknown> | undefined;
  respond: (response: ServerResponse) => void;
}

export async function startCollector(): Promise<Collector> {
  const requests: Collector['requests'] = [];
  const parsed = () => requests.flatMap((request) => body.parse(JSON.parse(request.body.toString())).resourceSpans);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) });
      collector.respond(response);
    });
  });
  trackConnections(server);
  const collector: Collector = {
    url: `http://127.0.0.1:${await listenOnLoopback(server)}`,
    requests,
    spans: () => parsed().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    resource: () => parsed()[0]?.resource.attributes,
    respond: (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
  };
  return collector;
}
