import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { Pool } from 'undici';
import { expect, onTestFinished, test, vi } from 'vitest';
import { sendRequest } from '../../../../src/base/http/http.ts';
import { Lane } from '../../../../src/base/http/lane.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

/** A server that counts its connections, and responds to `/held` only when the test does. */
async function slowServer(places: number) {
  let connections = 0;
  const held: ServerResponse[] = [];
  const asked: (string | undefined)[] = [];
  const server = createServer((incoming, response) => {
    asked.push(incoming.url);
    if (incoming.url === '/held') held.push(response);
    else response.end('now');
  });
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const origin = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  const lane = new Lane(new Pool(origin, { connections: places }), places);
  onTestFinished(async () => {
    await lane.destroy();
    server.closeAllConnections();
    server.close();
  });
  const clock = new ManualClock();
  const send = (path: string, signal = new AbortController().signal, onSent?: () => void, timeoutMs = 30_000) =>
    sendRequest(lane, { origin, path, method: 'GET' }, { timeoutMs, maxBytes: 1_000 }, clock, signal, onSent);
  return { lane, clock, held, asked, send, connections: () => connections };
}

const occupied = async (server: Awaited<ReturnType<typeof slowServer>>, places: number) => {
  const busy = Array.from({ length: places }, () => server.send('/held'));
  await vi.waitFor(() => expect(server.held).toHaveLength(places));
  return busy;
};

test('a thousand requests that are given up while they wait open no connection, and are never sent (R3)', async () => {
  const server = await slowServer(16);
  const busy = await occupied(server, 16);
  const stop = new AbortController();
  const sent = vi.fn();
  const given = Array.from({ length: 1_000 }, () => server.send('/given-up', stop.signal, sent).catch(String));
  expect(server.lane.waiting).toBe(1_000);
  stop.abort(new Error('given up'));
  expect(new Set(await Promise.all(given))).toEqual(new Set(['Error: given up']));
  expect(server.lane.waiting).toBe(0);
  for (const response of server.held) response.end('at last');
  await Promise.all(busy);
  await Promise.all(Array.from({ length: 64 }, () => server.send('/after')));
  expect(server.connections()).toBe(16);
  expect(server.asked).not.toContain('/given-up');
  expect(sent).not.toHaveBeenCalled();
});

test('those that wait go in the order in which they came, and one that waits too long says that it was not sent', async () => {
  const server = await slowServer(1);
  const busy = await occupied(server, 1);
  const order = ['/1', '/2', '/3'];
  const waiting = order.map((path) => server.send(path));
  const late = server.send('/late', undefined, undefined, 5_000).catch(String);
  await server.clock.advance(5_000);
  expect(await late).toContain('no connection was free within 5 s, so it was not sent');
  server.held[0]?.end();
  await Promise.all([...busy, ...waiting]);
  expect(server.asked).toEqual(['/held', ...order]);
});

test('a request that fails gives its place to the next one', async () => {
  const server = await slowServer(2);
  const busy = await occupied(server, 2);
  const waiting = Array.from({ length: 10 }, () => server.send('/next'));
  for (const response of server.held) response.destroy();
  expect((await Promise.allSettled(busy)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  for (const response of await Promise.all(waiting)) expect(response.body.toString()).toBe('now');
});

test('a lane that is closed lets what entered end first; one that is destroyed ends all of it', async () => {
  const closing = await slowServer(1);
  const busy = [...(await occupied(closing, 1)), closing.send('/waits')];
  const closed = closing.lane.close();
  closing.held[0]?.end();
  expect((await Promise.all(busy)).map(({ status }) => status)).toEqual([200, 200]);
  await closed;

  const destroyed = await slowServer(1);
  const cut = [...(await occupied(destroyed, 1)), ...Array.from({ length: 5_000 }, () => destroyed.send('/waits'))];
  const ends = Promise.allSettled(cut);
  await destroyed.lane.destroy();
  expect(new Set((await ends).map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect(destroyed.asked).toEqual(['/held']);
});

test('a lane that is destroyed while it closes is closed', async () => {
  const { lane, ...server } = await slowServer(1);
  const cut = Promise.allSettled(await occupied({ lane, ...server }, 1));
  const closed = lane.close();
  await lane.destroy();
  await closed;
  expect((await cut).map(({ status }) => status)).toEqual(['rejected']);
});
