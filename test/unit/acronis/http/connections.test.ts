import { createServer } from 'node:http';
import type { LookupFunction, Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createConnections } from '../../../../src/acronis/http/connections.ts';
import { type ApiRequest, createDispatcher, createSend } from '../../../../src/acronis/http/http.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { listenOnLoopback, trackConnections } from '../../../support/loopback.ts';
import { always } from '../../../support/signal.ts';
import { acronisFailure } from '../support.ts';
import { gateway, json } from './gateway.ts';

const request = (base: string, method: ApiRequest['method'] = 'GET'): ApiRequest => ({
  method,
  url: `${base}/api/2/x`,
  headers: {},
});

/** One request after the other, with a turn of the event loop in between: only then has undici its connection back. */
async function inTurn<T>(promise: Promise<T>): Promise<T> {
  const result = await promise;
  await new Promise(setImmediate);
  return result;
}

/** The clock of production, which a test can turn forward. */
function clockAhead() {
  let ahead = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + ahead };
  const turn = (ms: number) => {
    ahead += ms;
  };
  return { clock, turn };
}

describe('a connection that was closed just as a request goes out', () => {
  /** The first request on each connection is served, the second finds it closed. */
  const closing = async () => {
    const served = new WeakSet<Socket>();
    return await gateway((incoming, response) => {
      if (served.has(incoming.socket)) {
        incoming.socket.destroy();
        return;
      }
      served.add(incoming.socket);
      json(200, { ok: true })(incoming, response);
    });
  };

  test.each(['GET', 'POST'] as const)('costs a read nothing: it goes out again on a new one (%s)', async (method) => {
    const { base, send, connections } = await closing();
    for (let i = 0; i < 3; i++) expect(await inTurn(send(request(base, method), always()))).toEqual({ ok: true });
    expect(connections.total).toBe(3);
  });

  test('leaves a write unknown, which is never sent twice', async () => {
    const { base, send, requests } = await closing();
    await inTurn(send(request(base, 'PUT'), always()));
    const sent: string[] = [];
    const put = { ...request(base, 'PUT'), onSent: () => void sent.push('sent') };
    expect(await acronisFailure(send(put, always()))).toMatchObject({ kind: 'unavailable', outcomeUnknown: true });
    expect([requests.length, sent.length]).toEqual([2, 1]);
  });

  test('is tried once more and not for ever', async () => {
    const { base, send, requests } = await gateway((incoming) => incoming.socket.destroy());
    expect((await inTurn(acronisFailure(send(request(base), always())))).kind).toBe('unavailable');
    expect(requests).toHaveLength(2);
  });
});

describe('connections', () => {
  test('are kept while the other side serves', async () => {
    const { base, send, connections } = await gateway(json(200, {}));
    for (let i = 0; i < 5; i++) await inTurn(send(request(base), always()));
    expect(connections.total).toBe(1);
  });

  test('are replaced after a response of 5xx, so that the name is asked for again', async () => {
    const { base, send, connections } = await gateway(json(503, {}));
    for (let i = 1; i <= 3; i++) {
      await inTurn(acronisFailure(send(request(base), always())));
      await expect.poll(() => connections.open).toBe(0);
      expect(connections.total).toBe(i);
    }
  });

  test('have a greatest age', async () => {
    const { clock, turn } = clockAhead();
    const { base, send, connections } = await gateway(json(200, {}), clock);
    await inTurn(send(request(base), always()));
    turn(2 * 60_000);
    await inTurn(send(request(base), always()));
    expect(connections.total).toBe(1);
    turn(60_000);
    await inTurn(send(request(base), always()));
    expect(connections.total).toBe(2);
    await expect.poll(() => connections.open).toBe(1);
  });

  test('that are replaced serve what is in flight on them to its end', async () => {
    const { clock, turn } = clockAhead();
    const slow = Promise.withResolvers<void>();
    const { base, send } = await gateway(async (incoming, response) => {
      if (incoming.method === 'PUT') await slow.promise;
      json(200, { ok: true })(incoming, response);
    }, clock);
    const put = send(request(base, 'PUT'), always());
    turn(10 * 60_000);
    await inTurn(send(request(base), always()));
    slow.resolve();
    expect(await put).toEqual({ ok: true });
  });
});

describe('a site whose name leads to another one by now', () => {
  const keep = { 'keep-alive': 'timeout=600' };

  /** Two sites at the same port of two addresses, and a name that leads to the first one until it is moved. */
  async function sites(clock = systemClock) {
    const served = { old: 0, new: 0 };
    let drained = false;
    const old = createServer((incoming, response) => {
      served.old++;
      json(drained ? 503 : 200, { from: 'old' }, keep)(incoming, response);
    });
    const fresh = createServer((incoming, response) => {
      served.new++;
      json(200, { from: 'new' }, keep)(incoming, response);
    });
    trackConnections(old);
    trackConnections(fresh);
    const port = await listenOnLoopback(old);
    await new Promise<void>((resolve) => void fresh.listen(port, '127.0.0.2', resolve));
    let address = '127.0.0.1';
    const resolve: LookupFunction = (_name, _options, callback) => callback(null, [{ address, family: 4 }]);
    const open = () => {
      const dispatcher = createDispatcher({ anyAddress: true, resolve });
      onTestFinished(() => dispatcher.destroy());
      return dispatcher;
    };
    const send = createSend({ clock, connections: createConnections({ open, clock }), userAgent: 'test/1' });
    const move = () => {
      address = '127.0.0.2';
    };
    const drain = () => {
      move();
      drained = true;
    };
    return { served, move, drain, get: () => send(request(`http://acronis.example:${port}`), always()) };
  }

  test('is left with the first 5xx, however long it would keep the connection', async () => {
    const { served, drain, get } = await sites();
    for (let i = 0; i < 3; i++) expect(await inTurn(get())).toEqual({ from: 'old' });
    drain();
    await inTurn(acronisFailure(get()));
    for (let i = 0; i < 3; i++) expect(await inTurn(get())).toEqual({ from: 'new' });
    expect(served).toEqual({ old: 4, new: 3 });
  });

  test('is left within three minutes, though it serves on', async () => {
    const { clock, turn } = clockAhead();
    const { move, get } = await sites(clock);
    await inTurn(get());
    move();
    turn(2 * 60_000);
    expect(await inTurn(get())).toEqual({ from: 'old' });
    turn(60_000);
    expect(await inTurn(get())).toEqual({ from: 'new' });
  });
});
