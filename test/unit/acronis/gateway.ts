/** A real HTTP server on loopback in the part of Acronis or of a gateway before it, and a `Send` of production that talks to it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { createDispatcher, createSend, type Send } from '../../../src/acronis/http.ts';
import type { Clock } from '../../../src/base/clock.ts';
import { systemClock } from '../../../src/base/clock.ts';

export interface Gateway {
  readonly base: string;
  readonly send: Send;
  /** Requests whose headers arrived. */
  readonly requests: IncomingMessage[];
  /** Connections ever made, and those open now. */
  readonly connections: { total: number; open: number };
}

export async function gateway(
  handler: (request: IncomingMessage, response: ServerResponse) => unknown,
  clock: Clock = systemClock,
): Promise<Gateway> {
  const requests: IncomingMessage[] = [];
  const connections = { total: 0, open: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  server.on('connection', (socket) => {
    connections.total++;
    connections.open++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      connections.open--;
      sockets.delete(socket);
    });
  });
  const port = await listen(server);
  const dispatcher = createDispatcher();
  onTestFinished(async () => {
    await dispatcher.destroy();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const send = createSend({ clock, dispatcher, userAgent: 'test/1' });
  return { base: `http://127.0.0.1:${port}`, send, requests, connections };
}

/** @returns the port. */
export async function listen(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): AddressInfo | string | null;
}): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Answers with this JSON. */
export const json =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  (_: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };

/** The whole body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}
