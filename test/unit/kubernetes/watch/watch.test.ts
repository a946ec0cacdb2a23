import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import type { KubernetesClient, WatchCall } from '../../../../src/kubernetes/calls/client.ts';
import type { WatchEvent } from '../../../../src/kubernetes/watch/protocol.ts';
import { classifyFailure } from '../../../../src/runtime/reflector/recovery/failure.ts';
import { failure } from '../../../support/failure.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { always } from '../../../support/signal.ts';
import { apiServer, connect, deferred, eventually, kubeconfigFile } from '../support.ts';

const call = { path: '/apis/g/v1/things', query: { watch: 'true', resourceVersion: '5' }, idleTimeoutMs: 60_000 };

/** A server that hands each watch's response to the test. */
async function watched(refuse?: (response: ServerResponse, attempt: number) => boolean) {
  const opened: ServerResponse[] = [];
  const urls: (string | undefined)[] = [];
  const server = await apiServer((request, response) => {
    urls.push(request.url);
    if (refuse?.(response, urls.length)) return;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    opened.push(response);
  });
  const clock = new ManualClock();
  const setup = connect(kubeconfigFile({ server: server.url, user: { token: 't' } }), clock);
  const stream = async (): Promise<ServerResponse> =>
    eventually(() => {
      const response = opened.at(-1);
      if (response === undefined) throw new Error('no watch yet');
      return response;
    });
  return { server, clock, urls, stream, ...setup };
}

async function collect(
  client: KubernetesClient,
  what: WatchCall,
  signal: AbortSignal,
  into: WatchEvent[] = [],
): Promise<WatchEvent[]> {
  await client.watch(
    what,
    listening((event) => into.push(event)),
    signal,
  );
  return into;
}

const listening = (onEvent: (event: WatchEvent) => void) => ({ onAccepted() {}, onEvent });

const event = (name: string, kind = 'added') => ({ kind, object: { metadata: { name } } });
const line = (name: string, type = 'ADDED') => `${JSON.stringify({ type, object: { metadata: { name } } })}\n`;

test('events come one by one until the server ends the watch', async () => {
  const { client, stream, urls, counted } = await watched();
  const outcome = collect(client, call, always());
  const response = await stream();
  response.end(line('a') + line('b', 'MODIFIED') + line('c', 'DELETED'));
  expect(await outcome).toEqual([event('a'), event('b', 'modified'), event('c', 'deleted')]);
  expect(urls).toEqual(['/apis/g/v1/things?watch=true&resourceVersion=5']);
  expect(counted).toEqual(['GET 200']);
});

test('a line is whole wherever its bytes are cut, in the middle of a character too', async () => {
  const { client, stream } = await watched();
  const seen: WatchEvent[] = [];
  const outcome = collect(client, call, always(), seen);
  const response = await stream();
  response.socket?.setNoDelay(true);
  const bytes = Buffer.from(line('ä€😀') + line('zwei\u2028Zeilen'));
  for (const byte of bytes) response.write(Buffer.from([byte]));
  response.end();
  await outcome;
  expect(seen).toEqual([event('ä€😀'), event('zwei\u2028Zeilen')]);
});

test('lines of several megabytes, empty lines and CRLF are read', async () => {
  const { client, stream } = await watched();
  const large = 'ö'.repeat(2_000_000);
  const outcome = collect(client, call, always());
  (await stream()).end(`\n\r\n${line(large)}\n${line('b').trim()}\r\n`);
  expect(await outcome).toEqual([event(large), event('b')]);
});

test('the last line needs no newline', async () => {
  const { client, stream } = await watched();
  const outcome = collect(client, call, always());
  (await stream()).end(line('a') + line('b').trim());
  expect(await outcome).toEqual([event('a'), event('b')]);
});

