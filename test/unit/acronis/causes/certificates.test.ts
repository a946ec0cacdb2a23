/** Why a certificate is not trusted, told apart on real TLS connections: which cause, whose certificate, and what helps. */
import { createServer, type ServerOptions } from 'node:https';
import { setDefaultCACertificates } from 'node:tls';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createConnections } from '../../../../src/acronis/http/connections.ts';
import { createDispatcher, createSend } from '../../../../src/acronis/http/http.ts';
import { proxyFrom } from '../../../../src/acronis/http/proxy-settings.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { certificate } from '../../../support/certificates.ts';
import { ConnectProxy } from '../../../support/connect-proxy.ts';
import { listenOnLoopback, trackConnections } from '../../../support/loopback.ts';
import { always } from '../../../support/signal.ts';
import { json } from '../http/gateway.ts';
import { acronisFailure } from '../support.ts';

const host = 'eu2-cloud.acronis.com';
const names = [host];
const root = certificate({ subject: 'Public Root', isAuthority: true });
const intermediate = certificate({ subject: 'Public Intermediate', issuer: root, isAuthority: true });
const privateRoot = certificate({ subject: 'Corp Proxy CA', isAuthority: true });
const privateIntermediate = certificate({ subject: 'Corp Issuing CA', issuer: privateRoot, isAuthority: true });

beforeAll(() => setDefaultCACertificates([root.cert]));

/** A data center that shows this; `get` asks it for something. */
async function showing(tls: ServerOptions, through?: 'proxy') {
  const seen: string[] = [];
  const server = createServer(tls, (request, response) => {
    seen.push(request.url ?? '');
    json(200, { reached: true })(request, response);
  });
  server.on('tlsClientError', () => {});
  trackConnections(server);
  const port = await listenOnLoopback(server);
  const proxy = await ConnectProxy.start({ leadsTo: `127.0.0.1:${port}` });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const settings = through === 'proxy' ? proxyFrom({ HTTPS_PROXY: proxy.url }) : undefined;
  const open = () => {
    const dispatcher = createDispatcher({
      anyAddress: true,
      proxy: settings,
      resolve: (_, { all }, callback) =>
        all === true ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4),
    });
    onTestFinished(() => dispatcher.destroy());
    return dispatcher;
  };
  const connections = createConnections({ open, clock: systemClock });
  const send = createSend({ clock: systemClock, connections, userAgent: 'test/1' });
  const url = `https://${host}:${port}/api/2/canary`;
  const get = () => send({ method: 'GET', url, headers: { authorization: 'Bearer canary' } }, always());
  return { get, seen };
}

const leaf = (of: Parameters<typeof certificate>[0]): ServerOptions => {
  const { cert, keyPem } = certificate(of);
  return { cert, key: keyPem };
};
const withChain = (tls: ServerOptions, ...chain: readonly string[]): ServerOptions => ({
  ...tls,
  cert: [String(tls.cert), ...chain].join(''),
});

test('a certificate with its whole chain is trusted, so that the others fail for what is wrong with them', async () => {
  const { get } = await showing(withChain(leaf({ subject: host, issuer: intermediate, names }), intermediate.cert));
  expect(await get()).toEqual({ reached: true });
});

type Row = readonly [string, () => ServerOptions, string, RegExp, RegExp];
const rows: readonly Row[] = [
  [
    'has expired',
    () => leaf({ subject: host, issuer: root, names, from: -30, until: -2 }),
    'certificate-expired',
    /^The certificate of HOST has expired \(issuer: Public Root\)\./,
    /clock of this node/,
  ],
  [
    'is not valid yet',
    () => leaf({ subject: host, issuer: root, names, from: 2, until: 30 }),
    'certificate-not-yet-valid',
    /^The certificate of HOST is not valid yet \(issuer: Public Root\)\./,
    /clock of this node/,
  ],
  [
    'is for another host',
    () => leaf({ subject: 'elsewhere.example', issuer: root, names: ['elsewhere.example'] }),
    'certificate-other-host',
    /^The certificate that HOST shows is for another host name \(issuer: Public Root\)\./,
    /data center's own URL/,
  ],
  [
    'is self-signed',
    () => leaf({ subject: host, names }),
    'certificate-self-signed',
    /^The certificate of HOST is self-signed \(issuer: eu2-cloud\.acronis\.com\)/,
    /NODE_EXTRA_CA_CERTS\.$/,
  ],
  [
    'came without its intermediate',
    () => leaf({ subject: host, issuer: intermediate, names }),
    'certificate-without-issuer',
    /^The certificate of HOST came without its intermediate certificate: that of its issuer \(Public Intermediate\) is missing/,
    /send the whole chain\. .* private .* NODE_EXTRA_CA_CERTS\.$/,
  ],
  [
    'is of a private authority, which it sends along',
    () => withChain(leaf({ subject: host, issuer: privateRoot, names }), privateRoot.cert),
    'certificate-private-authority',
    /^The certificate of HOST is signed by a private certificate authority that is not trusted here \(issuer: Corp Proxy CA\)\./,
    /NODE_EXTRA_CA_CERTS\.$/,
  ],
  [
    'is of a private authority, which it leaves out',
    () => withChain(leaf({ subject: host, issuer: privateIntermediate, names }), privateIntermediate.cert),
    'certificate-private-authority',
    /^The certificate of HOST is signed by a private certificate authority that is not trusted here \(issuer: Corp Issuing CA\)\./,
    /NODE_EXTRA_CA_CERTS\.$/,
  ],
];

describe.each(['direct', 'proxy'] as const)('%s', (way) => {
  test.each(rows)(
    'a certificate that %s is said to, with host, issuer and what helps',
    async (_, tls, id, what, remedy) => {
      const { get, seen } = await showing(tls(), way === 'proxy' ? way : undefined);
      const error = await acronisFailure(get());
      expect(error).toMatchObject({ kind: 'unavailable', causeId: id, outcomeUnknown: false });
      expect(error.message.replace(/eu2-cloud\.acronis\.com:\d+/, 'HOST')).toMatch(what);
      expect(error.message).toMatch(remedy);
      expect(error.message).not.toMatch(/canary|proxy 127/);
      expect((await acronisFailure(get())).message).toBe(error.message);
      expect(seen).toEqual([]);
    },
  );
});

test('an issuer is shown without what could be taken for something else, and not at any length', async () => {
  const odd = certificate({ subject: `Evil\n"{}<b>${'x'.repeat(200)}`, isAuthority: true });
  const { get } = await showing(leaf({ subject: host, issuer: odd, names }));
  const { message } = await acronisFailure(get());
  expect(message).toMatch(/issuer \(Evilbx+\)/);
  expect(message).not.toMatch(/[\n<>{}"]|x{65}/);
});
