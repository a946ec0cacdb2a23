/** The Acronis sandbox behind TLS, as a data center that is reached through a proxy alone. */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { fileURLToPath } from 'node:url';
import { listenOnLoopback, trackConnections } from './loopback.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../unit/acronis/http/fixtures/${name}`, import.meta.url));

/** Of eu2-cloud.acronis.com, signed by itself. */
export const certificateFile = fixture('acronis.cert.pem');

/** @param sandbox its URL. @returns the port of 127.0.0.1 where it is until the test ends. */
export async function startDataCenter(sandbox: string): Promise<number> {
  const tls = { key: readFileSync(fixture('acronis.key.pem')), cert: readFileSync(certificateFile) };
  const server = createServer(tls, (incoming, response) => {
    const { method, url, headers } = incoming;
    const onward = request(new URL(url ?? '/', sandbox), { method, headers }, (back) => {
      response.writeHead(back.statusCode ?? 502, back.headers);
      back.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  trackConnections(server);
  return await listenOnLoopback(server);
}
