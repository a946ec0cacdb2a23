import { getEventListeners } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { MockAgent } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConnectFailure } from '../../../../src/acronis/http/connect-failure.ts';
import { createConnections } from '../../../../src/acronis/http/connections.ts';
import { type ApiRequest, createSend } from '../../../../src/acronis/http/http.ts';
import { noResponse } from '../../../../src/acronis/http/no-response.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { failure } from '../../../support/failure.ts';
import { listenOnLoopback, trackConnections } from '../../../support/loopback.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { always } from '../../../support/signal.ts';
import { acronisFailure } from '../support.ts';
import { gateway, json, testConnections } from './gateway.ts';

const put = (base: string): ApiRequest => ({
  method: 'PUT',
  url: `${base}/api/2/users/1`,
  headers: { authorization: 'Bearer canary-token', 'content-type': 'application/json' },
  body: '{"business_types":["canary-body"]}',
});

/** A server that does with a connection what the test says, once the request is there. */
async function rawServer(onRequest: (socket: Socket) => void) {
  const seen = { requests: 0 };
  const server = createServer((socket) => {
    socket.on('data', () => {
      seen.requests++;
      onRequest(socket);
    });
  });
  trackConnections(server);
  const base = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  const send = createSend({ clock: systemClock, connections: testConnections(), userAgent: 'test/1' });
  return { base, seen, send };
}

