import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type Sandbox, startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { CHAPTER_TENANT } from '../../sandbox/acronis/seed.ts';
import { type Ask, askToken, field, type Reply, signIn } from './ask.ts';

// Every response of the sandbox, held against the vendor's own OpenAPI. The file is not part of this project: VENDOR_OPENAPI names it,
// and without it this file is skipped. Where the vendor contradicts itself, or where people recorded something else than the file
// says, the contradiction is listed here; one that no response shows any more must leave the list.

const path = process.env['VENDOR_OPENAPI'];

interface Contradiction {
  readonly operation: RegExp;
  /** Matched against "<where in the response> <what ajv says>". */
  readonly finding: RegExp;
  readonly because: string;
}

const CONTRADICTIONS: readonly Contradiction[] = [
  {
    operation: /^(GET|PUT) \/users\/\{user_id\} 200$/,
    finding: /must have required property '(updated_at|deleted_at)'/,
    because: "the guide's own example of a user, which the chapter's user is shown by, has neither",
  },
  {
    operation: /^PUT \/users\/\{user_id\} request$/,
    finding: /must NOT have additional properties .*business_types/,
    because: 'the guide sends business_types with PUT; the OpenAPI forgot the field',
  },
  {
    operation: / 404$/,
    finding: /must have required property '(domain|details)'/,
    because: 'recorded by others: a 404 is {"error":{"code":404,"message":"Not found"}} and no more',
  },
  {
    operation: /^POST \/idp\/token 401$/,
    finding: /\/error must be equal to one of the allowed values/,
    because: 'recorded by others: wrong credentials are "invalid_client", which the OpenAPI does not list',
  },
  {
    operation: /^(PUT \/users\/\{user_id\}|POST \/users) (400|412|426)$/,
    finding: /the status is not listed/,
    because: 'the general pages say 400 for any bad request; conflicts are 412 or 426 where the switch says so',
  },
  {
    operation: /^POST \/users 40[49]$/,
    finding: /the status is not listed/,
    because: 'something must be said where the login is taken, or the tenant cannot be seen',
  },
  {
    operation: /^GET \/search 400$/,
    finding: /the status is not listed/,
    because: 'the general pages say 400 for any bad request',
  },
  {
    operation: /^GET \/tenants\/\{tenant_id\}\/brand (204|403|404)$/,
    finding: /the status is not listed/,
    because:
      'only 200 is listed, and something must be said where a tenant, its brand or the right to read it is missing',
  },
];

const record = z.record(z.string(), z.unknown());
const documentSchema = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({ requestBody: z.unknown().optional(), responses: z.record(z.string(), z.unknown()) }),
    ),
  ),
});

/** OpenAPI's `nullable` in the words of JSON schema. */
function withoutNullable(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutNullable);
  const object = record.safeParse(node);
  if (!object.success) return node;
  const { nullable, ...rest } = object.data;
  const plain = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, withoutNullable(value)]));
  return nullable === true ? { anyOf: [{ type: 'null' }, plain] } : plain;
}

