import { expect, test } from 'vitest';
import { field } from '../ask.ts';
import { sandbox, shareSandbox } from '../shared-sandbox.ts';
import { constructClient, partnerClient, send, type VendorClient } from './vendor-client.ts';

shareSandbox();

const oneTimeToken = (client: VendorClient, json: object) => client.attempt('POST', '/idp/ott', { json });
const logIn = (client: VendorClient, json: unknown) => send(`${client.baseUrl}/api/2/idp/ott/login`, 'POST', { json });
/** What a session sends after it: the cookie, and no credentials. */
const withCookie = (client: VendorClient, path: string, cookie: string) =>
  send(`${client.baseUrl}/api/2${path}`, 'GET', { headers: { cookie } });

test('a client signs in on behalf of a user, asks who it is, and signs out', async () => {
  const client = await partnerClient(sandbox);
  const { companyAdmin, buyer, samRivers } = sandbox.cast;
  const { json, status } = await oneTimeToken(client, { purpose: 'user_login', login: 'ada.admin' });
  expect([status, Object.keys(Object(json))]).toEqual([200, ['ott']]);
  const begun = await logIn(client, json);
  expect([begun.status, field(begun.json, 'id')]).toEqual([200, companyAdmin]);
  const cookie = begun.headers.get('set-cookie')?.split(';')[0] ?? '';
  expect((await withCookie(client, '/users/me', cookie)).json).toMatchObject({ id: companyAdmin, login: 'ada.admin' });
  expect((await withCookie(client, `/users/${buyer}`, cookie)).status).toBe(200);
  expect((await withCookie(client, `/users/${samRivers}`, cookie)).status).toBe(404); // In another customer.
  expect((await withCookie(client, '/idp/logout', cookie)).status).toBe(204);
  expect((await withCookie(client, '/users/me', cookie)).status).toBe(401);
});

test('a one-time token works once, for whom it names by login, id or external id, and only for users in reach', async () => {
  const client = await partnerClient(sandbox);
  const { buyer } = sandbox.cast;
  sandbox.console.edit(buyer, { externalId: 'crm-7' });
  for (const name of [{ user_id: buyer }, { external_id: 'crm-7' }, { login: 'BEA.BUYER' }]) {
    const { json } = await oneTimeToken(client, { purpose: 'user_login', ...name });
    expect(field((await logIn(client, json)).json, 'id')).toBe(buyer);
    expect((await logIn(client, json)).status).toBe(401);
  }
  expect((await oneTimeToken(client, { purpose: 'user_login', login: 'stan.stranger' })).status).toBe(404);
  expect((await oneTimeToken(client, { purpose: 'user_login', login: 'harry.hermit' })).status).toBe(404);
  expect((await oneTimeToken(client, { purpose: 'user_login' })).status).toBe(400);
  expect((await oneTimeToken(client, { purpose: 'curiosity', user_id: buyer })).status).toBe(400);
  expect((await logIn(client, {})).status).toBe(400);
});

test('only API clients may ask for one-time tokens, activation e-mails and passwords', async () => {
  const roles = [{ role: 'partner_admin', tenantId: undefined }];
  const { id } = sandbox.console.add({ login: 'pat.partner', tenantId: sandbox.cast.tenants.partner, roles });
  sandbox.console.setPassword(id, 'a good password');
  const person = await constructClient(sandbox, 'pat.partner', { type: 'password', password: 'a good password' });
  const { buyer } = sandbox.cast;
  expect((await oneTimeToken(person, { purpose: 'user_login', user_id: buyer })).status).toBe(403);
  expect((await person.attempt('POST', `/users/${buyer}/send-activation-email`, { json: {} })).status).toBe(403);
  expect((await person.attempt('POST', `/users/${buyer}/password`, { json: { password: 'x' } })).status).toBe(403);
});
