import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type Sandbox, startSandbox } from '../../sandbox/acronis/sandbox.ts';

// The vendor's chapter "Enabling quota upsell for a user account", walked as its reader walks it in the Python shell: plain HTTP,
// the chapter's own tenant and user, the chapter's own response.

/** What `pprint.pprint(response.json())` prints in the chapter. */
const PRINTED = `
{'activated': True,
 'business_types': ['buyer'],
 'contact': {'address1': '',
             'address2': '',
             'city': '',
             'country': '',
             'email': 'johndoe@mysite.com',
             'firstname': 'John',
             'lastname': 'Doe',
             'phone': '',
             'state': '',
             'zipcode': ''},
 'created_at': '2019-07-25T07:11:02.807354+00:00',
 'enabled': False,
 'id': '1c234e69-5469-424a-a6d1-ff5658b387a6',
 'idp_id': '11111111-1111-1111-1111-111111111111',
 'language': 'en',
 'login': 'JohnDoe',
 'mfa_status': 'disabled',
 'notifications': ['quota', 'reports', 'backup_daily_report'],
 'personal_tenant_id': None,
 'tenant_id': 'ede9f834-70b3-476c-83d9-736f9f8c7dae',
 'terms_accepted': False,
 'version': 2}`;

const fromPython = (printed: string): unknown =>
  JSON.parse(
    printed.replaceAll("'", '"').replaceAll('True', 'true').replaceAll('False', 'false').replaceAll('None', 'null'),
  );

const tokenResponse = z.object({ access_token: z.string(), token_type: z.string() });
const clientResponse = z.object({ tenant_id: z.string() });
const searchResponse = z.object({ items: z.tuple([z.object({ id: z.string() })]) });
const userResponse = z.object({ version: z.int() });

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

test("the chapter's steps, one after the other, lead to the chapter's own response", async () => {
  const baseUrl = `${sandbox.url}/api/2`;

  // 1. Authenticate: base_url, auth and tenant_id are available then.
  const signedIn = await fetch(`${baseUrl}/idp/token`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Authorization: `Basic ${btoa(`${sandbox.clientId}:${sandbox.clientSecret}`)}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  expect(signedIn.status).toBe(200);
  const token = tokenResponse.parse(await signedIn.json());
  expect(token.token_type).toBe('bearer');
  expect(token.access_token).toMatch(/^eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6ImMwMD/);
  const auth = { Authorization: `Bearer ${token.access_token}` };
  const client = await fetch(`${baseUrl}/clients/${sandbox.clientId}`, { headers: auth });
  const { tenant_id: tenantId } = clientResponse.parse(await client.json());
  expect(tenantId).toBe('ede9f834-70b3-476c-83d9-736f9f8c7dae');

  // 2. The user, found via search.
  const found = await fetch(`${baseUrl}/search?${new URLSearchParams({ tenant: tenantId, text: 'JohnDoe' })}`, {
    headers: auth,
  });
  const [{ id: userId }] = searchResponse.parse(await found.json()).items;
  expect(userId).toBe('1c234e69-5469-424a-a6d1-ff5658b387a6');

  // 3. Its revision number.
  const read = await fetch(`${baseUrl}/users/${userId}`, { headers: auth });
  const { version } = userResponse.parse(await read.json());
  expect(version).toBe(1);

  // 4 and 5. The data to send, as JSON text with an indent of 4.
  const userData = JSON.stringify({ business_types: ['buyer'], version }, null, 4);
  expect(userData).toBe('{\n    "business_types": [\n        "buyer"\n    ],\n    "version": 1\n}');

  // 6. PUT.
  const response = await fetch(`${baseUrl}/users/${userId}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json', ...auth },
    body: userData,
  });

  // 7. The status code, and the user.
  expect(response.status).toBe(200);
  expect(await response.json()).toStrictEqual(fromPython(PRINTED));

  // "The revision number increments with each update."
  const again = await fetch(`${baseUrl}/users/${userId}`, { headers: auth });
  expect(await again.json()).toStrictEqual(fromPython(PRINTED));
  expect(sandbox.ledger.writesOf(userId)).toMatchObject([{ by: 'put', before: 1, after: 2, businessTypes: ['buyer'] }]);
});
