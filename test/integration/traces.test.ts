/** Traces of a running operator, as a collector gets them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { until } from '../../sandbox/until.ts';
import { World } from './world.ts';

const requestSchema = z.object({
  resourceSpans: z.array(
    z.object({
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** A collector that keeps what it is sent. */
async function collector(): Promise<{ readonly url: string; readonly bodies: string[] }> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString());
      response.writeHead(request.url === '/v1/traces' ? 200 : 404, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const isAddress = (address: string | AddressInfo | null): address is AddressInfo =>
    typeof address === 'object' && address !== null;
  const address = server.address();
  if (!isAddress(address)) throw new Error('The collector has no port.');
  return { url: `http://127.0.0.1:${address.port}`, bodies };
}

it('where OTEL_EXPORTER_OTLP_ENDPOINT is set, an assignment is a trace of its parts, and names nobody', async () => {
  const { url, bodies } = await collector();
  await using world = await World.start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: url } });
  world.tellOnFailure();
  const id = world.acronis.cast.johnDoe;
  await world.upsell('canary-name', { userID: id });
  await world.untilReason('canary-name', 'BuyerAssigned');
  const spans = () =>
    bodies.flatMap((body) =>
      requestSchema
        .parse(JSON.parse(body))
        .resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans: of }) => of)),
    );
  await until('the trace is there', spans, (all) => all.some(({ name }) => name === 'put user'));
  await world.operator.stop();
  const all = spans();
  const put = all.find(({ name }) => name === 'put user');
  const root = all.find(({ spanId }) => spanId === put?.parentSpanId);
  expect(root).toMatchObject({ name: 'reconcile', traceId: put?.traceId });
  const parts = all.filter(({ parentSpanId }) => parentSpanId === root?.spanId).map(({ name }) => name);
  expect(parts).toEqual(['read user', 'put user', 'patch status']);
  for (const secret of ['canary-name', world.user(id).login, world.user(id).email, world.acronis.clientSecret])
    expect(bodies.join()).not.toContain(secret);
});
