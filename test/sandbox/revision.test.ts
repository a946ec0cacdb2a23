import { beforeEach, describe, expect, test } from 'vitest';
import { field } from './ask.ts';
import { ask, sandbox, shareSandbox } from './shared-sandbox.ts';

let user: string;
const buyer = (version: unknown) => ({ business_types: ['buyer'], version });
const versionOf = async (id: string) => field((await ask('GET', `/users/${id}`)).json, 'version');

shareSandbox();
beforeEach(() => {
  user = sandbox.cast.samRivers;
});

describe('a PUT with a stale revision', () => {
  const codes = { number: 1001, string: '1001' } as const;
  for (const status of [409, 412, 426, 400] as const) {
    for (const form of ['number', 'string'] as const) {
      test(`is refused with ${status} and code 1001 as a ${form} where the switches say so, and nothing is changed`, async () => {
        sandbox.switches.set({ conflictStatus: status, conflictCode: form });
        sandbox.console.touch(user);
        const reply = await ask('PUT', `/users/${user}`, buyer(1));
        expect(reply.status).toBe(status);
        expect(reply.json).toMatchObject({
          error: { code: codes[form], domain: 'PlatformAccountServer', details: { info: expect.any(String) } },
        });
        expect(await versionOf(user)).toBe(2);
        expect(sandbox.directory.get(user)?.businessTypes).toEqual([]);
        expect(sandbox.ledger.putsOf(user)).toEqual({ sent: 1, applied: 0, conflicts: 1 });
        expect((await ask('PUT', `/users/${user}`, buyer(2))).status).toBe(200);
      });
    }
  }

  test('differs from a login that is taken, which is 409 with another code', async () => {
    const taken = await ask('PUT', `/users/${user}`, { version: 1, login: 'ADA.ADMIN' });
    expect([taken.status, field(taken.json, 'error', 'code')]).toEqual([409, 409]);
    sandbox.switches.set({ loginCase: 'sensitive' });
    expect((await ask('PUT', `/users/${user}`, { version: 1, login: 'ADA.ADMIN' })).status).toBe(200);
  });
});

describe('a PUT', () => {
  test('keeps what it does not name, replaces lists whole and merges the contact', async () => {
    const before = (await ask('GET', `/users/${user}`)).json;
    const reply = await ask('PUT', `/users/${user}`, {
      version: 1,
      notifications: ['quota'],
      contact: { city: 'Anytown' },
    });
    expect(reply.json).toMatchObject({
      notifications: ['quota'],
      contact: { city: 'Anytown', lastname: 'Rivers', email: 'sam.rivers@example.com' },
      login: field(before, 'login'),
      version: 2,
    });
    const emptied = await ask('PUT', `/users/${sandbox.cast.buyer}`, { version: 2, business_types: [] });
    expect(field(emptied.json, 'business_types')).toEqual([]);
  });

  test('keeps a type the user has already, and refuses one that is new and unknown', async () => {
    sandbox.console.setTypes(user, ['legacy']);
    expect((await ask('PUT', `/users/${user}`, { version: 2, business_types: ['reseller'] })).status).toBe(400);
    const both = await ask('PUT', `/users/${user}`, { version: 2, business_types: ['legacy', 'buyer'] });
    expect(field(both.json, 'business_types')).toEqual(['legacy', 'buyer']);
  });

  test('that changes nothing moves the revision on, or does not, as switched', async () => {
    await ask('PUT', `/users/${user}`, buyer(1));
    expect(field((await ask('PUT', `/users/${user}`, buyer(2))).json, 'version')).toBe(3);
    sandbox.switches.set({ noOpPut: 'keep' });
    expect(field((await ask('PUT', `/users/${user}`, buyer(3))).json, 'version')).toBe(3);
    expect(sandbox.ledger.writesOf(user).map(({ after }) => after)).toEqual([2, 3]);
  });

  test('of the e-mail of an activated user only mails a link: the revision stays', async () => {
    const reply = await ask('PUT', `/users/${user}`, { version: 1, contact: { email: 'sam@example.com' } });
    expect(reply.json).toMatchObject({ version: 1, contact: { email: 'sam.rivers@example.com' } });
  });

  test('makes revisions of milliseconds since 1970 where the switch says so', async () => {
    sandbox.switches.set({ revisions: 'epochMs' });
    const version = field((await ask('PUT', `/users/${user}`, buyer(1))).json, 'version');
    expect(version).toBeGreaterThan(1_500_000_000_000);
    expect(field((await ask('PUT', `/users/${user}`, { version, enabled: false })).json, 'version')).toBeGreaterThan(
      Number(version),
    );
  });

  test('responds without the type in each of the ways that were switched on', async () => {
    sandbox.switches.set({ putTypes: 'ignored' });
    expect((await ask('PUT', `/users/${user}`, buyer(1))).json).toMatchObject({ version: 2, business_types: [] });
    sandbox.switches.set({ putTypes: 'hidden' });
    expect((await ask('PUT', `/users/${user}`, buyer(2))).json).toMatchObject({ version: 3, business_types: [] });
    sandbox.switches.set({ putTypes: 'fieldMissing' });
    expect((await ask('PUT', `/users/${user}`, buyer(3))).json).not.toHaveProperty('business_types');
    expect((await ask('GET', `/users/${user}`)).json).toMatchObject({ business_types: ['buyer'] });
  });

  test('is checked in the documented order: token, media type, JSON, visibility, fields, lock, revision', async () => {
    sandbox.console.setTenant(sandbox.directory.get(user)?.tenant.id ?? '', { locked: true });
    const put = (id: string, body: unknown, headers = {}) => ask('PUT', `/users/${id}`, body, { headers });
    const statuses = [
      (await put('unknown', '{', { authorization: 'Bearer x', 'content-type': 'text/plain' })).status,
      (await put('unknown', '{', { 'content-type': 'text/plain' })).status,
      (await put('unknown', '{')).status,
      (await put('unknown', '{}')).status,
      (await put(user, '{"version":"7"}')).status,
      (await put(user, buyer(7))).status,
    ];
    expect(statuses).toEqual([401, 415, 400, 404, 400, 403]);
    sandbox.console.setTenant(sandbox.directory.get(user)?.tenant.id ?? '', { locked: false });
    expect((await put(user, buyer(7))).status).toBe(409);
    expect(sandbox.ledger.writesOf(user)).toEqual([]);
  });

  test.each([
    ['an unknown field', { version: 1, business_type: ['buyer'] }],
    ['no revision', { business_types: ['buyer'] }],
    ['a revision as text', { version: '1' }],
    ['a type that is not a text', { version: 1, business_types: [1] }],
    ['a read-only field of the contact', { version: 1, contact: { id: '1', firstname: 'A' } }],
    ['a prototype key', '{"version":1,"__proto__":{"enabled":false}}'],
    ['a list instead of an object', '[]'],
  ])('with %s is refused with 400 and changes nothing', async (_, body) => {
    const reply = await ask('PUT', `/users/${user}`, body);
    expect([reply.status, field(reply.json, 'error', 'code')]).toEqual([400, 400]);
    expect(await versionOf(user)).toBe(1);
  });

  test('of business_types is refused in strict OpenAPI mode, and a body over the limit always', async () => {
    sandbox.switches.set({ strictOpenApi: true });
    expect((await ask('PUT', `/users/${user}`, buyer(1))).status).toBe(400);
    expect((await ask('PUT', `/users/${user}`, { version: 1, enabled: false })).status).toBe(200);
    expect((await ask('PUT', `/users/${user}`, ' '.repeat(1024 * 1024 + 1))).status).toBe(413);
  });
});
