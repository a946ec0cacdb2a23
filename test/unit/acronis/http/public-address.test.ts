import type { LookupAddress } from 'node:dns';
import { createServer } from 'node:http';
import type { LookupFunction } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSend } from '../../../../src/acronis/http/http.ts';
import { isPublicAddress, publicLookup } from '../../../../src/acronis/http/public-address.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { listenOnLoopback } from '../../../support/loopback.ts';
import { always } from '../../../support/signal.ts';
import { acronisFailure } from '../support.ts';
import { testConnections } from './gateway.ts';

describe('an address', () => {
  it.each([
    ...['8.8.8.8', '185.151.240.1', '172.32.0.1', '100.128.0.1', '2a02:6b8::1', '2606:4700::1111'],
    // With a public IPv4 address inside: NAT64, 6to4, mapped.
    ...['64:ff9b::808:808', '64:ff9b::185.151.240.1', '2002:808:808::', '2002:b997:f001::1', '::ffff:8.8.8.8'],
  ])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true));

  it.each([
    ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '0.0.0.0'],
    ...['100.64.0.1', '224.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1', 'fd00::1', 'fc00::1', 'ff02::1'],
    ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:169.254.169.254', 'no-address'],
    // NAT64, 6to4, mapped and compatible forms of private addresses.
    ...['64:ff9b::a00:5', '64:ff9b::10.0.0.5', '64:FF9B:0:0:0:0:7F00:1', '64:ff9b:1::808:808', '2002:7f00:1::'],
    ...['2002:a00:5::1', '2002:c0a8:101::', '::7f00:1', '::127.0.0.1', '::10.0.0.5', '::ffff:0:0'],
  ])('%s is not public', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('a lookup', () => {
  const ask = (addresses: LookupAddress[], all: boolean) =>
    new Promise((resolve) => {
      const resolver: LookupFunction = (_name, _options, callback) => callback(null, addresses);
      publicLookup(resolver)('eu2-cloud.acronis.com', { all }, (error, address) => resolve(error?.code ?? address));
    });
  const good = { address: '185.151.240.1', family: 4 };
  const metadata = { address: '169.254.169.254', family: 4 };

  it('gives public addresses in the form that was asked for', async () => {
    expect(await ask([good], true)).toEqual([good]);
    expect(await ask([good], false)).toBe('185.151.240.1');
  });

  it('refuses a name with any address that is not public', async () => {
    for (const addresses of [[metadata], [good, metadata], []])
      expect(await ask(addresses, true)).toBe('ERR_ADDRESS_NOT_PUBLIC');
  });
});

it('a name that leads to this machine gets no connection, and so no credential', async () => {
  let connections = 0;
  const server = createServer();
  server.on('connection', () => connections++);
  const port = await listenOnLoopback(server);
  onTestFinished(() => void server.close());
  const send = createSend({ clock: systemClock, connections: testConnections(), userAgent: 'test/1' });
  const headers = { authorization: 'Basic canary' };
  const error = await acronisFailure(send({ method: 'GET', url: `http://localhost:${port}/x`, headers }, always()));
  expect(error).toMatchObject({ kind: 'urlNotAllowed', outcomeUnknown: false, detail: 'ERR_ADDRESS_NOT_PUBLIC' });
  expect(error.message).toContain('private address');
  expect(connections).toBe(0);
});