const pointer = (...parts: string[]): string =>
  `vendor#/${parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;

const sentence = (error: ErrorObject): string =>
  `${error.instancePath} ${error.message ?? ''} ${JSON.stringify(error.params)}`;

test.runIf(path !== undefined)(
  "every response is as the vendor's OpenAPI (VENDOR_OPENAPI) says, but for the known contradictions",
  async () => {
    const file: unknown = JSON.parse(readFileSync(path ?? '', 'utf8'));
    const { paths } = documentSchema.parse(file);
    const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false, formats: { 'date-time': true } });
    ajv.addSchema({ ...record.parse(withoutNullable(file)), $id: 'vendor' });

    const findings: string[] = [];
    const used = new Set<Contradiction>();
    const held = new Set<string>();
    const found = (operation: string, finding: string) => {
      const known = CONTRADICTIONS.find((one) => one.operation.test(operation) && one.finding.test(finding));
      if (known === undefined) findings.push(`${operation}: ${finding}`);
      else used.add(known);
    };
    const validate = (operation: string, schema: string, value: unknown) => {
      const check = ajv.compile({ $ref: schema });
      if (!check(value)) for (const error of check.errors ?? []) found(operation, sentence(error));
    };
    /** Holds one response, and the JSON of its request if there was any, against the operation. */
    const hold = (method: string, template: string, reply: Reply, status: number, request?: unknown) => {
      const operation = `${method} ${template} ${status}`;
      held.add(operation);
      expect(reply.status, operation).toBe(status);
      const described = paths[template]?.[method.toLowerCase()];
      if (described === undefined) return found(operation, 'the operation is not listed');
      const at = ['paths', template, method.toLowerCase()];
      if (request !== undefined) {
        const schema = pointer(...at, 'requestBody', 'content', 'application/json', 'schema');
        validate(`${method} ${template} request`, schema, request);
      }
      if (described.responses[status] === undefined) return found(operation, 'the status is not listed');
      if (status === 204) return expect(reply.text).toBe('');
      expect(reply.headers.get('content-type')).toBe('application/json');
      validate(
        operation,
        pointer(...at, 'responses', String(status), 'content', 'application/json', 'schema'),
        reply.json,
      );
    };

    /** Holds the response of an operation that the file at hand does not have against one whose response is the same. */
    const same = (as: string, reply: Reply, status: number) => {
      expect(reply.status, as).toBe(status);
      const at = pointer('paths', as, 'get', 'responses', '200', 'content', 'application/json', 'schema');
      validate(`as GET ${as}`, at, reply.json);
    };

    await walk(hold, same);
    expect(findings).toEqual([]);
    expect(CONTRADICTIONS.filter((one) => !used.has(one)).map(({ because }) => because)).toEqual([]);
    // Every operation the sandbox plays was called at least once with 200 (204).
    const played = Object.entries(paths).flatMap(([template, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${template}`),
    );
    const never = played.filter((operation) => !held.has(`${operation} 200`) && !held.has(`${operation} 204`));
    expect(never).toEqual([]);
  },
);

type Same = (as: string, reply: Reply, status: number) => void;
type Hold = (method: string, template: string, reply: Reply, status: number, request?: unknown) => void;

let sandbox: Sandbox;
let ask: Ask;
beforeAll(async () => {
  sandbox = await startSandbox();
  ask = await signIn(sandbox);
});
afterAll(() => sandbox.stop());

