import { beforeEach, expect, test } from 'vitest';
import { startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { control, field, items, signIn } from './ask.ts';
import { ask, sandbox, shareSandbox } from './shared-sandbox.ts';

let user: string;
shareSandbox();
beforeEach(() => {
  user = sandbox.cast.buyer;
});

test('what an administrator does in the console shows in the API, one revision on each time', async () => {
  const { customers } = sandbox.cast.tenants;
  const seen: unknown[] = [];
  for (const [act, body] of [
    ['strip', undefined],
    ['types', { types: ['buyer', 'legacy'] }],
    ['touch', undefined],
    ['move', { tenantId: customers[1] }],
  ] as const) {
    expect((await control(sandbox, 'POST', `/users/${user}/${act}`, body)).status).toBe(200);
    const { json } = await ask('GET', `/users/${user}`);
    seen.push([field(json, 'version'), field(json, 'business_types'), field(json, 'tenant_id')]);
  }
  expect(seen).toEqual([
    [3, [], customers[0]],
    [4, ['buyer', 'legacy'], customers[0]],
    [5, ['buyer', 'legacy'], customers[0]],
    [6, ['buyer', 'legacy'], customers[1]],
  ]);
  await control(sandbox, 'POST', `/users/${user}/remove`);
  expect((await ask('GET', `/users/${user}`)).status).toBe(404);
  await control(sandbox, 'POST', `/users/${user}/restore`);
  expect((await ask('GET', `/users/${user}`)).status).toBe(200);
  const writes = items((await control(sandbox, 'GET', `/writes?user=${user}`)).json);
  expect(writes.map((write) => field(write, 'by'))).toEqual(Array.from({ length: 6 }, () => 'console'));
});

test('switches, faults, seed and statistics work over the wire', async () => {
  await control(sandbox, 'POST', '/switches', { conflictStatus: 412 });
  expect((await ask('PUT', `/users/${user}`, { version: 99 })).status).toBe(412);
  const { json } = await control(sandbox, 'POST', '/faults', { kind: 'status', status: 503 });
  expect((await ask('GET', `/users/${user}`)).status).toBe(503);
  expect((await control(sandbox, 'DELETE', `/faults/${field(json, 'number')}`)).status).toBe(200);
  expect((await ask('GET', `/users/${user}`)).status).toBe(200);
  expect((await control(sandbox, 'GET', '/stats')).json).toMatchObject({
    byRoute: { token: 1, putUser: 1, getUser: 2 },
    byStatus: { getUser: { 200: 1, 503: 1 } },
    putConflicts: 1,
    users: sandbox.directory.size,
  });
  await control(sandbox, 'POST', '/reset');
  expect((await control(sandbox, 'GET', '/stats')).json).toMatchObject({ requests: 0 });
  expect((await control(sandbox, 'GET', '/switches')).json).toMatchObject({ conflictStatus: 409 });
  await control(sandbox, 'POST', '/seed', { users: 100, tenants: 3 });
  expect(sandbox.cast.tenants.customers).toHaveLength(3);
  expect(items((await control(sandbox, 'GET', '/users?limit=1000')).json)).toHaveLength(112);
});

test('a secret can be reset over the wire, and works from then on', async () => {
  const { json } = await control(sandbox, 'POST', `/clients/${sandbox.clientId}/secret`, {});
  expect(field(json, 'clientSecret')).toBe(sandbox.clientSecret);
  expect((await ask('GET', `/users/${user}`)).status).toBe(401);
  expect((await (await signIn(sandbox))('GET', `/users/${user}`)).status).toBe(200);
});

test.each([
  ['an unknown switch', 'POST', '/switches', { conflict: 1 }, 'conflict'],
  ['a switch that cannot be so', 'POST', '/switches', { conflictStatus: 418 }, 'must be 409, 412, 426 or 400'],
  ['a fault of no kind', 'POST', '/faults', { kind: 'meteor' }, 'must be latency, status, cut'],
  ['a fault of no route', 'POST', '/faults', { kind: 'cut', routes: ['getUserz'] }, 'must be one of token, getUser'],
  ['a probability above 1', 'POST', '/faults', { kind: 'cut', probability: 2 }, 'must be between 0 and 1'],
  ['a fault that is not there', 'DELETE', '/faults/99', undefined, 'There is no fault with the number 99.'],
  ['a user that is not there', 'POST', '/users/unknown/strip', undefined, 'There is no user with the id unknown.'],
  ['a tenant that is not there', 'POST', '/tenants/none', {}, 'There is no tenant with the id none.'],
  ['a body that is not JSON', 'POST', '/switches', '{', 'The body is not JSON.'],
  ['a body that is not an object', 'POST', '/seed', [], 'Cannot take the seed'],
])('%s is refused with a sentence', async (_, method, path, body, sentence) => {
  const { status, json } = await control(sandbox, method, path, body);
  expect(status).toBe(400);
  expect(field(json, 'error')).toContain(sentence);
});

test('it lists what there is, and refuses what there is not', async () => {
  expect(Object.keys(Object((await control(sandbox, 'GET', '')).json))).toContain('POST /_sandbox/users/{id}/strip');
  expect((await control(sandbox, 'GET', '/nothing')).status).toBe(404);
  expect((await control(sandbox, 'GET', '/reset')).status).toBe(405);
});

test('a port that is taken, and a bad switch, stop the start with a sentence', async () => {
  const port = Number(new URL(sandbox.url).port);
  await expect(startSandbox({ port })).rejects.toThrow(
    `The sandbox cannot listen on 127.0.0.1:${port}: the port is taken; choose another.`,
  );
  await expect(startSandbox({ switches: { tokenTtlSeconds: 0 } })).rejects.toThrow('Cannot take the switches');
});
