/** The way out to Acronis through a real proxy that makes tunnels, and to addresses that are not public. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createConnections } from '../../../../src/acronis/http/connections.ts';
import type { Egress } from '../../../../src/acronis/http/egress.ts';
import { createDispatcher, createSend } from '../../../../src/acronis/http/http.ts';
import { proxyFrom } from '../../../../src/acronis/http/proxy-settings.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { ConnectProxy, type ConnectProxyOptions } from '../../../support/connect-proxy.ts';
import { listenOnLoopback, trackConnections } from '../../../support/loopback.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { always } from '../../../support/signal.ts';
import { acronisFailure } from '../support.ts';
import { gateway, json } from './gateway.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8');
const acronis = 'https://eu2-cloud.acronis.com';

beforeAll(() => setDefaultCACertificates([...getCACertificates('default'), fixture('acronis.cert.pem')]));

/** The data center, on this machine. */
async function dataCenter() {
  const requests: IncomingMessage[] = [];
  const tls = { key: fixture('acronis.key.pem'), cert: fixture('acronis.cert.pem') };
  const server = createServer(tls, (request, response) => {
    requests.push(request);
    json(200, { reached: request.headers.host })(request, response);
  });
  const connections = trackConnections(server);
  return { requests, connections, port: await listenOnLoopback(server) };
}

function sending(egress: Partial<Egress>, clock = systemClock) {
  const open = () => {
    const dispatcher = createDispatcher(egress, 8, clock);
    onTestFinished(() => dispatcher.destroy());
    return dispatcher;
  };
  const send = createSend({ clock, connections: createConnections({ open, clock }), userAgent: 'test/1' });
  return (url: string) => send({ method: 'GET', url, headers: { authorization: 'Bearer canary-token' } }, always());
}

async function behindProxy(options: ConnectProxyOptions = {}, env: Readonly<Record<string, string>> = {}) {
  const { requests, port } = await dataCenter();
  const proxy = await ConnectProxy.start({ leadsTo: `127.0.0.1:${port}`, ...options });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const { host } = new URL(proxy.url);
  const settings = proxyFrom({ HTTPS_PROXY: `http://jane:canary-p%40ss@${host}`, ...env });
  return { proxy, requests, host, settings, get: sending({ proxy: settings }) };
}

describe('with HTTPS_PROXY, a request to Acronis', () => {
  test('goes through a tunnel of the proxy, which resolves the name; the proxy alone gets its credentials, and Acronis alone its token', async () => {
    const { proxy, requests, get } = await behindProxy();
    expect(await get(`${acronis}/api/2/x`)).toEqual({ reached: 'eu2-cloud.acronis.com' });
    expect(proxy.tunnels).toEqual(['eu2-cloud.acronis.com:443']);
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('jane:canary-p@ss').toString('base64')}`]);
    expect(requests.map(({ headers }) => headers['proxy-authorization'])).toEqual([undefined]);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer canary-token']);
    await get(`${acronis}/api/2/y`);
    expect(proxy.tunnels.length).toBeLessThanOrEqual(2);
  });

  test('is trusted by the certificate of Acronis and not by the proxy', async () => {
    const { requests, get } = await behindProxy();
    const error = await acronisFailure(get('https://us5-cloud.acronis.com/api/2/x'));
    expect(error.message).toContain('certificate');
    expect(error.message).not.toContain('proxy');
    expect(requests).toEqual([]);
  });

  test('goes direct to a host of NO_PROXY, where addresses are judged as ever', async () => {
    const { proxy, settings } = await behindProxy({}, { NO_PROXY: '.acronis.com,localhost:443' });
    const { port } = await dataCenter();
    const error = await acronisFailure(sending({ proxy: settings })(`https://localhost:${port}/x`));
    expect(error.kind).toBe('urlNotAllowed');
    const get = sending({ proxy: settings, privateHosts: ['localhost'] });
    expect(await get(`https://localhost:${port}/x`)).toEqual({ reached: `localhost:${port}` });
    expect(proxy.tunnels).toEqual([]);
  });

  test('goes direct over http, which is for a sandbox', async () => {
    const { proxy, settings } = await behindProxy();
    const { base } = await gateway(json(200, { ok: true }));
    expect(await sending({ proxy: settings, anyAddress: true })(`${base}/x`)).toEqual({ ok: true });
    expect(proxy.tunnels).toEqual([]);
  });
});

