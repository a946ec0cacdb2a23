import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { systemClock } from '../../src/base/clock.ts';
import { askToken, field, signIn } from './ask.ts';

let later = 0;
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ clock: { ...systemClock, wall: () => systemClock.wall() + later } });
});
afterAll(() => sandbox.stop());
beforeEach(() => {
  later = 0;
  sandbox.reset();
  sandbox.reseed();
});
const me = () => `/users/${sandbox.cast.johnDoe}`;

test('a token works for as long as it says, and not a moment longer', async () => {
  const { json, headers } = await askToken(sandbox);
  expect(json).toMatchObject({ token_type: 'bearer', expires_in: 7200, id_token: expect.any(String) });
  expect(Number(field(json, 'expires_on'))).toBeCloseTo(Date.now() / 1000 + 7200, -1);
  expect(headers.get('cache-control')).toBe('no-store');
  const ask = await signIn(sandbox);
  later = 7_199_000;
  expect((await ask('GET', me())).status).toBe(200);
  later = 7_201_000;
  expect((await ask('GET', me())).status).toBe(401);
});

test('the response has the expiry in the fields that are switched on, and the token has the form', async () => {
  for (const [tokenExpiry, inResponse] of [
    ['expires_in', ['expires_in']],
    ['expires_on', ['expires_on']],
    ['none', []],
  ] as const) {
    sandbox.switches.set({ tokenExpiry });
    const { json } = await askToken(sandbox);
    expect(['expires_in', 'expires_on'].filter((name) => field(json, name) !== undefined)).toEqual(inResponse);
    expect(String(field(json, 'access_token')).split('.')).toHaveLength(3);
  }
  sandbox.switches.set({ tokenForm: 'opaque', tokenTtlSeconds: 5 });
  const { json } = await askToken(sandbox);
  expect(field(json, 'access_token')).toMatch(/^\w{43}$/);
});

test('a bad secret, grant or media type is refused in the flat OAuth form', async () => {
  const wrong = await askToken(sandbox, { secret: 'wrong' });
  expect(wrong.status).toBe(401);
  expect(wrong.json).toMatchObject({ error: 'invalid_client', error_description: expect.any(String) });
  const grant = await askToken(sandbox, {}, 'grant_type=refresh_token');
  expect(grant).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
  const plain = await fetch(`${sandbox.url}/api/2/idp/token`, {
    method: 'POST',
    body: 'grant_type=client_credentials',
  });
  expect(plain.status).toBe(400);
});

test('credentials may come in the form too', async () => {
  const { id, secret } = sandbox.clients.partner;
  const response = await fetch(`${sandbox.url}/api/2/idp/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret }),
  });
  expect(response.status).toBe(200);
});

test('a reset secret and a disabled client end the tokens of that client and of no other', async () => {
  const { customer, other } = sandbox.clients;
  const mine = await signIn(sandbox, customer);
  const theirs = await signIn(sandbox, other);
  const secret = sandbox.console.resetSecret(customer.id);
  expect((await mine('GET', `/users/${sandbox.cast.companyAdmin}`)).status).toBe(401);
  expect((await theirs('GET', `/users/${sandbox.cast.stranger}`)).status).toBe(200);
  expect((await askToken(sandbox, customer)).status).toBe(401);
  expect((await askToken(sandbox, { id: customer.id, secret })).status).toBe(200);
  sandbox.console.setClientEnabled(customer.id, false);
  expect((await askToken(sandbox, { id: customer.id, secret })).status).toBe(401);
});

test('the 401 of a resource has the body that was switched on', async () => {
  const ask = await signIn(sandbox);
  sandbox.console.revokeTokens();
  const bodies: [string, unknown][] = [];
  for (const unauthorizedBody of ['envelope', 'stringCode', 'flat', 'empty', 'html'] as const) {
    sandbox.switches.set({ unauthorizedBody });
    const { status, json, text } = await ask('GET', me());
    expect(status).toBe(401);
    bodies.push([
      unauthorizedBody,
      json === undefined ? text.slice(0, 6) : (field(json, 'error', 'code') ?? field(json, 'error')),
    ]);
  }
  expect(bodies).toEqual([
    ['envelope', 401],
    ['stringCode', 'authenticationFailed'],
    ['flat', 'access_denied'],
    ['empty', ''],
    ['html', '<html>'],
  ]);
});

test('a client sees its own subtree only: what is outside or manages itself is 404, or 403 as switched', async () => {
  const ask = await signIn(sandbox, sandbox.clients.customer);
  const partner = await signIn(sandbox);
  const { companyAdmin, unitUser, johnDoe, hermit, tenants } = sandbox.cast;
  const statuses = async () => [
    (await ask('GET', `/users/${companyAdmin}`)).status,
    (await ask('GET', `/users/${unitUser}`)).status,
    (await ask('GET', `/users/${johnDoe}`)).status,
    (await ask('GET', `/tenants/${tenants.partner}`)).status,
    (await partner('GET', `/users/${hermit}`)).status,
    (await partner('GET', `/tenants/${tenants.otherPartner}`)).status,
    (await ask('GET', '/users/00000000-0000-4000-8000-000000000000')).status,
  ];
  expect(await statuses()).toEqual([200, 200, 404, 404, 404, 404, 404]);
  sandbox.switches.set({ outside: 'forbidden' });
  expect(await statuses()).toEqual([200, 200, 403, 403, 403, 403, 404]);
  const batch = await ask('GET', `/users?uuids=${[companyAdmin, johnDoe].join(',')}`);
  expect(field(batch.json, 'items', 0, 'id')).toBe(companyAdmin);
  expect(field(batch.json, 'items', 1)).toBeUndefined();
});
