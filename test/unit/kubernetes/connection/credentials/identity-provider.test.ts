import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test, vi } from 'vitest';
import { IdentityProvider } from '../../../../../src/kubernetes/connection/credentials/identity-provider.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { apiServer, connect, fixture, kubeconfigFile } from '../../support.ts';

const forever = new AbortController().signal;
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const idToken = (exp: number, more: object = {}) => `${part({ alg: 'RS256' })}.${part({ exp, ...more })}.canary-4711`;
const start = '2026-01-02T03:04:05.000Z';
const inSeconds = (seconds: number) => Date.parse(start) / 1_000 + seconds;
const providerOf = (config: Record<string, string>, clock = new ManualClock(start)) =>
  new IdentityProvider({ name: 'oidc', config }, clock, new Map());

test('an ID token that holds is sent', async () => {
  const token = idToken(inSeconds(3_600));
  expect(await providerOf({ 'id-token': token }).authorization(forever)).toBe(`Bearer ${token}`);
});

test.each([
  ['that has expired and cannot be renewed', { 'id-token': idToken(1) }],
  ['that is none', { 'id-token': 'canary-4711' }],
  ['that is missing', {}],
])('an ID token %s is an error in words, never a call without credentials', async (_name, config) => {
  const error = await providerOf(config)
    .authorization(forever)
    .catch((error: unknown) => String(error));
  expect(error).toMatch(/its identity provider gave none\. Try any kubectl command/);
  expect(error).not.toContain('canary');
});

interface Renewal {
  readonly form: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
  respond(): void;
}

/** An identity provider whose tokens hold for an hour each, one after the other; it responds to a renewal when the test lets it. */
async function issuer(methods?: readonly string[]) {
  const renewals: Renewal[] = [];
  const json = (response: ServerResponse, body: object) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/realm/.well-known/openid-configuration')
      return json(response, { token_endpoint: `${server.url}/token`, token_endpoint_auth_methods_supported: methods });
    const n = renewals.length + 1;
    const form = Object.fromEntries(new URLSearchParams(await text(request)));
    const body = { id_token: idToken(inSeconds(3_600 * (n + 1))), refresh_token: `r${n}` };
    renewals.push({ form, authorization: request.headers.authorization, respond: () => json(response, body) });
  };
  const server = await apiServer((request, response) => void handle(request, response), 'first');
  const config = (id: string) => ({
    'id-token': id,
    'client-id': 'client',
    'client-secret': 'secret',
    'refresh-token': 'r0',
    'idp-issuer-url': `${server.url}/realm/`,
    'idp-certificate-authority-data': readFileSync(fixture('first.cert.pem')).toString('base64'),
  });
  const asked = (count: number) => vi.waitFor(() => expect(renewals).toHaveLength(count), { timeout: 10_000 });
  return { renewals, config, asked };
}

test('an ID token is renewed before its end, and no call waits for that; only one that has ended is waited for', async () => {
  const { renewals, config, asked } = await issuer();
  const clock = new ManualClock(start);
  const token = idToken(inSeconds(3_600));
  const provider = providerOf(config(token), clock);
  expect(await provider.authorization(forever)).toBe(`Bearer ${token}`);
  await clock.advance(3_593_000);
  expect(await provider.authorization(forever)).toBe(`Bearer ${token}`);
  await asked(1);
  expect(await provider.authorization(forever), 'while it is renewed').toBe(`Bearer ${token}`);
  expect(renewals).toHaveLength(1);

  await clock.advance(10_000);
  const waiting = provider.authorization(forever);
  renewals[0]?.respond();
  const renewed = await waiting;
  expect(renewed).toBe(`Bearer ${idToken(inSeconds(7_200))}`);
});

test.each([
  ['by HTTP Basic', undefined, `Basic ${Buffer.from('client:secret').toString('base64')}`, {}],
  [
    'in the form, where the provider takes it nowhere else',
    ['client_secret_post'],
    undefined,
    { client_id: 'client', client_secret: 'secret' },
  ],
])('a client proves itself %s', async (_, methods, authorization, form) => {
  const { renewals, config, asked } = await issuer(methods);
  const renewed = providerOf(config(idToken(1))).authorization(forever);
  await asked(1);
  renewals[0]?.respond();
  expect(await renewed).toBe(`Bearer ${idToken(inSeconds(7_200))}`);
  expect(renewals[0]).toMatchObject({
    authorization,
    form: { grant_type: 'refresh_token', refresh_token: 'r0', ...form },
  });
});

test('a renewal that is refused is an error in words', async () => {
  const { config } = await issuer();
  const elsewhere = { ...config(idToken(1)), 'idp-issuer-url': `${config('')['idp-issuer-url']}elsewhere` };
  await expect(
    providerOf({ ...elsewhere, 'idp-certificate-authority-data': '' }).authorization(forever),
  ).rejects.toThrow(/its identity provider gave none/);
});

test('a renewed ID token is used until it nears its end in turn, and the next renewal is made with the refresh token that came with it', async () => {
  const { renewals, config, asked } = await issuer();
  const clock = new ManualClock(start);
  const provider = providerOf(config(idToken(1)), clock);
  const first = provider.authorization(forever);
  await asked(1);
  renewals[0]?.respond();
  const token = await first;
  for (let calls = 0; calls < 10; calls++) {
    expect(await provider.authorization(forever)).toBe(token);
    await clock.advance(5_000);
  }
  expect(renewals).toHaveLength(1);
  await clock.advance(2 * 3_600_000 - 60_000 - 30_000);
  expect(await provider.authorization(forever)).toBe(token);
  await asked(2);
  expect(renewals.map(({ form }) => form['refresh_token'])).toEqual(['r0', 'r1']);
  renewals[1]?.respond();
  await vi.waitFor(async () => expect(await provider.authorization(forever)).not.toBe(token), { timeout: 10_000 });
});

test('after a refused call the next renewal is made with the last refresh token, which no kubeconfig has', async () => {
  const { renewals, config, asked } = await issuer();
  const clock = new ManualClock(start);
  const user = { 'auth-provider': { name: 'oidc', config: config(idToken(1)) } };
  const { connection } = connect(kubeconfigFile({ server: 'https://127.0.0.1:9', user }), clock);
  const first = connection.credentials();
  await asked(1);
  renewals[0]?.respond();
  connection.refused(await first);
  const second = connection.credentials();
  await asked(2);
  renewals[1]?.respond();
  expect((await second).headers['authorization']).not.toBe((await first).headers['authorization']);
  expect(renewals.map(({ form }) => form['refresh_token'])).toEqual(['r0', 'r1']);
});
