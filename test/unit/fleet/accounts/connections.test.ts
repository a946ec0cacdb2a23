/** Two accounts at one data center, over real sockets: what hangs for one takes nothing of the other's. */
import { createServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { createConnections } from '../../../../src/acronis/http/connections.ts';
import { createDispatcher, createSend } from '../../../../src/acronis/http/http.ts';
import { type Account, createAccounts } from '../../../../src/fleet/accounts/accounts.ts';
import { listenOnLoopback, trackConnections } from '../../../support/loopback.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { quietAcronisMetrics } from '../../../support/quiet.ts';
import { always } from '../../../support/signal.ts';
import { id, wireUser } from '../../acronis/support.ts';

const concurrency = 8;

/** A data center whose tokens are the client's id, and that responds to no call of those clients that hang. */
async function dataCenter() {
  const hanging = new Set<string>();
  const sockets = new Map<string, Set<Socket>>();
  let held = 0;
  const json = (response: ServerResponse, body: object) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const server = createServer(({ url = '', headers, socket }, response) => {
    const [scheme = '', proof = ''] = headers.authorization?.split(' ') ?? [];
    const client = scheme === 'Basic' ? (Buffer.from(proof, 'base64').toString().split(':')[0] ?? '') : proof;
    sockets.set(client, (sockets.get(client) ?? new Set()).add(socket));
    if (hanging.has(client)) held++;
    else if (url.endsWith('/idp/token')) json(response, { access_token: client, expires_in: 7_200 });
    else json(response, wireUser(1));
  });
  trackConnections(server);
  const url = `http://127.0.0.1:${await listenOnLoopback(server)}/api/2`;
  const socketsOf = (client: string) => [...(sockets.get(client) ?? [])];
  return { url, hanging, socketsOf, held: () => held };
}

function accountsAt(url: string) {
  const clock = new ManualClock();
  const connect = () => {
    const connections = createConnections({ open: () => createDispatcher({}, concurrency, clock), clock });
    const send = createSend({ clock, connections, userAgent: 'test/1' });
    return { send, close: () => connections.close() };
  };
  const accounts = createAccounts({
    writesOf: (port) => port,
    connect,
    limitsOf: () => ({ concurrency, rate: 0 }),
    clock,
    random: () => 0,
    metrics: quietAcronisMetrics,
    lifetime: always(),
  });
  return (clientId: string) => accounts.of({ url, clientId, clientSecret: 'secret' });
}

const reads = (account: Account, count: number, signal = always()) =>
  Promise.all(Array.from({ length: count }, () => account.api.getUser(id(1), signal)));

test('an account that hangs on every call, and is given up, leaves the connections of another one as they are, and takes no more than its own', async () => {
  const { url, hanging, socketsOf, held } = await dataCenter();
  const accountOf = accountsAt(url);
  const [slow, well] = [accountOf('slow'), accountOf('well')];
  await Promise.all([reads(slow, 50), reads(well, 50)]);
  const ours = socketsOf('well');
  expect(ours.length).toBeLessThanOrEqual(concurrency);
  expect(socketsOf('slow').filter((socket) => ours.includes(socket))).toEqual([]);

  hanging.add('slow');
  const stop = new AbortController();
  const givenUp = reads(slow, 500, stop.signal).catch((error: unknown) => error);
  await vi.waitFor(() => expect(held()).toBe(concurrency), { timeout: 10_000 });
  expect(await reads(well, 200)).toHaveLength(200);
  expect(socketsOf('well')).toEqual(ours);
  expect(held(), 'the others of it wait').toBe(concurrency);
  expect(socketsOf('slow').length).toBeLessThanOrEqual(concurrency);

  stop.abort(new Error('given up'));
  expect(await givenUp).toBe(stop.signal.reason);
  await vi.waitFor(() => expect(socketsOf('slow').every(({ destroyed }) => destroyed)).toBe(true), { timeout: 10_000 });
  expect(await reads(well, 200)).toHaveLength(200);
  expect(socketsOf('well'), 'the same connections').toEqual(ours);
  expect(ours.some(({ destroyed }) => destroyed)).toBe(false);
});
