/** Which requests a fault of the proxy strikes, and what the client sees then and the server hears. */
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { until } from '../../sandbox/until.ts';
import {
  call,
  event,
  got,
  lease,
  list,
  object,
  outcome,
  proxy,
  received,
  setUp,
  status,
  streamPath,
  target,
  watching,
  watchPath,
} from './proxied.ts';

setUp();

describe('without a fault', () => {
  test('requests and responses pass byte for byte, with status and headers, and are recorded by kind', async () => {
    const body = Buffer.from('für 顧客 \u0000 🎉');
    const headers = { authorization: 'Bearer t', 'content-type': 'application/merge-patch+json' };
    const response = await call('PATCH', `${status}?fieldManager=x`, { headers, body });
    expect(response.statusCode).toBe(203);
    expect(response.headers).toMatchObject({ 'content-type': 'application/octet-stream', 'x-of-the-server': 'kept' });
    expect(Buffer.from(await response.body.arrayBuffer()).equals(target.bytes)).toBe(true);
    expect(target.received).toMatchObject([{ method: 'PATCH', url: `${status}?fieldManager=x`, headers }]);
    expect(target.received[0]?.body.equals(body)).toBe(true);
    expect(proxy.records).toMatchObject([
      { request: { kind: 'status', name: 'one', method: 'PATCH' }, fault: undefined },
    ]);
    expect(proxy.faults.struck).toBe(0);
  });

  test('a watch passes line by line as it comes, and ends when the server ends it', async () => {
    const { text, ended } = await watching();
    const lines = event('ADDED', 'one') + event('MODIFIED', 'one');
    // In two pieces that part in the middle of a line.
    target.say(lines.slice(0, 30));
    target.say(lines.slice(30));
    await until('both have come', text, (seen) => seen === lines);
    target.end();
    expect(await ended).toBe('end');
    expect(text()).toBe(lines);
  });

  test('a client that goes away takes its watch with it', async () => {
    const stop = new AbortController();
    const { body } = await call('GET', watchPath, { signal: stop.signal });
    body.on('error', () => {});
    await until(
      'the watch is open',
      () => target.watches,
      (count) => count === 1,
    );
    stop.abort();
    await until(
      'the server is notified',
      () => target.watches,
      (count) => count === 0,
    );
  });
});

describe('which requests a fault strikes', () => {
  test.each([
    ['list', 'GET', list],
    ['list', 'GET', streamPath],
    ['watch', 'GET', watchPath],
    ['read', 'GET', object],
    ['object', 'PATCH', object],
    ['status', 'PATCH', status],
    ['policy', 'PATCH', '/apis/upsell.acronis.com/v1alpha1/namespaces/ns/tenantupsellpolicies/all/status'],
    ['lease', 'PUT', lease],
    ['event', 'POST', '/api/v1/namespaces/ns/events'],
    ['secret', 'GET', '/api/v1/namespaces/ns/secrets/own'],
    ['namespace', 'GET', '/api/v1/namespaces/ns'],
    ['list', 'GET', '/api/v1/namespaces'],
    ['other', 'GET', '/version'],
  ] as const)('those of its kind: %s is %s %s', async (kind, method, path) => {
    proxy.faults.add({ kind: 'status', status: 418, on: [kind] });
    const { statusCode, body } = await call(method, path);
    await body.dump();
    expect(statusCode).toBe(418);
    proxy.faults.clear();
    const others = (
      ['list', 'watch', 'read', 'object', 'policy', 'status', 'lease', 'event', 'secret', 'namespace', 'other'] as const
    ).filter((each) => each !== kind);
    proxy.faults.add({ kind: 'endAtOnce', on: others });
    const stop = new AbortController();
    const passed = await call(method, path, { signal: stop.signal });
    passed.body.on('error', () => {});
    stop.abort();
    expect(received()).toBe(1);
    expect(proxy.faults.struck).toBe(1);
  });

  test('after so many that pass, so many times, and then no more; all of it is counted', async () => {
    proxy.faults.add({ kind: 'status', status: 500, skip: 1, times: 2 });
    expect([await outcome(), await outcome(), await outcome(), await outcome()]).toEqual([203, 500, 500, 203]);
    expect(proxy.faults).toMatchObject({ struck: 2, pending: 0 });
    expect(proxy.records.map(({ fault }) => fault)).toEqual([undefined, 'status', 'status', undefined]);
  });

  test('by chance, the same chance for the same seed', async () => {
    proxy.faults.add({ kind: 'status', status: 500, probability: 0.5 });
    const random = seededRandom(1);
    const expected = Array.from({ length: 20 }, () => (random() < 0.5 ? 500 : 203));
    const seen = [];
    for (const _ of expected) seen.push(await outcome());
    expect(seen).toEqual(expected);
    expect(proxy.faults.struck).toBe(expected.filter((code) => code === 500).length);
  });

  test('until it is removed', async () => {
    const number = proxy.faults.add({ kind: 'status', status: 500 });
    expect(await outcome()).toBe(500);
    proxy.faults.remove(number);
    expect(await outcome()).toBe(203);
  });
});

