/** Traces of a running operator, as a collector gets them. */
import { expect, it } from 'vitest';
import { until } from '../../sandbox/until.ts';
import { startCollector } from '../support/collector.ts';
import { World } from './world.ts';

it('where OTEL_EXPORTER_OTLP_ENDPOINT is set, an assignment is a trace of its parts, and names no person', async () => {
  const collector = await startCollector();
  await using world = await World.start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  world.logOnFailure();
  const id = world.acronis.cast.johnDoe;
  await world.upsell('canary-name', { userID: id });
  await world.untilReason('canary-name', 'BuyerAssigned');
  await until('the trace is there', collector.spans, (all) => all.some(({ name }) => name === 'put user'));
  await world.operator.stop();
  const all = collector.spans();
  const put = all.find(({ name }) => name === 'put user');
  const root = all.find(({ spanId }) => spanId === put?.parentSpanId);
  expect(root).toMatchObject({ name: 'reconcile', traceId: put?.traceId });
  const parts = all.filter(({ parentSpanId }) => parentSpanId === root?.spanId).map(({ name }) => name);
  expect(parts).toEqual(['read user', 'put user', 'patch status']);
  for (const secret of ['canary-name', world.user(id).login, world.user(id).email, world.acronis.clientSecret])
    expect(collector.requests.map(({ body }) => body.toString()).join()).not.toContain(secret);
});
