import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { isNotFound, isTransient, KubernetesError } from '../../../../src/kubernetes/calls/errors.ts';
import { failure } from '../../../support/failure.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { always } from '../../../support/signal.ts';
import { apiServer, connect, deferred, eventually, kubeconfigFile } from '../support.ts';

const get = { method: 'GET', path: '/api/v1/nodes' } as const;

async function serving(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  clock = new ManualClock(),
  prefix = '',
) {
  const server = await apiServer(handler);
  return { server, clock, ...connect(kubeconfigFile({ server: server.url + prefix, user: { token: 't' } }), clock) };
}

const status = (code: number, reason: string, message: string, details: object = {}) =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', code, reason, message, details });

describe('what goes out', () => {
  test('a call carries query, body, content type, token and user agent, and resolves with the parsed JSON', async () => {
    const arrived = deferred<{ url: string | undefined; headers: unknown; body: string }>();
    const { client } = await serving((request, response) => {
      void text(request).then((body) => arrived.resolve({ url: request.url, headers: request.headers, body }));
      response.end('{"kind":"Thing","größe":1}');
    });
    const answer = await client.request(
      {
        method: 'PATCH',
        path: '/apis/g/v1/namespaces/n/things/t/status',
        query: { fieldManager: 'a b', force: 'true' },
        body: { status: { größe: 1 } },
        contentType: 'application/merge-patch+json',
      },
      always(),
    );
    expect(answer).toEqual({ kind: 'Thing', größe: 1 });
    expect(await arrived.promise).toMatchObject({
      url: '/apis/g/v1/namespaces/n/things/t/status?fieldManager=a%20b&force=true',
      headers: {
        authorization: 'Bearer t',
        'user-agent': 'test/1',
        accept: 'application/json',
        'content-type': 'application/merge-patch+json',
      },
      body: '{"status":{"größe":1}}',
    });
  });

  test('integers up to int64 are exact, in the request and in the response', async () => {
    const body = { status: { observedVersion: 9_223_372_036_854_775_807n, observedGeneration: 1 } };
    const bodies: string[] = [];
    const { client } = await serving((request, response) => {
      void text(request).then((sent) => {
        bodies.push(sent);
        response.end(sent);
      });
    });
    expect(await client.request({ method: 'PATCH', path: '/things/t', body }, always())).toEqual(body);
    expect(bodies).toEqual(['{"status":{"observedVersion":9223372036854775807,"observedGeneration":1}}']);
  });

  test('a server behind a path keeps it', async () => {
    const urls: (string | undefined)[] = [];
    const { client } = await serving(
      (request, response) => {
        urls.push(request.url);
        response.end('{}');
      },
      undefined,
      '/k8s/clusters/c-1/',
    );
    await client.request(get, always());
    expect(urls).toEqual(['/k8s/clusters/c-1/api/v1/nodes']);
  });

  test('200 calls share a few connections', async () => {
    const { client, server, counted } = await serving((_request, response) => response.end('{}'));
    for (let call = 0; call < 100; call++) await client.request(get, always());
    expect(server.connections.total).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 100 }, () => client.request(get, always())));
    expect(server.connections.total).toBeLessThanOrEqual(32);
    expect(counted).toHaveLength(200);
  });

  test('connections are reused after refusals too: their bodies are read to the end', async () => {
    const { client, server } = await serving((_request, response) => {
      response.statusCode = 404;
      response.end('x'.repeat(300_000));
    });
    for (let call = 0; call < 20; call++) await failure(client.request(get, always()));
    expect(server.connections.total).toBeLessThanOrEqual(2);
  });

  test('a response cut into many pieces is put together', async () => {
    const { client } = await serving((_request, response) => {
      const bytes = Buffer.from(JSON.stringify({ text: 'ä€😀'.repeat(1_000) }));
      for (let at = 0; at < bytes.length; at += 7) response.write(bytes.subarray(at, at + 7));
      response.end();
    });
    expect(await client.request(get, always())).toEqual({ text: 'ä€😀'.repeat(1_000) });
  });
});