describe('a proxy that makes no tunnel is named with the cause, and its credentials are not', () => {
  test.each([
    [407, /^The proxy 127\.0\.0\.1:\d+ wants another user name or password \(HTTP 407\)\. Correct HTTPS_PROXY:/],
    [403, /^The proxy 127\.0\.0\.1:\d+ refuses a tunnel to eu2-cloud\.acronis\.com \(HTTP 403\)\. Allow it there/],
    [502, /^The proxy 127\.0\.0\.1:\d+ could not reach eu2-cloud\.acronis\.com \(HTTP 502\)\. Look at its log/],
    [504, /^The proxy 127\.0\.0\.1:\d+ could not reach eu2-cloud\.acronis\.com \(HTTP 504\)/],
  ])('because of HTTP %i', async (status, sentence) => {
    const { requests, get } = await behindProxy({ status });
    const error = await acronisFailure(get(`${acronis}/api/2/x`));
    expect(error).toMatchObject({ kind: 'unavailable', outcomeUnknown: false, status: 0 });
    expect(error.message).toMatch(sentence);
    expect(JSON.stringify([error, error.message, error.detail, String(error.cause)])).not.toMatch(/canary|jane/);
    expect(requests).toEqual([]);
  });

  test('because nothing listens', async () => {
    const { proxy, get } = await behindProxy();
    await proxy[Symbol.asyncDispose]();
    const error = await acronisFailure(get(`${acronis}/api/2/x`));
    expect(error).toMatchObject({ kind: 'unavailable', outcomeUnknown: false, detail: 'ECONNREFUSED' });
    expect(error.message).toMatch(
      /^The proxy 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)\. See whether it works, and whether HTTPS_PROXY is right\./,
    );
  });

  test('because its name does not exist', async () => {
    const settings = proxyFrom({ https_proxy: 'http://jane:canary@proxy.invalid:3128' });
    const error = await acronisFailure(sending({ proxy: settings })(`${acronis}/api/2/x`));
    expect(error.message).toMatch(/the proxy proxy\.invalid:3128 (does not exist|cannot be reached)/i);
    expect(error.message).not.toContain('canary');
  });

  test('because it hangs: the tunnel is given up before the request would be', async () => {
    const { proxy, settings } = await behindProxy({ status: 0 });
    const clock = new ManualClock();
    const failing = acronisFailure(sending({ proxy: settings }, clock)(`${acronis}/api/2/x`));
    await expect.poll(() => proxy.tunnels.length).toBe(1);
    await clock.advance(10_000);
    const error = await failing;
    expect(error).toMatchObject({ kind: 'unavailable', outcomeUnknown: false });
    expect(error.message).toMatch(
      /^The proxy 127\.0\.0\.1:\d+ made no tunnel to eu2-cloud\.acronis\.com in time\. See whether it works/,
    );
  });
});

describe('a name that leads to a private address', () => {
  test('is refused in a sentence with the address and the setting that would allow it', async () => {
    const { connections, port } = await dataCenter();
    const error = await acronisFailure(sending({})(`https://localhost:${port}/x`));
    expect(error).toMatchObject({ kind: 'urlNotAllowed', outcomeUnknown: false });
    expect(error.message).toMatch(
      /^The host name localhost leads to the private address (127\.0\.0\.1|::1), where no credentials are sent\. .* name the host in --acronis-allow-private-hosts\.$/,
    );
    expect(connections.total).toBe(0);
  });

  test.each([['localhost'], ['LOCALHOST'], ['*.acronis.com', 'localhost']])(
    'is taken where %j may, with its certificate checked as ever',
    async (...privateHosts) => {
      const { port } = await dataCenter();
      const get = sending({ privateHosts });
      expect(await get(`https://localhost:${port}/x`)).toEqual({ reached: `localhost:${port}` });
    },
  );

  test('is refused where only other hosts may', async () => {
    const { connections, port } = await dataCenter();
    const error = await acronisFailure(
      sending({ privateHosts: ['*.localhost', 'host'] })(`https://localhost:${port}/x`),
    );
    expect(error.kind).toBe('urlNotAllowed');
    expect(connections.total).toBe(0);
  });
});
