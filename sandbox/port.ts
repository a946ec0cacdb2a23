/**
 * A free TCP port on loopback. From below the range out of which systems give ports to outgoing connections (32768 on Linux, 49152 on macOS),
 * so that no client of anything takes it while the API server is down for a restart. Between the check and the use another server still may:
 * a caller must be ready to ask for another one.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const LOWEST = 20_000;
const END = 32_768;
const KEPT_MS = 60_000;

/** Given to a caller in this process, which may be a second away from listening: with dozens of servers starting concurrently, two were given the same. */
const given = new Set<number>();

export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(LOWEST, END);
    if (given.has(port)) continue;
    given.add(port);
    setTimeout(() => given.delete(port), KEPT_MS).unref();
    if (await isFree(port)) return port;
  }
  throw new Error(`There is no free TCP port between ${LOWEST} and ${END} on 127.0.0.1: end what listens there.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
