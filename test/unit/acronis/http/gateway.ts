/** A real HTTP server on loopback in the part of Acronis or of a gateway before it, and a `Send` of production that talks to it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { onTestFinished } from 'vitest';
import { type Connections as AccountConnections, createConnections } from '../../../../src/acronis/http/connections.ts';
import { createDispatcher, createSend, type Send } from '../../../../src/acronis/http/http.ts';
import type { Clock } from '../../../../src/base/clock.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { type Connections, listenOnLoopback, trackConnections } from '../../../support/loopback.ts';

export interface Gateway {
  readonly base: string;
  readonly send: Send;
  /** Requests whose headers arrived. */
  readonly requests: IncomingMessage[];
  readonly connections: Connections;
}

/** Connections of production, which end with the test. */
export function testConnections(clock: Clock = systemClock): AccountConnections {
  const opened: Dispatcher[] = [];
  onTestFinished(async () => {
    await Promise.all(opened.map((dispatcher) => dispatcher.destroy()));
  });
  const open = () => {
    const dispatcher = createDispatcher();
    opened.push(dispatcher);
    return dispatcher;
  };
  return createConnections({ open, clock });
}

export async function gateway(
  handler: (request: IncomingMessage, response: ServerResponse) => unknown,
  clock: Clock = systemClock,
  beforeSend?: () => void,
): Promise<Gateway> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  const connections = trackConnections(server);
  const port = await listenOnLoopback(server);
  const send = createSend({
    clock,
    connections: testConnections(clock),
    userAgent: 'test/1',
    ...(beforeSend === undefined ? {} : { beforeSend }),
  });
  return { base: `http://127.0.0.1:${port}`, send, requests, connections };
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