test.each([
  ['text', 'hello\n'],
  ['half an event', '{"type":"ADDED","obj'],
  ['an unknown type', '{"type":"RENAMED","object":{}}\n'],
  ['no object', '{"type":"ADDED","object":null}\n'],
  ['no event', '[1]\n'],
  ['a bookmark without a version', '{"type":"BOOKMARK","object":{"metadata":{}}}\n'],
])('a line that is %s ends the watch with an error, after the events before it', async (_name, text) => {
  const { client, stream } = await watched();
  const seen: WatchEvent[] = [];
  const outcome = failure(collect(client, call, always(), seen));
  (await stream()).end(line('a') + text);
  expect(await outcome).toMatchObject({ name: 'KubernetesError', reason: 'InvalidResponse' });
  expect(seen).toEqual([event('a')]);
});

test('a refusal carries the reason of the server', async () => {
  const { client, counted } = await watched((response) => {
    response.writeHead(410);
    response.end(JSON.stringify({ kind: 'Status', reason: 'Expired', message: 'too old resource version: 5 (9)' }));
    return true;
  });
  expect(await failure(collect(client, call, always()))).toMatchObject({
    status: 410,
    reason: 'Expired',
    message: 'WATCH /apis/g/v1/things: 410 Expired: too old resource version: 5 (9)',
  });
  expect(counted).toEqual(['GET 410']);
});

test('a watch counts as accepted when the server says so, before its first event; one that is refused never does', async () => {
  const { client, stream } = await watched((response, attempt) => {
    if (attempt > 1) return false;
    response.writeHead(503).end();
    return true;
  });
  const seen: string[] = [];
  const listener = {
    onAccepted: () => void seen.push('accepted'),
    onEvent: ({ kind }: WatchEvent) => void seen.push(kind),
  };
  await failure(client.watch(call, listener, always()));
  expect(seen).toEqual([]);
  const outcome = client.watch(call, listener, always());
  const response = await stream();
  await eventually(() => expect(seen).toEqual(['accepted']));
  response.end(line('a'));
  await outcome;
  expect(seen).toEqual(['accepted', 'added']);
});

test('a 429 says when to come back', async () => {
  const { client } = await watched((response) => {
    response.writeHead(429, { 'retry-after': '3' });
    response.end('<html>');
    return true;
  });
  expect(await failure(collect(client, call, always()))).toMatchObject({ status: 429, retryAfterMs: 3_000 });
});

test.each([
  [410, {}],
  [429, { retryAfterMs: 3_000 }],
])('a %i whose body is cut off is that refusal all the same', async (status, more) => {
  const { client, counted } = await watched((response) => {
    response.writeHead(status, { 'retry-after': '3', 'content-length': '1000' });
    response.write('{"kind":"Status"', () => response.destroy());
    return true;
  });
  expect(await failure(collect(client, call, always()))).toMatchObject({ status, ...more });
  expect(counted).toEqual([`GET ${status}`]);
});

test('a 401 whose body is cut off is followed by one more attempt too', async () => {
  const { client, stream, counted } = await watched((response, attempt) => {
    if (attempt > 1) return false;
    response.writeHead(401, { 'content-length': '1000' });
    response.write('{', () => response.destroy());
    return true;
  });
  const outcome = collect(client, call, always());
  (await stream()).end(line('a'));
  expect(await outcome).toEqual([event('a')]);
  expect(counted).toEqual(['GET 401', 'GET 200']);
});

test('a 401 is followed by one more attempt with new credentials', async () => {
  const { client, stream, counted } = await watched((response, attempt) => {
    if (attempt > 1) return false;
    response.writeHead(401).end();
    return true;
  });
  const outcome = collect(client, call, always());
  (await stream()).end(line('a'));
  expect(await outcome).toEqual([event('a')]);
  expect(counted).toEqual(['GET 401', 'GET 200']);
});

test('a connection that breaks is an error, not an end', async () => {
  const { client, stream } = await watched();
  const seen: WatchEvent[] = [];
  const outcome = failure(collect(client, call, always(), seen));
  const response = await stream();
  response.write(line('a'));
  await eventually(() => expect(seen).toHaveLength(1));
  response.destroy();
  expect(await outcome).toMatchObject({ reason: 'ConnectionFailed', status: 0 });
});

