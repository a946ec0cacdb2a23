import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseBindAddress } from '../../../../src/observability/server/bind-address.ts';
import type { Check } from '../../../../src/observability/server/probes.ts';
import {
  type ObservabilityServerOptions,
  startObservabilityServer,
} from '../../../../src/observability/server/server.ts';

const address = (value: string) => {
  const parsed = parseBindAddress(value);
  if (parsed === undefined) throw new Error(`${value} is no address`);
  return parsed;
};

async function start(options: Partial<ObservabilityServerOptions> = {}) {
  const server = await startObservabilityServer({
    metricsAddress: address('127.0.0.1:0'),
    probeAddress: address('127.0.0.1:0'),
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
    livez: [{ name: 'ping', problem: () => undefined }],
    readyz: [],
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
}

async function get(port: number | undefined, path: string, method = 'GET', host = '127.0.0.1') {
  return new Promise<{ status: number | undefined; body: string; type: string | undefined; allow: string | undefined }>(
    (resolve, reject) => {
      const outgoing = request({ host, port, path, method, agent: false }, (response) => {
        const { statusCode, headers } = response;
        const answer = { status: statusCode, type: headers['content-type'], allow: headers['allow'] };
        text(response).then((body) => resolve({ ...answer, body }), reject);
      });
      outgoing.on('error', reject).end();
    },
  );
}

/** A port that is free at the moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  return bound !== null && typeof bound === 'object' ? bound.port : 0;
}

test('a bind address is an interface and a port, every interface, or off', () => {
  expect(parseBindAddress(':8080')).toEqual({ kind: 'listen', host: undefined, port: 8080 });
  expect(parseBindAddress('127.0.0.1:8080')).toEqual({ kind: 'listen', host: '127.0.0.1', port: 8080 });
  expect(parseBindAddress('[::1]:8080')).toEqual({ kind: 'listen', host: '::1', port: 8080 });
  expect(parseBindAddress('localhost:1')).toEqual({ kind: 'listen', host: 'localhost', port: 1 });
  expect(parseBindAddress('0')).toEqual({ kind: 'off' });
  for (const wrong of ['', '8080', ':65536', '::1:8080', 'a b:1', ':', 'http://x:1']) {
    expect(parseBindAddress(wrong), wrong).toBeUndefined();
  }
});

describe('pages', () => {
  test('metrics on one port, probes on the other, and nothing else on either', async () => {
    const { metricsPort, probePort } = await start();
    expect(await get(metricsPort, '/metrics')).toMatchObject({
      status: 200,
      body: 'up 1\n',
      type: 'text/plain; version=0.0.4',
    });
    expect(await get(probePort, '/livez')).toMatchObject({ status: 200, body: 'ok' });
    expect(await get(metricsPort, '/livez')).toMatchObject({ status: 404 });
    expect(await get(probePort, '/metrics')).toMatchObject({ status: 404 });
    expect(await get(probePort, '/')).toMatchObject({ status: 404 });
    expect(await get(probePort, '//')).toMatchObject({ status: 404 });
  });

  test('one server serves all where both addresses are the same', async () => {
    const same = address(`127.0.0.1:${await freePort()}`);
    const { metricsPort, probePort } = await start({ metricsAddress: same, probeAddress: { ...same } });
    expect(metricsPort).toBe(probePort);
    expect(await get(metricsPort, '/metrics')).toMatchObject({ status: 200 });
    expect(await get(metricsPort, '/readyz')).toMatchObject({ status: 200 });
  });

  test('an address of 0 opens nothing', async () => {
    const server = await start({ metricsAddress: address('0') });
    expect(server.metricsPort).toBeUndefined();
    expect(await get(server.probePort, '/livez')).toMatchObject({ status: 200 });
  });

  test('HEAD is served without a body, other methods not at all', async () => {
    const { probePort } = await start();
    expect(await get(probePort, '/livez', 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect(await get(probePort, '/livez', 'POST')).toMatchObject({ status: 405, allow: 'GET, HEAD' });
  });

  test('a page that cannot be made is 500, without saying why', async () => {
    const { metricsPort } = await start({ metrics: () => Promise.reject(new Error('canary')) });
    const answer = await get(metricsPort, '/metrics');
    expect(answer).toMatchObject({ status: 500 });
    expect(answer.body).not.toContain('canary');
  });
});

describe('probes', () => {
  const watch = (problem: () => string | undefined): Check[] => [
    { name: 'ping', problem: () => undefined },
    { name: 'watch', problem },
  ];

  test('verbose names each check', async () => {
    const { probePort } = await start({ readyz: watch(() => undefined) });
    expect((await get(probePort, '/readyz')).body).toBe('ok');
    expect((await get(probePort, '/readyz?verbose')).body).toBe('[+]ping ok\n[+]watch ok\nreadyz check passed\n');
  });

  test('verbose shows what people should know although all is well', async () => {
    const note = () => 'namespace lb is not served: no Role there.';
    const { probePort } = await start({ readyz: [{ name: 'watch', problem: () => undefined, note }] });
    expect(await get(probePort, '/readyz?verbose')).toMatchObject({
      status: 200,
      body: '[+]watch ok: namespace lb is not served: no Role there.\nreadyz check passed\n',
    });
  });

  test('a failed check is 500 and says which and why', async () => {
    let problem: string | undefined = 'no event for 400 s';
    const { probePort } = await start({ readyz: watch(() => problem) });
    expect(await get(probePort, '/readyz')).toMatchObject({
      status: 500,
      body: '[+]ping ok\n[-]watch failed: no event for 400 s\nreadyz check failed\n',
    });
    expect(await get(probePort, '/livez')).toMatchObject({ status: 200 });
    problem = undefined;
    expect(await get(probePort, '/readyz')).toMatchObject({ status: 200 });
  });

  test('a check that throws has failed', async () => {
    const { probePort } = await start({
      livez: watch(() => {
        throw new Error('canary');
      }),
    });
    const answer = await get(probePort, '/livez');
    expect(answer).toMatchObject({ status: 500 });
    expect(answer.body).toContain('[-]watch failed: the check itself failed');
  });
});

describe('listening', () => {
  test('a port that is taken is one sentence that names the flag, and the other server is closed again', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const bound = taken.address();
    const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
    const free = await freePort();
    await expect(
      start({ metricsAddress: address(`127.0.0.1:${free}`), probeAddress: address(`127.0.0.1:${port}`) }),
    ).rejects.toThrow(
      `--health-probe-bind-address 127.0.0.1:${port} cannot be used: another process listens there. Give another address to --health-probe-bind-address, or 0 to turn it off.`,
    );
    await expect(get(free, '/metrics')).rejects.toThrow(/ECONNREFUSED/);
  });

  test('every interface means IPv4 too', async () => {
    const { metricsPort } = await start({ metricsAddress: address(':0') });
    expect(await get(metricsPort, '/metrics', 'GET', '127.0.0.1')).toMatchObject({ status: 200 });
  });

  test('close does not wait for clients that keep their connection', async () => {
    const server = await start();
    const idle = connect(server.probePort ?? 0, '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    const gone = new Promise((resolve) => idle.once('close', resolve));
    idle.on('error', () => {});
    await server.close();
    await gone;
    await expect(get(server.probePort, '/livez')).rejects.toThrow(/ECONNREFUSED/);
  });
});