describe('what comes back as an error', () => {
  test('a Status gives its reason and message', async () => {
    const { client, counted } = await serving((_request, response) => {
      response.statusCode = 409;
      response.end(status(409, 'AlreadyExists', 'things "t" already exists'));
    });
    const error = await failure(client.request({ ...get, method: 'POST', body: {} }, always()));
    expect(error).toBeInstanceOf(KubernetesError);
    expect(error).toMatchObject({
      status: 409,
      reason: 'AlreadyExists',
      retryAfterMs: undefined,
      message: 'POST /api/v1/nodes: 409 AlreadyExists: things "t" already exists',
    });
    expect(counted).toEqual(['POST 409']);
  });

  test.each([
    ['seconds', '7', 7_000],
    ['a date', 'Fri, 02 Jan 2026 03:04:35 GMT', 30_000],
    ['a date that has passed', 'Fri, 02 Jan 2026 03:00:00 GMT', 0],
    ['nonsense', '-5', undefined],
    ['more nonsense', '2026', 2_026_000],
  ])('Retry-After as %s', async (_form, header, expected) => {
    const { client } = await serving((_request, response) => {
      response.writeHead(429, { 'retry-after': header });
      response.end(status(429, 'TooManyRequests', 'slow down'));
    });
    expect(await failure(client.request(get, always()))).toMatchObject({ status: 429, retryAfterMs: expected });
  });

  test('the Status itself can say when to come back', async () => {
    const { client } = await serving((_request, response) => {
      response.statusCode = 504;
      response.end(status(504, 'ServerTimeout', 'try again', { retryAfterSeconds: 2 }));
    });
    expect(await failure(client.request(get, always()))).toMatchObject({
      reason: 'ServerTimeout',
      retryAfterMs: 2_000,
    });
  });

  test.each([
    ['HTML of a gateway', 502, 'text/html', '<html>canary</html>', /502 with text\/html instead of the API's JSON/],
    ['HTML with 200', 200, 'text/html', '<html>canary</html>', /200 with text\/html/],
    ['half a document', 200, 'application/json', '{"canary":', /200 with broken JSON/],
    ['nothing', 200, 'application/json', '', /200 with nothing/],
    ['a redirect', 302, 'text/plain', 'canary', /302 with text\/plain/],
    [
      'a Status of odd types',
      500,
      'application/json',
      '{"kind":"Status","reason":5,"message":{}}',
      /500 InternalError$/,
    ],
    ['JSON that is no Status', 503, 'application/json', '["canary"]', /503 with broken JSON/],
  ])('%s is readable, and its body is not repeated', async (_name, code, type, body, expected) => {
    const { client } = await serving((_request, response) => {
      response.writeHead(code, { 'content-type': type });
      response.end(body);
    });
    const error = await failure(client.request(get, always()));
    expect(String(error)).toMatch(expected);
    expect(String(error)).not.toContain('canary');
    expect(error).toMatchObject({ status: code });
  });

  test('a kind the server does not know is NotFound; a gateway that does not know the server is not', async () => {
    const type = { of: 'text/plain; charset=utf-8' };
    const { client } = await serving((_request, response) => {
      response.writeHead(404, { 'content-type': type.of });
      response.end('404 page not found');
    });
    const unknown = await failure(client.request(get, always()));
    expect(isNotFound(unknown)).toBe(true);
    expect(String(unknown)).toMatch(/404 NotFound: the server knows no such path \(is the CRD installed\?\)/);
    type.of = 'text/html';
    const gateway = await failure(client.request(get, always()));
    expect(isNotFound(gateway)).toBe(false);
    expect(isTransient(gateway)).toBe(true);
  });

  test('204 has no body and needs none', async () => {
    const { client } = await serving((_request, response) => response.writeHead(204).end());
    expect(await client.request(get, always())).toBeUndefined();
  });

  test('a server that is not there, and one that hangs up, are ConnectionFailed without status', async () => {
    const { client, server, counted } = await serving((request) => request.socket.destroy());
    expect(await failure(client.request(get, always()))).toMatchObject({
      status: 0,
      reason: 'ConnectionFailed',
      message: `GET /api/v1/nodes: no response from ${server.url}: the connection was cut (UND_ERR_SOCKET)`,
    });
    const absent = connect(kubeconfigFile({ server: 'http://127.0.0.1:1' }));
    expect(String(await failure(absent.client.request(get, always())))).toMatch(
      /nothing listens there \(ECONNREFUSED\)/,
    );
    expect(counted).toEqual(['GET <error>']);
  });

  test('a response that is cut short is no response', async () => {
    const { client } = await serving((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"half":');
      setImmediate(() => response.destroy());
    });
    expect(await failure(client.request(get, always()))).toMatchObject({ status: 0, reason: 'ConnectionFailed' });
  });
});

describe('the deadline', () => {
  test('holds against a server that sends one byte now and then for ever', async () => {
    const clock = new ManualClock();
    let bytes = 0;
    const { client, server } = await serving((_request, response) => {
      response.write('{"a":"');
      const drip = setInterval(() => {
        bytes++;
        response.write('x');
      }, 1);
      response.on('close', () => clearInterval(drip));
    }, clock);
    const outcome = failure(client.request({ ...get, timeoutMs: 10_000 }, always()));
    await eventually(() => expect(bytes).toBeGreaterThan(3));
    await clock.advance(9_999);
    const before = bytes;
    await eventually(() => expect(bytes).toBeGreaterThan(before));
    await clock.advance(1);
    expect(await outcome).toMatchObject({
      reason: 'TimedOut',
      status: 0,
      message: 'GET /api/v1/nodes: no complete response within 10 s',
    });
    await eventually(() => expect(server.connections.open).toBe(0));
    expect(clock.timers).toBe(0);
  });

  test('holds against a server that never responds', async () => {
    const asked = deferred();
    const { client, clock } = await serving(() => asked.resolve());
    const outcome = failure(client.request(get, always()));
    await asked.promise;
    await clock.advance(30_000);
    expect(await outcome).toMatchObject({ reason: 'TimedOut' });
  });
});

describe('the signal', () => {
  test('ends a call with its own reason and cuts the connection', async () => {
    const asked = deferred();
    const { client, server, clock } = await serving(() => asked.resolve());
    const stop = new AbortController();
    const outcome = failure(client.request(get, stop.signal));
    await asked.promise;
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await outcome).toBe(reason);
    await eventually(() => expect(server.connections.open).toBe(0));
    expect(clock.timers).toBe(0);
  });

  test('that is aborted already sends nothing', async () => {
    const { client, server } = await serving((_request, response) => response.end('{}'));
    const reason = new Error('enough');
    expect(await failure(client.request(get, AbortSignal.abort(reason)))).toBe(reason);
    expect(server.connections.total).toBe(0);
  });
});

test('with 10,000 patches waiting at an API server that takes them and does not respond, a lease is renewed and a Secret read immediately (R2)', async () => {
  let patches = 0;
  const server = await apiServer((request, response) => {
    if (request.method === 'PATCH') patches += 1;
    else response.end('{}');
  });
  const { client } = connect(kubeconfigFile({ server: server.url, user: { token: 't' } }), new ManualClock());
  const stop = new AbortController();
  const waiting = Array.from({ length: 10_000 }, () =>
    client.request({ method: 'PATCH', path: '/status', body: [] }, stop.signal).catch(() => 'given up'),
  );
  await eventually(() => expect(patches).toBe(16));
  for (let i = 0; i < 5; i++) {
    expect(await client.request({ method: 'PUT', path: '/lease', lane: 'lease', body: {} }, always())).toEqual({});
    expect(await client.request({ method: 'GET', path: '/secret', lane: 'credentials' }, always())).toEqual({});
  }
  expect(server.connections.total).toBeLessThanOrEqual(16 + 2 + 4);
  stop.abort();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['given up']));
  expect(patches).toBe(16);
});
