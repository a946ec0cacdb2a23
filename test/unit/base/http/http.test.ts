import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Dispatcher, Pool } from 'undici';
import { expect, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import { type HttpResponse, sendRequest } from '../../../../src/base/http/http.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const limits = { timeoutMs: 1_000, maxBytes: 1_000 };
const request = { origin: 'https://acronis.test', path: '/', method: 'GET' } as const;

/** The network, in the test's own hands: it keeps the handler for as long as it likes. */
class HeldDispatcher extends Dispatcher {
  handler: Dispatcher.DispatchHandler = {};

  override dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.handler = handler;
    return true;
  }
}

const controller: Dispatcher.DispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  abort() {},
  pause() {},
  resume() {},
};

setFlagsFromString('--expose-gc');
const collect = z.function({ input: [], output: z.void() }).implement(runInNewContext('gc'));

/** Responds to whatever was asked, and remembers the response without holding it. */
async function answered(network: HeldDispatcher): Promise<WeakRef<HttpResponse>> {
  const pending = sendRequest(network, request, limits, new ManualClock(), new AbortController().signal);
  network.handler.onRequestStart?.(controller, {});
  network.handler.onResponseStart?.(controller, 200, { 'content-type': 'text/plain' }, 'OK');
  network.handler.onResponseData?.(controller, Buffer.from('hello'));
  network.handler.onResponseEnd?.(controller, {});
  const answer = await pending;
  expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/plain' }, body: Buffer.from('hello') });
  return new WeakRef(answer);
}

it('a handler of an HTTP request that is over holds no response', async () => {
  const network = new HeldDispatcher();
  const answer = await answered(network);
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(answer.deref()).toBeUndefined();
  expect(network.handler.onResponseEnd).toBeDefined();
});

it('what comes after an HTTP request is over changes nothing', async () => {
  const network = new HeldDispatcher();
  const stop = new AbortController();
  const pending = sendRequest(network, request, limits, new ManualClock(), stop.signal);
  network.handler.onRequestStart?.(controller, {});
  stop.abort(new Error('stopped'));
  network.handler.onResponseStart?.(controller, 200, {}, 'OK');
  network.handler.onResponseData?.(controller, Buffer.from('hello'));
  network.handler.onResponseEnd?.(controller, {});
  network.handler.onResponseError?.(controller, new Error('too late'));
  await expect(pending).rejects.toThrow('stopped');
});

/** A server that counts its connections and responds to `/held` only when the test does. */
async function countingServer() {
  let connections = 0;
  const held: ServerResponse[] = [];
  const server = createServer((incoming, response) => {
    if (incoming.url === '/held') held.push(response);
    else response.end('now');
  });
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const pool = new Pool(`http://127.0.0.1:${address.port}`, { connections: 1 });
  onTestFinished(async () => {
    await pool.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { pool, held, connections: () => connections };
}

it('a request is reported as sent when its bytes leave; one given up while it waits for a connection is not, and costs no connection', async () => {
  const { pool, held, connections } = await countingServer();
  const sent: string[] = [];
  const clock = new ManualClock();
  const send = (path: string, signal = new AbortController().signal) =>
    sendRequest(pool, { origin: request.origin, path, method: 'PUT' }, limits, clock, signal, () => sent.push(path));
  const first = send('/held');
  await vi.waitFor(() => expect(held).toHaveLength(1));
  const stop = new AbortController();
  const givenUp = Array.from({ length: 20 }, () => send('/given-up', stop.signal).catch(String));
  const last = send('/last');
  expect(sent).toEqual(['/held']);
  stop.abort(new Error('stopped'));
  expect(new Set(await Promise.all(givenUp))).toEqual(new Set(['Error: stopped']));
  held[0]?.end('at last');
  expect((await first).body.toString()).toBe('at last');
  expect((await last).body.toString()).toBe('now');
  expect(sent).toEqual(['/held', '/last']);
  expect(connections()).toBe(1);
});
