import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { checkServer } from '../../../../src/kubernetes/calls/check-server.ts';
import { ConnectProxy } from '../../../support/connect-proxy.ts';
import { listenOnLoopback } from '../../../support/loopback.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { always } from '../../../support/signal.ts';
import { apiServer, type Certificate, connect, deferred, fixture, kubeconfigFile } from '../support.ts';

async function check(status: number, body: string, certificate?: Certificate) {
  const server = await apiServer((_request, response) => {
    response.statusCode = status;
    response.end(body);
  }, certificate);
  const ca = { 'certificate-authority-data': readFileSync(fixture('first.cert.pem')).toString('base64') };
  const { client, connection } = connect(
    kubeconfigFile({ server: server.url, ...(certificate === undefined ? {} : { cluster: ca }) }),
  );
  return checkServer(client, connection, always());
}

test('a server that responds gives its version', async () => {
  expect(await check(200, '{"gitVersion":"v1.36.3"}')).toEqual({ kind: 'ok', version: 'v1.36.3' });
});

test('a server that is not there is named, with the setting to change', async () => {
  const { client, connection } = connect(kubeconfigFile({ server: 'http://127.0.0.1:1' }));
  expect(await checkServer(client, connection, always())).toMatchObject({
    kind: 'failed',
    lasting: false,
    message: expect.stringMatching(
      /^The API server http:\/\/127\.0\.0\.1:1 \(kubeconfig .* \(--kubeconfig\)\) cannot be reached: nothing listens there \(ECONNREFUSED\)\. Start it, or name a kubeconfig of a running cluster with --kubeconfig\.$/,
    ),
  });
});

test('a certificate that is not trusted', async () => {
  expect(await check(200, '{"gitVersion":"v1"}', 'first')).toEqual({ kind: 'ok', version: 'v1' });
  expect(await check(200, '{"gitVersion":"v1"}', 'second')).toMatchObject({
    lasting: true,
    message: expect.stringMatching(
      /cannot be trusted: its certificate is not signed .* Correct certificate-authority-data/,
    ),
  });
});

test('credentials that are refused', async () => {
  expect(await check(401, '{"kind":"Status","message":"Unauthorized"}')).toMatchObject({
    lasting: true,
    message: expect.stringMatching(/refused the credentials\. Renew them/),
  });
});

test('a server that keeps its version to itself is good enough', async () => {
  const forbidden = '{"kind":"Status","reason":"Forbidden"}';
  expect(await check(403, forbidden)).toEqual({ kind: 'ok', version: 'unknown' });
});

test('something that is no API server', async () => {
  for (const [status, body] of [
    [200, '<html>'],
    [200, '{"hello":"world"}'],
  ] as const) {
    expect(await check(status, body)).toMatchObject({
      kind: 'failed',
      message: expect.stringMatching(/does not respond as an API server does\. Correct the server's URL/),
    });
  }
});

test('something that does not even speak HTTP', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.9\r\n'));
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  onTestFinished(() => void server.close());
  const { client, connection } = connect(kubeconfigFile({ server: url }));
  expect(await checkServer(client, connection, always())).toMatchObject({
    kind: 'failed',
    message: expect.stringMatching(/\. Correct the server's URL in the kubeconfig, or check the proxy in between\.$/),
  });
});

test('a server that does not respond in time', async () => {
  const asked = deferred();
  const server = await apiServer(() => asked.resolve());
  const clock = new ManualClock();
  const { client, connection } = connect(kubeconfigFile({ server: server.url }), clock);
  const outcome = checkServer(client, connection, always());
  await asked.promise;
  await clock.advance(10_000);
  expect(await outcome).toMatchObject({ message: expect.stringMatching(/did not respond within 10 s/) });
});

test('a server that is still starting', async () => {
  expect(await check(503, 'not yet')).toMatchObject({ lasting: false, message: expect.stringMatching(/is not ready/) });
});

test.each([
  [407, 'does not accept the credentials in proxy-url \\(HTTP 407\\)'],
  [502, 'cannot reach it \\(HTTP 502\\)'],
  [403, 'refused to connect to it \\(HTTP 403\\)'],
  ['dead', 'cannot be reached: nothing listens there \\(ECONNREFUSED\\)'],
])(
  'a proxy of the kubeconfig that fails (%s) is named as the proxy, with the setting to change and without its password',
  async (fault, cause) => {
    await using proxy = await ConnectProxy.start({ status: fault === 'dead' ? 200 : Number(fault) });
    const { host } = new URL(proxy.url);
    if (fault === 'dead') await proxy[Symbol.asyncDispose]();
    const cluster = { 'proxy-url': `http://jane:canary@${host}`, 'insecure-skip-tls-verify': true };
    const { client, connection } = connect(kubeconfigFile({ server: 'https://api.example.com:6443', cluster }));
    const found = await checkServer(client, connection, always());
    expect(found).toMatchObject({
      kind: 'failed',
      lasting: false,
      message: expect.stringMatching(
        `^The API server https://api\\.example\\.com:6443 .* cannot be reached: the proxy ${host} \\(proxy-url\\) ${cause}\\. Start the proxy, or correct proxy-url of its cluster in the kubeconfig\\.$`,
      ),
    });
    expect(inspect(found, { depth: 9 })).not.toContain('canary');
  },
);
