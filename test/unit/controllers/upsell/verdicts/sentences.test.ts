/** Sentences that say the cause: what a condition says of each failure, as a reader of the object sees it. */
import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AcronisError } from '../../../../../src/acronis/errors.ts';
import { classify } from '../../../../../src/acronis/http/classify.ts';
import { ConnectFailure } from '../../../../../src/acronis/http/connect-failure.ts';
import { ProxyFailure } from '../../../../../src/acronis/http/egress.ts';
import { noResponse } from '../../../../../src/acronis/http/no-response.ts';
import { HttpRequestError } from '../../../../../src/base/http/http.ts';
import { answered, otherTenantId, page, userId } from '../fake-acronis.ts';
import { createWorld, type World } from '../world.ts';

let world: World;
let key: string;
beforeEach(() => {
  world = createWorld();
  world.acronis.add({ id: userId });
  key = world.cluster.create({ userID: userId });
});

const url = 'https://eu2-cloud.acronis.com/api/2/users/1';
const connecting = (code: string): AcronisError =>
  noResponse(new ConnectFailure(Object.assign(new Error('canary'), { code }), undefined), url);
const proxied = { proxy: 'proxy:3128', variable: 'HTTPS_PROXY', code: 'X' };
const redirect = (location: string): AcronisError =>
  classify({ url, status: 302, body: undefined, form: 'page', retryAfterMs: undefined, location });

describe('a call that failed says the host, the cause in words and what to look at', () => {
  it.each<[string, () => AcronisError, string, RegExp]>([
    ['ECONNREFUSED', () => connecting('ECONNREFUSED'), 'Unavailable', /^Nothing listens at HOST.* See whether/],
    ['ENOTFOUND', () => connecting('ENOTFOUND'), 'Unavailable', /no such name.* HOST .*Put the data center's own URL/],
    [
      'a time-out',
      () => noResponse(new HttpRequestError('timedOut', ''), url),
      'Unavailable',
      /^HOST gave no complete response in time\. If this lasts, see/,
    ],
    [
      'no connection in time',
      () => connecting('UND_ERR_CONNECT_TIMEOUT'),
      'Unavailable',
      /^No connection to HOST was made in time\. See whether a firewall/,
    ],
    [
      'a TLS alert',
      () => connecting('ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR'),
      'Unavailable',
      /^The TLS handshake with HOST failed: it was ended with an alert/,
    ],
    [
      'a proxy that refuses its credentials',
      () => noResponse(new ProxyFailure('proxy-credentials', { ...proxied, status: '407' }), url),
      'Unavailable',
      /^The proxy proxy:3128 wants another user name or password \(HTTP 407\)\. Correct HTTPS_PROXY/,
    ],
    [
      'a proxy that cannot reach it',
      () => noResponse(new ProxyFailure('proxy-cannot-reach', { ...proxied, status: '502' }), url),
      'Unavailable',
      /^The proxy proxy:3128 could not reach HOST \(HTTP 502\)\. Look at its log/,
    ],
    [
      'HTTP 302',
      () => redirect('https://login.example.com/?canary'),
      'Rejected',
      /^HOST redirects to login\.example\.com, .* Put the data center's own URL/,
    ],
    ['HTTP 407', () => page(407), 'Unavailable', /^A proxy on the way to HOST .*\(HTTP 407\).* HTTPS_PROXY/],
    [
      'HTTP 413 of a gateway',
      () => page(413),
      'Unavailable',
      /in front of HOST, such as a gateway, refused the request as too large \(HTTP 413\)/,
    ],
    [
      'HTTP 413 of the API',
      () => answered(413),
      'Rejected',
      /^HOST refused the request as too large \(HTTP 413\).* gateway/,
    ],
    [
      'HTTP 415 of a gateway',
      () => page(415),
      'Unavailable',
      /in front of HOST, such as a gateway, refused the form of the request.*\(HTTP 415\)/,
    ],
    ['HTTP 415 of the API', () => answered(415), 'Rejected', /^HOST refused the form of the request.*\(HTTP 415\)/],
  ])('%s', async (_, failure, reason, sentence) => {
    world.acronis.always('get', () => {
      throw failure();
    });
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe(reason);
    const message = world.cluster.message(key);
    expect(message.replaceAll('eu2-cloud.acronis.com', 'HOST')).toMatch(sentence);
    expect(message).not.toMatch(/customer tenants|could not be reached or could not answer/);
    expect(world.log.lines.map(({ fields }) => fields['cause'])).toContain(failure().causeId);
    expect(inspect([world.cluster.status(key), world.log.lines], { depth: 9 })).not.toContain('canary');
    const patches = world.cluster.patches.length;
    await world.reconcile(key);
    await world.reconcile(key);
    expect(world.cluster.patches).toHaveLength(patches);
  });
});

describe('a web page with status 200 is said to be one, wherever it is met, with the URL to look at', () => {
  it.each(['token', 'get', 'put'] as const)('for the %s', async (operation) => {
    world.acronis.always(operation, () => {
      throw page(200);
    });
    const end = world.clock.now() + 299_000;
    while (world.clock.now() < end) {
      await world.reconcile(key);
      await world.clock.advance(5_000);
    }
    expect(world.cluster.reason(key)).toBe('Unavailable');
    expect(world.cluster.message(key)).toMatch(
      /^eu2-cloud\.acronis\.com responded with a web page, such as a login, .* See whether the URL is the data center's own/,
    );
    expect(world.acronis.puts.length).toBeLessThanOrEqual(3);
  });
});

it('a user of a unit or a personal tenant below tenantID is said to be perhaps there, and where to look that up', async () => {
  const object = world.cluster.create({ userID: userId, tenantID: otherTenantId }, { name: 'in-a-unit' });
  await world.reconcile(object);
  expect(world.cluster.reason(object)).toBe('TenantMismatch');
  expect(world.cluster.message(object)).toMatch(
    /not in spec\.tenantID itself, .* perhaps a unit or a personal tenant below it\. Look up the user's own tenant \(tenant_id of GET \/users\/\{id\}, or the user's page in the management portal\)/,
  );
});