describe('a request', () => {
  test.each([
    ['before', 0],
    ['after', 1],
  ] as const)('cut %s it was applied: no response, and the server got it %i times', async (moment, times) => {
    proxy.faults.add({ kind: 'cut', moment, times: 1 });
    expect(await outcome()).toBe('UND_ERR_SOCKET');
    expect(received()).toBe(times);
    expect(await outcome()).toBe(203);
  });

  test('cut in the response: half of it comes, under the length of the whole', async () => {
    proxy.faults.add({ kind: 'cut', moment: 'midBody', times: 1 });
    const { headers, body } = await call('GET', object);
    expect(headers['content-length']).toBe(String(target.bytes.length));
    const chunks: Buffer[] = [];
    const end = new Promise<'end' | 'cut'>((resolve) => {
      body.on('data', (chunk: Buffer) => chunks.push(chunk));
      body.once('end', () => resolve('end'));
      body.once('error', () => resolve('cut'));
    });
    expect(await end).toBe('cut');
    expect(Buffer.concat(chunks).equals(target.bytes.subarray(0, target.bytes.length / 2))).toBe(true);
  });

  test.each([
    ['before', 0],
    ['after', 1],
  ] as const)(
    'that hangs %s it was done gets nothing on a connection that stays, and others pass meanwhile',
    async (moment, times) => {
      proxy.faults.add({ kind: 'hang', moment, times: 1 });
      const stop = new AbortController();
      let settled = false;
      const hanging = call('GET', object, { signal: stop.signal }).finally(() => {
        settled = true;
      });
      hanging.catch(() => {});
      await until(
        'it has struck',
        () => proxy.faults.struck,
        (count) => count === 1,
      );
      expect(await outcome()).toBe(203);
      await until('the server got it', received, (count) => count === times + 1);
      expect(settled).toBe(false);
      stop.abort();
      await expect(hanging).rejects.toThrow('aborted');
    },
  );

  test('that is late comes late, and whole', async () => {
    proxy.faults.add({ kind: 'latency', ms: 150, times: 1 });
    const started = performance.now();
    const { body } = await got();
    expect(performance.now() - started).toBeGreaterThanOrEqual(145);
    expect(body.equals(target.bytes)).toBe(true);
  });

  test('that is refused is cut, and no connection is accepted for a while', async () => {
    proxy.faults.add({ kind: 'refuse', ms: 300, times: 1 });
    expect(await outcome()).toBe('UND_ERR_SOCKET');
    const refused = () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1');
        socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
        socket.once('connect', () => socket.destroy());
      });
    expect(await refused()).toBe(true);
    await until('it listens again', refused, (still) => !still);
    expect(await outcome()).toBe(203);
    expect(received()).toBe(1);
  });

  test('that gets a status has the words of the API server, or of a gateway', async () => {
    proxy.faults.add({ kind: 'status', status: 429, retryAfter: 2, times: 1 });
    const response = await got();
    expect([response.statusCode, response.headers['retry-after'], response.headers['content-type']]).toEqual([
      429,
      '2',
      'application/json',
    ]);
    expect(JSON.parse(response.body.toString())).toMatchObject({
      kind: 'Status',
      reason: 'TooManyRequests',
      code: 429,
    });
    proxy.faults.add({ kind: 'status', status: 403, reason: 'Other', times: 1 });
    expect(JSON.parse((await got()).body.toString())).toMatchObject({ reason: 'Other' });
    proxy.faults.add({ kind: 'status', status: 429, retryAfter: 60, retryAfterForm: 'date', times: 1 });
    const until = Date.parse(String((await got()).headers['retry-after']));
    expect(until - Date.now()).toBeGreaterThan(55_000);
    for (const [body, type, text] of [
      ['html', 'text/html', '<!DOCTYPE html>'],
      ['text', 'text/plain', 'something'],
      ['empty', 'text/plain', ''],
    ] as const) {
      proxy.faults.add({ kind: 'status', status: 502, body, times: 1 });
      const response = await got();
      expect([response.statusCode, response.headers['content-type']]).toEqual([502, type]);
      expect(response.body.toString().startsWith(text)).toBe(true);
      expect(response.body.length === 0).toBe(body === 'empty');
    }
    expect(received()).toBe(0);
    proxy.faults.add({ kind: 'status', status: 500, moment: 'after', times: 1 });
    expect(await outcome()).toBe(500);
    expect(received()).toBe(1);
  });

  test('that gets something else has 200 and no word of the server', async () => {
    const texts: string[] = [];
    for (const form of ['html', 'truncated', 'otherJson'] as const) {
      proxy.faults.add({ kind: 'garbage', form, times: 1 });
      const { statusCode, body } = await got();
      expect(statusCode).toBe(200);
      texts.push(body.toString());
    }
    expect(texts[0]).toMatch(/^<!DOCTYPE html>/);
    expect(() => JSON.parse(texts[1] ?? '')).toThrow(SyntaxError);
    expect(JSON.parse(texts[2] ?? '')).toMatchObject({ items: 'none' });
    expect(received()).toBe(0);
  });

  test('whose response drips gets all of it, in crumbs', async () => {
    proxy.faults.add({ kind: 'drip', bytes: 250, everyMs: 40, times: 1 });
    const started = performance.now();
    const { body } = await call('GET', object);
    const sizes: number[] = [];
    const chunks: Buffer[] = [];
    for await (const chunk of body) {
      sizes.push(chunk.length);
      chunks.push(chunk);
    }
    expect(Buffer.concat(chunks).equals(target.bytes)).toBe(true);
    expect(sizes.length).toBeGreaterThan(1);
    expect(performance.now() - started).toBeGreaterThanOrEqual(3 * 35);
  });
});

test('cut ends everything that is open, and what comes next passes', async () => {
  const { ended } = await watching();
  proxy.cut();
  expect(await ended).toBe('cut');
  expect(await outcome()).toBe(203);
});

test('stopped, it accepts no connection and leaves nothing open', async () => {
  const { ended } = await watching();
  await proxy.stop();
  expect(await ended).toBe('cut');
  expect(await outcome()).toBe('ECONNREFUSED');
  await until(
    'the server is notified',
    () => target.watches,
    (count) => count === 0,
  );
});