/** Asks every route for every response it has. */
async function walk(hold: Hold, same: Same): Promise<void> {
  const { samRivers, johnDoe, buyer, unitUser, tenants } = sandbox.cast;
  const get = (url: string) => ask('GET', url);
  const unknown = '00000000-0000-4000-8000-000000000000';
  const stranger: Ask = (method, url, body) => ask(method, url, body, { headers: { authorization: 'Bearer none' } });

  for (const tokenExpiry of ['both', 'expires_in', 'expires_on', 'none'] as const) {
    sandbox.switches.set({ tokenExpiry });
    hold('POST', '/idp/token', await askToken(sandbox), 200);
  }
  hold('POST', '/idp/token', await askToken(sandbox, { secret: 'wrong' }), 401);
  hold('POST', '/idp/token', await askToken(sandbox, {}, 'grant_type=none'), 400);

  const user = '/users/{user_id}';
  for (const id of [johnDoe, samRivers, buyer, unitUser]) hold('GET', user, await get(`/users/${id}`), 200);
  sandbox.console.remove(unitUser);
  hold('GET', user, await get(`/users/${unitUser}?allow_deleted=true`), 200);
  sandbox.console.setRoles(buyer, [
    { role: 'hci_admin', tenantId: tenants.partner },
    { role: 'company_admin', tenantId: undefined },
  ]);
  hold('GET', user, await get(`/users/${buyer}?with_access_policies=true`), 200);
  hold('GET', '/users/{user_id}/access_policies', await get(`/users/${buyer}/access_policies`), 200);
  sandbox.console.edit(buyer, { externalId: 'e-9', notifications: [], activated: false });
  const external = `external_ids=e-9,e-10&tenant_id=${tenants.customers[0]}&with_access_policies=true`;
  hold('GET', '/users', await get(`/users?${external}`), 200);
  hold('GET', user, await get(`/users/${unknown}`), 404);
  hold('GET', user, await stranger('GET', `/users/${samRivers}`), 401);
  sandbox.switches.set({ outside: 'forbidden' });
  hold('GET', user, await get(`/users/${sandbox.cast.stranger}`), 403);

  const change = (body: unknown) => ask('PUT', `/users/${samRivers}`, body);
  const bodies = [
    { business_types: ['buyer'], version: 1 },
    { contact: { firstname: 'Samuel', phone: null }, language: 'de', notifications: ['quota'], version: 2 },
    { external_id: 'e-1', disable_after: '2030-01-01T00:00:00', enabled: false, version: 3 },
  ];
  for (const body of bodies) hold('PUT', user, await change(body), 200, body);
  hold('PUT', user, await ask('PUT', `/users/${johnDoe}`, { version: 1 }), 200);
  for (const conflictStatus of [409, 412, 426, 400] as const) {
    for (const conflictCode of ['number', 'string'] as const) {
      sandbox.switches.set({ conflictStatus, conflictCode });
      hold('PUT', user, await change({ version: 1 }), conflictStatus);
    }
  }
  hold('PUT', user, await change({ version: 4, login: 'twin' }), 409);
  hold('PUT', user, await change({ version: 'x' }), 400);
  hold('PUT', user, await ask('PUT', `/users/${samRivers}`, '{}', { headers: { 'content-type': 'text/plain' } }), 415);
  hold('PUT', user, await ask('PUT', `/users/${unknown}`, {}), 404);
  hold('PUT', user, await stranger('PUT', `/users/${samRivers}`, {}), 401);
  sandbox.console.setTenant(tenants.folder, { locked: true });
  hold('PUT', user, await change({ version: 4 }), 403);

  const [customer = ''] = tenants.customers;
  const post = (body: unknown) => ask('POST', '/users', body);
  const user1 = { tenant_id: customer, login: 'newcomer', contact: { email: 'n@example.com', address1: null } };
  const user2 = { ...user1, login: 'second', business_types: ['buyer'], notifications: ['quota'], external_id: 'e-2' };
  const made = await post(user1);
  hold('POST', '/users', made, 200, user1);
  hold('POST', '/users', await post({ ...user2, disable_after: '2030-01-01T00:00:00' }), 200, user2);
  hold('POST', '/users', await post(user1), 409);
  hold('POST', '/users', await post({ ...user1, login: '' }), 400);
  hold('POST', '/users', await post({ ...user1, login: 'third', tenant_id: unknown }), 404);
  hold('POST', '/users', await post({ ...user1, login: 'third', tenant_id: tenants.folder }), 403);
  hold('POST', '/users', await ask('POST', '/users', '{}', { headers: { 'content-type': 'text/plain' } }), 415);
  hold('POST', '/users', await stranger('POST', '/users', user1), 401);
  same(user, await get('/users/me'), 200);
  const policy = {
    role_id: 'company_admin',
    tenant_id: customer,
    trustee_id: field(made.json, 'id'),
    trustee_type: 'user',
  };
  const policies = await ask('PUT', `/users/${policy.trustee_id}/access_policies`, { items: [policy] });
  same('/users/{user_id}/access_policies', policies, 200);
  const unit = { kind: 'unit', name: 'A new unit', parent_id: customer, contact: { email: 'u@example.com' } };
  const tenant = await ask('POST', '/tenants', unit);
  same('/tenants/{tenant_id}', tenant, 201);
  const renamed = { name: 'The new unit', version: 1 };
  same('/tenants/{tenant_id}', await ask('PUT', `/tenants/${field(tenant.json, 'id')}`, renamed), 200);
  same('/tenants/{tenant_id}/users', await get(`/tenants/${tenants.partner}/children`), 200);
  same('/clients/{client_id}', await ask('POST', '/clients', { type: 'api_client', tenant_id: customer }), 201);
  const brand = await ask('PUT', `/tenants/${tenants.partner}/brand?version=1`, {
    upsell_url: 'https://b.example.com',
  });
  same('/tenants/{tenant_id}/brand', brand, 200);

  const root = `subtree_root_tenant_id=${CHAPTER_TENANT}`;
  for (const lod of ['stamps', 'basic', 'full']) {
    for (const more of ['', '&with_access_policies=true', '&allow_deleted=true', '&limit=5']) {
      hold('GET', '/users', await get(`/users?${root}&lod=${lod}${more}`), 200);
    }
    hold('GET', '/users', await get(`/users?uuids=${samRivers},${buyer}&lod=${lod}`), 200);
    for (const query of [`subtree_root_id=${CHAPTER_TENANT}`, `parent_id=${CHAPTER_TENANT}&limit=2`]) {
      hold('GET', '/tenants', await get(`/tenants?${query}&lod=${lod}`), 200);
    }
  }
  hold('GET', '/users', await get('/users'), 400);
  hold('GET', '/users', await stranger('GET', '/users'), 401);
  hold('GET', '/users', await get(`/users?subtree_root_tenant_id=${tenants.otherPartner}`), 403);
  hold('GET', '/users', await get(`/users?subtree_root_tenant_id=${unknown}`), 404);
  hold('GET', '/tenants', await get('/tenants'), 400);

  hold('GET', '/users/check_login', await get('/users/check_login?username=unknown.yet'), 204);
  hold('GET', '/users/check_login', await get('/users/check_login?username=JohnDoe'), 409);
  hold('GET', '/users/check_login', await get('/users/check_login'), 406);
  hold('GET', '/users/{user_id}/access_policies', await get(`/users/${johnDoe}/access_policies`), 200);
  hold('GET', '/users/{user_id}/access_policies', await get(`/users/${unknown}/access_policies`), 404);

  hold('GET', '/search', await get(`/search?tenant=${CHAPTER_TENANT}&text=customer`), 200);
  hold('GET', '/search', await get(`/search?tenant=${CHAPTER_TENANT}&text=example`), 200);
  hold('GET', '/search', await get(`/search?tenant=${CHAPTER_TENANT}&text=ab`), 400);
  hold('GET', '/search', await get(`/search?tenant=${unknown}&text=abc`), 404);

  for (const id of [tenants.partner, tenants.folder, tenants.unit, ...tenants.customers]) {
    hold('GET', '/tenants/{tenant_id}', await get(`/tenants/${id}`), 200);
    hold('GET', '/tenants/{tenant_id}/users', await get(`/tenants/${id}/users?include_grand_children=true`), 200);
    for (const effective of [0, 1]) {
      hold('GET', '/tenants/{tenant_id}/brand', await get(`/tenants/${id}/brand?effective=${effective}`), 200);
    }
  }
  sandbox.console.setTenant(tenants.partner, { brandEnabled: false });
  for (const [unbranded, status] of [
    ['default', 200],
    ['emptyUrl', 200],
    ['emptyObject', 200],
    ['noContent', 204],
    ['notFound', 404],
  ] as const) {
    sandbox.switches.set({ unbranded });
    hold('GET', '/tenants/{tenant_id}/brand', await get(`/tenants/${tenants.unit}/brand?effective=1`), status);
  }
  sandbox.switches.set({ brandReads: 'forbidden' });
  hold('GET', '/tenants/{tenant_id}/brand', await get(`/tenants/${tenants.unit}/brand`), 403);
  hold('GET', '/tenants/{tenant_id}', await get(`/tenants/${unknown}`), 404);
  sandbox.switches.set({ brandReads: 'allowed' });
  hold('GET', '/tenants/{tenant_id}/brand', await get(`/tenants/${unknown}/brand`), 404);
  hold('GET', '/clients/{client_id}', await get(`/clients/${sandbox.clientId}`), 200);
  hold('GET', '/clients/{client_id}', await get(`/clients/${sandbox.clients.other.id}`), 403);
  hold('GET', '/clients/{client_id}', await get(`/clients/${unknown}`), 404);
}
