import type { LookupAddress } from 'node:dns';
import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDispatcher, createSend } from '../../../../src/acronis/http/http.ts';
import { isPublicAddress, publicLookup } from '../../../../src/acronis/http/public-address.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { listenOnLoopback } from '../../../support/loopback.ts';
import { always } from '../../../support/signal.ts';
import { acronisFailure } from '../support.ts';

describe('an address', () => {
  it.each(['8.8.8.8', '185.151.240.1', '172.32.0.1', '100.128.0.1', '2a02:6b8::1', '2606:4700::1111'])(
    '%s is public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '0.0.0.0'],
    ...['100.64.0.1', '224.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1', 'fd00::1', 'fc00::1', 'ff02::1'],
    ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:169.254.169.254', 'no-address'],
  ])('%s is not public', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('a lookup', () => {
  const ask = (addresses: LookupAddress[], all: boolean) =>
    new Promise((resolve) => {
      const resolver = Object.assign(
        (_: string, __: unknown, callback: (error: null, found: LookupAddress[]) => void) => callback(null, addresses),
        { __promisify__: undefined },
      );
      // @ts-expect-error one of the many forms of dns.lookup is all that is used
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
  const dispatcher = createDispatcher();
  onTestFinished(() => dispatcher.destroy());
  const send = createSend({ clock: systemClock, dispatcher, userAgent: 'test/1' });
  const headers = { authorization: 'Basic canary' };
  const error = await acronisFailure(send({ method: 'GET', url: `http://localhost:${port}/x`, headers }, always()));
  expect(error).toMatchObject({ kind: 'urlNotAllowed', outcomeUnknown: false, detail: 'ERR_ADDRESS_NOT_PUBLIC' });
  expect(error.message).toContain('private address');
  expect(connections).toBe(0);
});
