import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Pool } from 'undici';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createConnector } from '../../../../src/base/http/connector.ts';
import { sendRequest } from '../../../../src/base/http/http.ts';
import { tunnelConnector } from '../../../../src/base/http/tunnel.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const forever = new AbortController().signal;

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/** A target behind a proxy; `onConnect` says what the proxy does with each CONNECT. */
async function behindProxy(onConnect: (request: IncomingMessage, socket: Socket, tunnel: () => void) => void) {
  const target = await listening(createServer((_, response) => response.end('reached')));
  const proxy = createServer();
  proxy.on('connect', (request: IncomingMessage, socket: Socket) =>
    onConnect(request, socket, () => {
      const onward = connect(target, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
    }),
  );
  const clock = new ManualClock();
  const url = new URL(`http://jo:p%40ss@127.0.0.1:${await listening(proxy)}`);
  const connector = tunnelConnector({
    proxy: url,
    toTarget: createConnector({}),
    toProxy: {},
    timeoutMs: 5_000,
    clock,
  });
  const pool = new Pool('http://target.test:8080', { connections: 1, connect: connector });
  onTestFinished(() => pool.destroy());
  const send = () =>
    sendRequest(
      pool,
      { origin: 'http://target.test:8080', path: '/', method: 'GET' },
      { timeoutMs: 60_000, maxBytes: 100 },
      clock,
      forever,
    );
  return { clock, send };
}

test('a request reaches its target through the proxy, which gets the credentials of its URL', async () => {
  const seen: [string | undefined, string | undefined][] = [];
  const { send, clock } = await behindProxy((request, _, tunnel) => {
    seen.push([request.url, request.headers['proxy-authorization']]);
    tunnel();
  });
  expect((await send()).body.toString()).toBe('reached');
  expect(seen).toEqual([['target.test:8080', `Basic ${Buffer.from('jo:p@ss').toString('base64')}`]]);
  expect(clock.timers).toBe(0);
});

test('a proxy that hangs at CONNECT blocks a connection for no longer than the deadline (R3b)', async () => {
  let hangs = true;
  let asked = 0;
  const { send, clock } = await behindProxy((_request, _socket, tunnel) => {
    asked += 1;
    if (!hangs) tunnel();
  });
  const first = send().catch((error: unknown) => error);
  await vi.waitFor(() => expect(asked).toBe(1));
  hangs = false;
  await clock.advance(4_999);
  expect(asked).toBe(1);
  await clock.advance(1);
  expect(await first).toMatchObject({ code: 'PROXY_TIMEOUT' });
  expect((await send()).body.toString()).toBe('reached');
  expect(clock.timers).toBe(0);
});

test.each([407, 502])(
  'a proxy that responds %i to CONNECT is named by that, and its password is not',
  async (status) => {
    const { send } = await behindProxy((_request, socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`));
    const error = await send().catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: `PROXY_STATUS_${status}` });
    expect(String(error)).not.toContain('ss');
  },
);

test('a proxy that cuts the connection is an error', async () => {
  const { send } = await behindProxy((_request, socket) => socket.destroy());
  await expect(send()).rejects.toThrow();
});
