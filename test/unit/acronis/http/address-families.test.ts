/**
 * A name with addresses of both families, one of them dead and the other slow. The kernel makes them so: a server with a full queue that accepts nothing lets a
 * handshake wait, for ever or until it accepts again; the client's kernel then asks again after a second.
 */
import { once } from 'node:events';
import { connect, type LookupFunction } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { createConnections } from '../../../../src/acronis/http/connections.ts';
import { createDispatcher, createSend } from '../../../../src/acronis/http/http.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { always } from '../../../support/signal.ts';

const program = `
  const { createServer } = require('node:http');
  const { parentPort, workerData } = require('node:worker_threads');
  const { port, host, gate } = workerData;
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end('{"from":"' + host + '"}'));
  server.listen({ port, host, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(gate, 0, 0));
  });`;

/** A server whose queue is full. It accepts nothing until it is opened. */
async function waiting(host: string, port = 0) {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(program, { eval: true, workerData: { host, port, gate } });
  onTestFinished(async () => void (await worker.terminate()));
  const [message]: unknown[] = await once(worker, 'message');
  const at = z.number().parse(message);
  const fill = () => {
    const socket = connect(at, host).on('error', () => {});
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  // Until one is left without a place.
  for (let full = false; !full; ) {
    const socket = fill();
    const connected = once(socket, 'connect').then(() => false);
    full = await Promise.race([connected, new Promise<true>((resolve) => setTimeout(resolve, 200, true))]);
  }
  const open = () => {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  };
  return { port: at, open };
}

test.each([
  ['before', [6, 4]],
  ['after', [4, 6]],
] as const)('a dead IPv6 address %s a slow good IPv4 one: it connects', async (_, families) => {
  const good = await waiting('127.0.0.1');
  await waiting('::1', good.port);
  const addresses = families.map((family) => ({ family, address: family === 4 ? '127.0.0.1' : '::1' }));
  const resolve: LookupFunction = (_name, _options, callback) => callback(null, addresses);
  const open = () => {
    const dispatcher = createDispatcher({ anyAddress: true, resolve }, 1);
    onTestFinished(() => dispatcher.destroy());
    return dispatcher;
  };
  const clock = systemClock;
  const send = createSend({ clock, connections: createConnections({ open, clock }), userAgent: 'test/1' });
  setTimeout(good.open, 400);
  const response = await send(
    { method: 'GET', url: `http://eu2-cloud.acronis.example:${good.port}/x`, headers: {} },
    always(),
  );
  expect(response).toEqual({ from: '127.0.0.1' });
});