describe('a connection that is cut', () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n';
  test.each([
    ['before any response', (socket: Socket) => socket.destroy()],
    ['by a reset', (socket: Socket) => socket.resetAndDestroy()],
    ['in the middle of the headers', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-ty')],
    ['after the headers', (socket: Socket) => socket.end(head)],
    ['in the middle of the body', (socket: Socket) => socket.end(`${head}{"id":`)],
    [
      'in the middle of a chunk',
      (socket: Socket) =>
        socket.end(
          'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n50\r\n{"id":',
        ),
    ],
    ['after something that is not HTTP', (socket: Socket) => socket.end('SSH-2.0-OpenSSH\r\n')],
    ['after headers without an end', (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`)],
  ])('%s leaves it open whether the write was applied, and it is not sent again', async (_, onRequest) => {
    const { base, seen, send } = await rawServer(onRequest);
    const error = await acronisFailure(send(put(base), always()));
    expect(error).toMatchObject({ kind: 'unavailable', status: 0, outcomeUnknown: true });
    expect(error.message).toContain(new URL(base).host);
    expect(error.detail).not.toBe('');
    expect(seen.requests).toBe(1);
  });

  test('and is made again for the next request', async () => {
    let count = 0;
    const { base, send } = await gateway((request, response) => {
      if (++count === 1) request.socket.destroy();
      else json(200, { ok: true })(request, response);
    });
    await acronisFailure(send(put(base), always()));
    expect(await send(put(base), always())).toEqual({ ok: true });
  });
});

describe('a request that was never sent', () => {
  test('because nothing listens was surely not applied', async () => {
    const server = createServer();
    const port = await listenOnLoopback(server);
    await new Promise((resolve) => server.close(resolve));
    const { send } = await gateway(json(200, {}));
    const error = await acronisFailure(send(put(`http://127.0.0.1:${port}`), always()));
    expect(error).toMatchObject({
      kind: 'unavailable',
      outcomeUnknown: false,
      detail: 'ECONNREFUSED',
      causeId: 'connection-refused',
    });
  });

  test('because TLS is not spoken there was surely not applied', async () => {
    const { send, base } = await gateway(json(200, {}));
    const error = await acronisFailure(send(put(base.replace('http:', 'https:')), always()));
    expect(error).toMatchObject({ kind: 'unavailable', causeId: 'tls-not-spoken', outcomeUnknown: false });
  });

  const url = 'https://eu2-cloud.acronis.com/api/2/users/1';
  test.each([
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'UND_ERR_CONNECT_TIMEOUT',
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('because of %s was surely not applied', (code) => {
    const error = noResponse(Object.assign(new Error('x'), { code }), url);
    expect(error).toMatchObject({ kind: 'unavailable', outcomeUnknown: false, detail: code });
  });

  test.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_NEW', ''])(
    'is not what %j proves after the connection was made, and is where it was not',
    (code) => {
      const thrown = Object.assign(new Error('x'), code === '' ? {} : { code });
      expect(noResponse(thrown, url).outcomeUnknown).toBe(true);
      expect(noResponse(new ConnectFailure(thrown, undefined), url).outcomeUnknown).toBe(false);
    },
  );

  test('because the connection was not made in time was surely not applied, though reading can fail by the same name', () => {
    const connecting = Object.assign(new Error('x'), { code: 'ETIMEDOUT', syscall: 'connect' });
    expect(noResponse(connecting, url).outcomeUnknown).toBe(false);
  });

  test.each([undefined, null, 'text', {}, { code: 'ECONNREFUSED' }])('is not what %j proves either', (thrown) => {
    expect(noResponse(thrown, url)).toMatchObject({ kind: 'unavailable', outcomeUnknown: true });
  });
});

describe('the time-out', () => {
  test('ends a request that gets no response, and its connection', async () => {
    const clock = new ManualClock();
    const { base, send, requests, connections } = await gateway(() => {}, clock);
    const failing = acronisFailure(send(put(base), always()));
    await expect.poll(() => requests.length).toBe(1);
    await clock.advance(29_999);
    expect(connections.open).toBe(1);
    await clock.advance(1);
    expect(await failing).toMatchObject({
      kind: 'unavailable',
      outcomeUnknown: true,
      detail: 'time-out',
      causeId: 'response-timeout',
    });
    await expect.poll(() => connections.open).toBe(0);
    expect(clock.timers).toBe(0);
  });

  test('is over the whole HTTP request: a body that drips does not push it off', async () => {
    const clock = new ManualClock();
    let drip = async () => {};
    let dripped = 0;
    const { base, send, requests } = await gateway((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      drip = async () => {
        dripped++;
        await new Promise((sent) => response.write(' ', sent));
      };
    }, clock);
    let over = false;
    const failing = acronisFailure(send(put(base), always())).finally(() => {
      over = true;
    });
    await expect.poll(() => requests.length).toBe(1);
    while (!over && clock.now() < 120_000) {
      await drip();
      await clock.advance(1_000);
    }
    expect(await failing).toMatchObject({ kind: 'unavailable', detail: 'time-out', outcomeUnknown: true });
    expect(clock.now()).toBeGreaterThanOrEqual(30_000);
    expect(clock.now()).toBeLessThan(35_000);
    expect(dripped).toBeGreaterThanOrEqual(30);
  });

  test('is cancelled when the response comes, and the signal is released', async () => {
    const clock = new ManualClock();
    const { base, send } = await gateway(json(200, { ok: true }), clock);
    const signal = always();
    await send(put(base), signal);
    await failure(send(put('http://127.0.0.1:1'), signal));
    expect(clock.timers).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('an abort', () => {
  test('before the request sends nothing', async () => {
    const { base, send, connections } = await gateway(json(200, {}));
    const reason = new Error('enough');
    expect(await failure(send(put(base), AbortSignal.abort(reason)))).toBe(reason);
    expect(connections.total).toBe(0);
  });

  test.each([
    ['while the response is awaited', false],
    ['while the body comes', true],
  ])('%s ends it with the reason of the signal, and closes the connection', async (_, headersFirst) => {
    const { base, send, requests, connections } = await gateway((_request, response) => {
      if (headersFirst) response.writeHead(200, { 'content-type': 'application/json' }).write('{');
    });
    const abort = new AbortController();
    const failing = failure(send(put(base), abort.signal));
    await expect.poll(() => requests.length).toBe(1);
    await settle();
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await failing).toBe(reason);
    await expect.poll(() => connections.open).toBe(0);
  });
});

test('nothing that was sent is in any error: no token, no body', async () => {
  const { base, send } = await rawServer((socket) => socket.destroy());
  const cut = await acronisFailure(send(put(base), always()));
  const answered = await gateway(json(400, { error: { code: 400, message: 'canary-body canary-token' } }));
  const refusal = await acronisFailure(answered.send(put(answered.base), always()));
  const badHeader = { ...put(base), headers: { authorization: 'Bearer canary-token\r\nx: y' } };
  const invalid = await acronisFailure(answered.send(badHeader, always()));
  expect(invalid.outcomeUnknown).toBe(false);
  for (const error of [cut, refusal, invalid])
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('canary');
});

test('a dispatcher given from outside is the only way out', async () => {
  const agent = new MockAgent();
  agent.disableNetConnect();
  onTestFinished(() => agent.close());
  agent
    .get('https://eu2-cloud.acronis.com')
    .intercept({ path: '/api/2/x' })
    .reply(200, { ok: 1 }, { headers: { 'content-type': 'application/json' } });
  const send = createSend({
    clock: systemClock,
    connections: createConnections({ open: () => agent, clock: systemClock }),
    userAgent: 'test/1',
  });
  const request: ApiRequest = { method: 'GET', url: 'https://eu2-cloud.acronis.com/api/2/x', headers: {} };
  expect(await send(request, always())).toEqual({ ok: 1 });
});
