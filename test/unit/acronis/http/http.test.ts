import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ApiRequest } from '../../../../src/acronis/http/http.ts';
import { always } from '../../../support/signal.ts';
import { acronisFailure } from '../support.ts';
import { bodyOf, gateway, json } from './gateway.ts';

const get = (base: string): ApiRequest => ({
  method: 'GET',
  url: `${base}/api/2/x?a=b`,
  headers: { authorization: 'Bearer t' },
});

describe('an HTTP request', () => {
  test('sends what it is given, asks for JSON, names the product, and does not ask for compression', async () => {
    let body = '';
    const { base, send, requests } = await gateway(async (request, response) => {
      body = await bodyOf(request);
      json(200, { ok: true })(request, response);
    });
    const request: ApiRequest = { method: 'PUT', url: `${base}/api/2/x`, headers: { 'x-mine': '1' }, body: '{"é":1}' };
    expect(await send(request, always())).toEqual({ ok: true });
    expect(body).toBe('{"é":1}');
    expect(requests[0]).toMatchObject({ method: 'PUT', url: '/api/2/x' });
    expect(requests[0]?.headers).toMatchObject({ 'x-mine': '1', accept: 'application/json', 'user-agent': 'test/1' });
    expect(requests[0]?.headers['accept-encoding']).toBeUndefined();
  });

  test('uses its connections again and again, after failures too', async () => {
    let count = 0;
    const { base, send, connections } = await gateway((request, response) =>
      json(count++ % 2 === 0 ? 200 : 404, { error: { code: 404 } })(request, response),
    );
    for (let i = 0; i < 50; i++) await send(get(base), always()).catch(() => {});
    expect(count).toBe(50);
    // The pool may take a second one while the first is being cleared away.
    expect(connections.total).toBeLessThanOrEqual(2);
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON', 'application/problem+json'])(
    'reads %s',
    async (type) => {
      const { base, send } = await gateway((_, response) =>
        response.writeHead(200, { 'content-type': type }).end('{"a":[1]}'),
      );
      expect(await send(get(base), always())).toEqual({ a: [1] });
    },
  );

  test('reads a body that comes in pieces, a character cut in two among them', async () => {
    const bytes = Buffer.from('{"name":"Zoë"}');
    const { base, send } = await gateway((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(bytes.subarray(0, 12));
      setImmediate(() => response.end(bytes.subarray(12)));
    });
    expect(await send(get(base), always())).toEqual({ name: 'Zoë' });
  });
});

describe("a success that is not the API's", () => {
  test.each([
    ['HTML', 'text/html', '<html>maintenance</html>', 'page-answered'],
    ['JSON that says it is text', 'text/plain', '{"id":1}', 'not-json'],
    ['HTML that says it is JSON', 'application/json', '<html></html>', 'page-answered'],
    ['half of a JSON', 'application/json', '{"id":', 'json-broken'],
    ['gzip that is cut', 'application/json', gzipSync('{"id":1}').subarray(0, 12), 'json-broken'],
  ])('%s: it may have been applied, and nothing of it is repeated', async (_, type, body, causeId) => {
    const { base, send } = await gateway((_request, response) =>
      response.writeHead(200, { 'content-type': type }).end(body),
    );
    const error = await acronisFailure(send(get(base), always()));
    expect(error).toMatchObject({ kind: 'unavailable', status: 200, outcomeUnknown: true, causeId });
  });

  test.each([204, 200])('%d without a body is undefined: what it means is for the call to say', async (status) => {
    const { base, send } = await gateway((_, response) => response.writeHead(status).end());
    expect(await send(get(base), always())).toBeUndefined();
  });

  test('two content types', async () => {
    const { base, send } = await gateway((_, response) =>
      response.writeHead(200, ['content-type', 'application/json', 'content-type', 'text/html']).end('{}'),
    );
    expect((await acronisFailure(send(get(base), always()))).kind).toBe('unavailable');
  });
});

describe('a body over 10 MB', () => {
  const megabyte = Buffer.alloc(1024 * 1024, 0x20);

  test.each([200, 500])('is not read on (%d), and the connection is closed', async (status) => {
    let written = 0;
    let closed = false;
    const { base, send } = await gateway((_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.on('close', () => {
        closed = true;
      });
      const more = () => {
        while (!closed && written < 200 && response.write(megabyte)) written++;
        written++;
        if (!closed && written < 200) response.once('drain', more);
        else response.end();
      };
      more();
    });
    const error = await acronisFailure(send(get(base), always()));
    expect(error).toMatchObject({ kind: 'unavailable', outcomeUnknown: true, detail: 'more than 10 MB' });
    await expect.poll(() => closed).toBe(true);
    expect(written).toBeLessThan(100);
  });

  test('by nothing is read', async () => {
    const text = `"${'x'.repeat(10 * 1024 * 1024 - 2)}"`;
    const { base, send } = await gateway((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(text),
    );
    expect(await send(get(base), always())).toHaveLength(10 * 1024 * 1024 - 2);
  });
});

describe('refusals', () => {
  test.each([301, 302, 303, 307, 308])(
    'a redirect (%d) is not followed: no credential goes elsewhere',
    async (status) => {
      const elsewhere = await gateway(json(200, { ok: true }));
      const { base, send, requests } = await gateway((_, response) =>
        response.writeHead(status, { location: `${elsewhere.base}/api/2/x` }).end(),
      );
      expect(await acronisFailure(send(get(base), always()))).toMatchObject({ kind: 'rejected', status });
      expect(requests).toHaveLength(1);
      expect(elsewhere.requests).toHaveLength(0);
    },
  );

  test('codes are read from JSON, and Retry-After from the header', async () => {
    const { base, send } = await gateway(json(429, { error: { code: 'tooManyRequests' } }, { 'retry-after': '7' }));
    expect(await acronisFailure(send(get(base), always()))).toMatchObject({ kind: 'throttled', retryAfterMs: 7_000 });
  });

  test('Retry-After may be a date', async () => {
    const at = new Date(Date.now() + 100_000).toUTCString();
    const { base, send } = await gateway((_, response) => response.writeHead(503, { 'retry-after': at }).end('<html>'));
    const error = await acronisFailure(send(get(base), always()));
    expect(error.kind).toBe('throttled');
    expect(error.retryAfterMs).toBeGreaterThan(90_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(100_000);
  });

  test.each([
    [500, 'text/plain', 'Internal Server Error', 'unavailable'],
    [502, 'text/html', '<html>Bad Gateway</html>', 'unavailable'],
    [503, 'text/html', '<html></html>', 'unavailable'],
    [504, 'application/json', 'not json', 'unavailable'],
    [403, 'text/html', '<html>WAF</html>', 'unavailable'],
    [403, 'application/json', '{"error":{"code":1002}}', 'forbidden'],
    [409, 'application/json', '{"error":{"code":"1001"}}', 'conflict'],
    [400, 'application/json', '{"__proto__":{"error":{"code":1001}},"error":{"code":1018}}', 'rejected'],
  ] as const)('%d as %s', async (status, type, body, kind) => {
    const { base, send } = await gateway((_, response) =>
      response.writeHead(status, { 'content-type': type }).end(body),
    );
    expect(await acronisFailure(send(get(base), always()))).toMatchObject({ kind, status });
  });
});

describe('a body that a gateway changed on the way is read', () => {
  const text = '{"name":"Zoë"}';
  test.each([
    ['compressed with gzip', 'gzip', gzipSync(text)],
    ['compressed with gzip, without a word', undefined, gzipSync(text)],
    ['compressed with x-gzip', 'x-gzip', gzipSync(text)],
    ['said to be gzip, which it is no more', 'gzip', Buffer.from(text)],
    ['compressed with deflate', 'deflate', deflateSync(text)],
    ['compressed with a bare deflate', 'Deflate', deflateRawSync(text)],
    ['compressed with brotli', 'br', brotliCompressSync(text)],
    ['compressed twice', 'br, gzip', gzipSync(brotliCompressSync(text))],
    ['said to be as it is', 'identity', Buffer.from(text)],
    ['with a byte order mark in front', undefined, Buffer.from(`\u{feff}${text}`)],
  ])('%s', async (_, coding, body) => {
    const { base, send } = await gateway((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...(coding && { 'content-encoding': coding }) });
      response.end(body);
    });
    expect(await send(get(base), always())).toEqual({ name: 'Zoë' });
  });

  test('but not one that would grow beyond 10 MB', async () => {
    const { base, send } = await gateway((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(gzipSync(`"${'x'.repeat(11 * 1024 * 1024)}"`));
    });
    expect(await acronisFailure(send(get(base), always()))).toMatchObject({
      kind: 'unavailable',
      causeId: 'json-broken',
    });
  });
});

test('Retry-After is never longer than a timer holds', async () => {
  const { base, send } = await gateway(json(504, {}, { 'retry-after': '99999999999999999999999' }));
  expect((await acronisFailure(send(get(base), always()))).retryAfterMs).toBe(3_600_000);
});

test('integers of 64 bits are read exactly', async () => {
  const { base, send } = await gateway((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"version":9223372036854775807}');
  });
  expect(await send(get(base), always())).toEqual({ version: 9_223_372_036_854_775_807n });
});
