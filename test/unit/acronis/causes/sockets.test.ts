/** Causes as real sockets and a fake DNS give them: that Node and undici use the codes that the table expects. */
import { createServer, type LookupFunction, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { CauseId } from '../../../../src/acronis/causes/table.ts';
import { createConnections } from '../../../../src/acronis/http/connections.ts';
import { createDispatcher, createSend } from '../../../../src/acronis/http/http.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { listenOnLoopback, trackConnections } from '../../../support/loopback.ts';
import { always } from '../../../support/signal.ts';
import { acronisFailure } from '../support.ts';

const host = 'eu2-cloud.acronis.com';

function asking(scheme: 'http' | 'https', port: number, resolve: LookupFunction, anyAddress = true) {
  const open = () => {
    const dispatcher = createDispatcher({ anyAddress, resolve });
    onTestFinished(() => dispatcher.destroy());
    return dispatcher;
  };
  const connections = createConnections({ open, clock: systemClock });
  const send = createSend({ clock: systemClock, connections, userAgent: 'test/1' });
  return acronisFailure(send({ method: 'PUT', url: `${scheme}://${host}:${port}/api/2/x`, headers: {} }, always()));
}

const resolvesTo =
  (...addresses: readonly string[]): LookupFunction =>
  (_, { all }, callback) => {
    if (all === true)
      callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
    else callback(null, addresses[0] ?? '', 4);
  };
const failsWith =
  (code: string): LookupFunction =>
  (_, __, callback) =>
    callback(Object.assign(new Error('canary'), { code, syscall: 'getaddrinfo', hostname: host }), '', 4);

test.each<[string, LookupFunction, CauseId, boolean]>([
  ['ENOTFOUND', failsWith('ENOTFOUND'), 'no-such-name', false],
  ['ENOTFOUND to a host that may be private', failsWith('ENOTFOUND'), 'no-such-name', true],
  ['EAI_AGAIN', failsWith('EAI_AGAIN'), 'no-dns', false],
  ['no address', resolvesTo(), 'no-address', false],
  ['a private address', resolvesTo('10.1.2.3'), 'private-address', false],
])('DNS that says %s is said by its cause, with the name alone, and nothing was sent', async (...row) => {
  const [, resolve, causeId, anyAddress] = row;
  const error = await asking('https', 443, resolve, anyAddress);
  expect(error).toMatchObject({ causeId, outcomeUnknown: false });
  expect(error.message).toMatch(/\beu2-cloud\.acronis\.com /);
  expect(error.message).not.toContain('canary');
});

/** A TLS alert that is fatal. */
const alert = (description: number) => (socket: Socket) => socket.end(Buffer.of(0x15, 3, 3, 0, 2, 2, description));
const onLoopback = resolvesTo('127.0.0.1');

async function serverThat(does: (socket: Socket) => unknown): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => does(socket));
  });
  trackConnections(server);
  return await listenOnLoopback(server);
}

test.each<[string, (socket: Socket) => unknown, CauseId]>([
  ['ends the connection', (socket) => socket.end(), 'connection-cut-at-start'],
  ['resets the connection', (socket) => socket.resetAndDestroy(), 'connection-cut-at-start'],
  ['responds in plain HTTP', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), 'tls-not-spoken'],
  ['speaks something else', (socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'), 'tls-not-spoken'],
  ['refuses the TLS version', alert(70), 'tls-version-refused'],
  ['shares no cipher', alert(40), 'tls-version-refused'],
  ['does not know the name', alert(112), 'tls-name-refused'],
  ['does not know the authority of the client', alert(48), 'tls-client-certificate'],
  ['fails inside', alert(80), 'tls-failed'],
])('a handshake with a server that %s is said by its cause, and nothing was sent', async (_, does, causeId) => {
  const port = await serverThat(does);
  const error = await asking('https', port, onLoopback);
  expect(error).toMatchObject({ kind: 'unavailable', causeId, outcomeUnknown: false });
  expect(error.message).toContain(`${host}:${port}`);
});

test.each<[string, (socket: Socket) => unknown, CauseId]>([
  ['ends the connection', (socket) => socket.end(), 'connection-cut'],
  ['resets the connection', (socket) => socket.resetAndDestroy(), 'connection-cut'],
  ['responds with something else', (socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'), 'not-http'],
  [
    'sends headers that are too large',
    (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`),
    'response-broken',
  ],
])('a request to a server that %s is said by its cause, and may have been applied', async (_, does, causeId) => {
  const port = await serverThat(does);
  const error = await asking('http', port, onLoopback);
  expect(error).toMatchObject({ kind: 'unavailable', causeId, outcomeUnknown: true });
  expect(error.message).toContain(`${host}:${port}`);
});

test('a port where nothing listens is said to be one, at one address or several, and nothing was sent', async () => {
  const server = createServer();
  const port = await listenOnLoopback(server);
  await new Promise((resolve) => server.close(resolve));
  for (const addresses of [['127.0.0.1'], ['127.0.0.1', '127.0.0.2']]) {
    const error = await asking('https', port, resolvesTo(...addresses));
    expect(error).toMatchObject({ causeId: 'connection-refused', outcomeUnknown: false });
  }
});