test('silence ends the watch, a byte does not', async () => {
  const { client, stream, server, clock } = await watched();
  const seen: WatchEvent[] = [];
  const outcome = failure(collect(client, call, always(), seen));
  const response = await stream();
  response.write(line('a'));
  await eventually(() => expect(seen).toHaveLength(1));
  await clock.advance(59_000);
  response.write(line('b'));
  await eventually(() => expect(seen).toHaveLength(2));
  await clock.advance(59_999);
  expect(server.connections.open).toBe(1);
  await clock.advance(1);
  expect(await outcome).toMatchObject({
    reason: 'Silent',
    message: 'WATCH /apis/g/v1/things: nothing came for 60 s',
  });
  await eventually(() => expect(server.connections.open).toBe(0));
  expect(clock.timers).toBe(0);
});

test('a server that takes the request for a watch and never responds is given up after half a minute, however long a watch may be silent', async () => {
  const asked = deferred();
  const { client, clock, counted } = await watched(() => {
    asked.resolve();
    return true;
  });
  const outcome = failure(collect(client, { ...call, idleTimeoutMs: 600_000 }, always()));
  await asked.promise;
  await clock.advance(30_000);
  expect(await outcome).toMatchObject({ reason: 'TimedOut' });
  expect(counted).toEqual(['GET <error>']);
  expect(clock.timers).toBe(0);
});

test('an abort ends it with its own reason and leaves no socket', async () => {
  const { client, stream, server, clock } = await watched();
  const stop = new AbortController();
  const outcome = failure(collect(client, call, stop.signal));
  (await stream()).write(line('a'));
  const reason = new Error('enough');
  stop.abort(reason);
  expect(await outcome).toBe(reason);
  await eventually(() => expect(server.connections.open).toBe(0));
  expect(clock.timers).toBe(0);
});

test('what the consumer throws ends the watch, is passed on as it is, and leaves no socket', async () => {
  const { client, stream, server, clock } = await watched();
  const bug = new Error('a bug of the consumer');
  const seen: WatchEvent[] = [];
  const take = (one: WatchEvent) => {
    seen.push(one);
    throw bug;
  };
  const outcome = failure(client.watch(call, listening(take), always()));
  (await stream()).write(line('a') + line('b'));
  expect(await outcome).toBe(bug);
  expect(seen).toEqual([event('a')]);
  await eventually(() => expect(server.connections.open).toBe(0));
  expect(clock.timers).toBe(0);
});

test('after an abort nothing is handed on, though it may have come', async () => {
  const { client, stream } = await watched();
  const stop = new AbortController();
  const seen: WatchEvent[] = [];
  const take = (one: WatchEvent) => {
    seen.push(one);
    stop.abort(new Error('enough'));
  };
  const outcome = failure(client.watch(call, listening(take), stop.signal));
  (await stream()).write(line('a') + line('b'));
  expect(await outcome).toMatchObject({ message: 'enough' });
  expect(seen).toEqual([event('a')]);
});

test('watches do not take connections from calls', async () => {
  const { client, stream, server } = await watched((response, attempt) => {
    if (attempt <= 40) return false;
    response.end('{}');
    return true;
  });
  const stop = new AbortController();
  const outcomes = Array.from({ length: 40 }, () => failure(collect(client, call, stop.signal)));
  await eventually(() => expect(server.connections.open).toBe(40));
  await stream();
  await eventually(async () => expect(await client.request({ method: 'GET', path: '/version' }, always())).toEqual({}));
  stop.abort();
  await Promise.all(outcomes);
});

test('a refused connection is distinguished from one that was cut: the version of a watch that never reached the server is as good as before', async () => {
  // Nothing listens on this port, and nothing may.
  const { client } = connect(kubeconfigFile({ server: 'https://127.0.0.1:1', user: { token: 't' } }));
  const error = await failure(collect(client, call, always()));
  expect(error).toMatchObject({ reason: 'ConnectionFailed', cause: { code: 'ECONNREFUSED' } });
  expect(classifyFailure(error, 'watch')).toMatchObject({ next: 'again', blamesRequest: false });
});
