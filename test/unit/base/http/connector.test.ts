/** Connections speak HTTP/1.1, whatever the other side would rather speak, directly and in a tunnel; and nothing in src connects in another way. */
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { connect, type Server } from 'node:net';
import { join } from 'node:path';
import { Agent } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { createConnector } from '../../../../src/base/http/connector.ts';
import { sendRequest } from '../../../../src/base/http/http.ts';
import { tunnelConnector } from '../../../../src/base/http/tunnel.ts';
import { certificate } from '../../../support/certificates.ts';

const root = join(import.meta.dirname, '../../../..');
const forever = new AbortController().signal;
const issued = certificate({ subject: 'target', names: ['localhost'] });

async function portOf(server: Server): Promise<number> {
  server.listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/** As a server written in Go: it prefers HTTP/2, and speaks either. It responds with the version that was spoken. */
const eitherWay = (): Promise<number> =>
  portOf(
    createSecureServer({ cert: issued.cert, key: issued.keyPem, allowHTTP1: true }, (request, response) =>
      response.end(request.httpVersion),
    ),
  );

async function spokenOver(port: number, agent: Agent): Promise<string> {
  onTestFinished(() => agent.destroy());
  const request = { origin: `https://localhost:${port}`, path: '/', method: 'GET' } as const;
  const { body } = await sendRequest(agent, request, { timeoutMs: 10_000, maxBytes: 100 }, systemClock, forever);
  return body.toString();
}

it('is HTTP/1.1 with a server that prefers HTTP/2', async () => {
  const agent = new Agent({ connect: createConnector({ ca: issued.cert }) });
  expect(await spokenOver(await eitherWay(), agent)).toBe('1.1');
});

it('is HTTP/1.1 in the tunnel of a proxy, too', async () => {
  const proxy = createHttpServer();
  proxy.on('connect', (request, socket) => {
    const onward = connect(Number(request.url?.split(':')[1]), 'localhost', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    socket.on('error', () => {});
    onward.on('error', () => {});
  });
  const connector = tunnelConnector({
    proxy: new URL(`http://localhost:${await portOf(proxy)}`),
    toTarget: createConnector({ ca: issued.cert }),
    toProxy: {},
    timeoutMs: 5_000,
    clock: systemClock,
  });
  expect(await spokenOver(await eitherWay(), new Agent({ connect: connector }))).toBe('1.1');
});

it('nothing in src connects in another way', () => {
  const sources = globSync('src/**/*.ts', { cwd: root }).map((path) => ({
    path,
    text: readFileSync(join(root, path), 'utf8'),
  }));
  const namingIt = sources.filter(({ text }) => /\bbuildConnector\b/.test(text)).map(({ path }) => path);
  expect(namingIt).toEqual(['src/base/http/connector.ts']);
  const agents = sources.filter(({ text }) => text.includes('new Agent('));
  expect(agents.length).toBeGreaterThan(2);
  for (const { path, text } of agents)
    expect(text.match(/^\s+connect(: (createConnector|egressConnector)\(.*)?,$/gm)?.length, path).toBe(
      text.match(/new Agent\(/g)?.length,
    );
});
