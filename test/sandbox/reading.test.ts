import { describe, expect, test } from 'vitest';
import { CHAPTER_TENANT } from '../../sandbox/acronis/seed.ts';
import { field, idsOf, items } from './ask.ts';
import { ask, sandbox, shareSandbox } from './shared-sandbox.ts';

shareSandbox({ users: 400 });

/** Users the partner's client may see. */
const seen = () => sandbox.directory.size - 2; // Not the hermit, not the stranger.

/** Reads a list to its end, and returns its pages. */
async function pages(query: string, most = 100): Promise<unknown[]> {
  const read: unknown[] = [];
  let next = query;
  while (read.length < most) {
    const { status, json } = await ask('GET', `/users?${next}`);
    expect(status).toBe(200);
    read.push(json);
    const after = field(json, 'paging', 'cursors', 'after');
    if (after === undefined) break;
    next = `after=${encodeURIComponent(String(after))}`;
  }
  return read;
}
const subtree = (more = '') => `subtree_root_tenant_id=${CHAPTER_TENANT}${more}`;
const now = () => encodeURIComponent(new Date(Date.now() - 1000).toISOString());

describe('the list of a subtree', () => {
  test('comes in pages by a cursor that carries all filters, each user once', async () => {
    const all = await pages(subtree('&limit=100&lod=basic'));
    const ids = all.flatMap(idsOf);
    expect(all).toHaveLength(Math.ceil(seen() / 100));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(seen());
    const last = items(all.at(-1)).at(-1);
    expect(last).toHaveProperty('login');
    expect(last).not.toHaveProperty('contact');
  });

  test('names exactly the users that changed since, each once, in as many pages as it takes', async () => {
    const since = subtree(`&updated_since=${now()}&limit=2&lod=full`);
    expect((await pages(since)).flatMap(idsOf)).toEqual([]);
    const { samRivers, johnDoe, buyer, disabled, hermit } = sandbox.cast;
    for (const id of [samRivers, johnDoe, buyer, disabled, hermit, samRivers]) sandbox.console.touch(id);
    sandbox.console.setTypes(buyer, []);
    const changed = (await pages(since)).flatMap(items);
    expect(changed.map((item) => field(item, 'id'))).toEqual([johnDoe, disabled, samRivers, buyer]);
    expect(changed.at(-1)).toMatchObject({ business_types: [], version: 4 });
  });

  test('shows deleted users only to those who ask for them', async () => {
    const { samRivers } = sandbox.cast;
    sandbox.console.remove(samRivers);
    const since = subtree(`&updated_since=${now()}`);
    expect((await pages(since)).flatMap(idsOf)).toEqual([]);
    const [page] = await pages(`${since}&allow_deleted=true`);
    expect(items(page)).toMatchObject([{ id: samRivers, deleted_at: expect.any(String) }]);
    expect((await ask('GET', `/users/${samRivers}`)).status).toBe(404);
    expect((await ask('GET', `/users/${samRivers}?allow_deleted=true`)).status).toBe(200);
  });

  test('has roles, and can be narrowed to company administrators: from a partner on its own users alone, or everybody below', async () => {
    const query = subtree('&with_access_policies=true&inside_organization=true&access_policies=company_admin');
    expect((await pages(query)).flatMap(items)).toEqual([]);
    sandbox.switches.set({ insideOrganization: 'subtree' });
    const admins = (await pages(query)).flatMap(items);
    expect(admins.map((item) => field(item, 'id'))).toContain(sandbox.cast.companyAdmin);
    expect(new Set(admins.map((item) => field(item, 'access_policies', 0, 'role_id')))).toEqual(
      new Set(['company_admin']),
    );
  });

  test('lies in each of the ways that were switched on', async () => {
    const changing = [...sandbox.directory.all()].slice(0, 6).map(({ id }) => id);
    const since = subtree(`&updated_since=${now()}&limit=2`);
    for (const id of changing) sandbox.console.setTypes(id, ['buyer']);
    sandbox.switches.set({ feed: 'omits' });
    expect((await pages(since)).flatMap(idsOf)).toHaveLength(3);
    sandbox.switches.set({ feed: 'repeats' });
    expect((await pages(since)).flatMap(idsOf)).toHaveLength(10);
    sandbox.switches.set({ feed: 'loops' });
    const round = await pages(since, 5);
    expect(new Set(round.flatMap(idsOf)).size).toBe(2);
    expect(round).toHaveLength(5);
    sandbox.switches.set({ feed: 'backwards' });
    const [page] = await pages(since, 1);
    expect(Date.parse(`${field(page, 'timestamp')}Z`)).toBeLessThan(Date.now() - 3_500_000);
    expect(items(page)[0]).toMatchObject({ version: 1, business_types: [] });
    sandbox.switches.set({ feed: 'refused' });
    expect((await ask('GET', `/users?${since}`)).status).toBe(400);
  });

  test('speaks by a clock that may be wrong, and understands times by the same clock', async () => {
    sandbox.switches.set({ clockSkewMs: -600_000 });
    sandbox.console.touch(sandbox.cast.buyer);
    const [empty] = await pages(subtree(`&updated_since=${now()}`));
    expect(items(empty)).toEqual([]);
    expect(Date.parse(`${field(empty, 'timestamp')}Z`)).toBeLessThan(Date.now() - 590_000);
    const earlier = encodeURIComponent(new Date(Date.now() - 610_000).toISOString());
    expect((await pages(subtree(`&updated_since=${earlier}`))).flatMap(idsOf)).toEqual([sandbox.cast.buyer]);
  });
});

describe('reading many by id', () => {
  test('returns those it finds and can see, and leaves the others out without a word', async () => {
    const { samRivers, buyer, hermit, stranger } = sandbox.cast;
    const unknown = '00000000-0000-4000-8000-000000000000';
    const { json } = await ask('GET', `/users?uuids=${[samRivers, unknown, hermit, stranger, buyer, buyer].join(',')}`);
    expect(idsOf(json).toSorted()).toEqual([samRivers, buyer].toSorted());
  });

  const id = '00000000-0000-4000-8000-000000000000';
  test.each([
    ['no filter', ''],
    ['more than 100 ids', `uuids=${Array.from({ length: 101 }, () => id).join(',')}`],
    ['an id that is none', `uuids=${id},no-id`],
    ['two filters that exclude each other', `uuids=${id}&subtree_root_tenant_id=${CHAPTER_TENANT}`],
    ['external ids without a tenant', 'external_ids=1'],
    ['a filter of roles outside an organization', `${subtree()}&access_policies=company_admin`],
    ['a level of detail that is none', `uuids=${id}&lod=most`],
    ['a time that is none', `${subtree()}&updated_since=yesterday`],
    ['a limit of nothing', `${subtree()}&limit=0`],
    ['a cursor that is none', 'after=abc'],
    ['a cursor and a filter', `after=abc&lod=full`],
  ])('and lists are refused with 400 and a sentence for %s', async (_, query) => {
    const { status, json } = await ask('GET', `/users?${query}`);
    expect(status).toBe(400);
    expect(json).toMatchObject({
      error: { code: 400, details: { info: expect.stringContaining('ParameterMalformed') } },
    });
  });
});

describe('search', () => {
  const search = (text: string, more = '', tenant = CHAPTER_TENANT) =>
    ask('GET', `/search?tenant=${tenant}&text=${encodeURIComponent(text)}${more}`);
  const logins = async (text: string, more?: string, tenant?: string) =>
    items((await search(text, more, tenant)).json).map((item) => field(item, 'login'));

  test('finds by the beginning of words, in any order, whatever their case', async () => {
    expect(await logins('SAM.RIVERS')).toEqual(['sam.rivers', 'sam.rivers2', 'sam.riverside']);
    expect(await logins('riverside sam')).toEqual(['sam.riverside']);
    expect(await logins('ohndoe')).toEqual([]);
    expect(await logins('johndoe@mysite')).toEqual(['JohnDoe']);
  });

  test('shows what the guide shows of a user, and not the e-mail', async () => {
    const { json } = await search('sam.rivers2');
    const user = sandbox.directory.all().find(({ login }) => login === 'sam.rivers2');
    expect(items(json)).toStrictEqual([
      {
        obj_type: 'user',
        id: user?.id,
        login: 'sam.rivers2',
        parent_id: sandbox.cast.tenants.customers[1],
        first_name: 'Sam',
        last_name: 'Rivers',
        path: ['Partner Inc', 'Region North', 'Customer 2'],
      },
    ]);
  });

  test('finds a login twice where two tenants have it, and once within one of them', async () => {
    expect(await logins('twin')).toEqual(['twin', 'twin']);
    expect(await logins('twin', '', sandbox.cast.tenants.customers[1])).toEqual(['twin']);
  });

  test('skips tenants that manage themselves and what is outside, and finds tenants by name', async () => {
    expect(await logins('harry.hermit')).toEqual([]);
    expect(await logins('stan.stranger')).toEqual([]);
    expect(items((await search('region')).json)).toMatchObject([{ obj_type: 'tenant', kind: 'folder' }]);
  });

  test('returns 10 by default, and never more than 300', async () => {
    expect(await logins('example')).toHaveLength(10);
    expect(await logins('example', '&limit=300')).toHaveLength(300);
    expect((await search('example', '&limit=301')).status).toBe(400);
    expect((await search('example', '&limit=0')).status).toBe(400);
    expect((await search('ab')).status).toBe(400);
    expect((await ask('GET', '/search?text=abcd')).status).toBe(400);
  });

  test('keeps up with what changes', async () => {
    expect(await logins('newcomer')).toEqual([]);
    const { id } = sandbox.console.add({ login: 'newcomer', tenantId: CHAPTER_TENANT });
    expect(await logins('newcomer')).toEqual(['newcomer']);
    await ask('PUT', `/users/${id}`, { version: 1, login: 'renamed' });
    expect(await logins('newcomer')).toEqual(['renamed']); // By its e-mail address, which stays.
    expect(await logins('renamed')).toEqual(['renamed']);
    sandbox.console.remove(id);
    expect(await logins('renamed')).toEqual([]);
  });
});

describe('tenants', () => {
  test('hold the brand in force from above, and not their own', async () => {
    const { tenants } = sandbox.cast;
    const url = async (id = '', effective = 1) => {
      const { json } = await ask('GET', `/tenants/${id}/brand?effective=${effective}`);
      return field(json, 'upsell_url');
    };
    expect(await url(tenants.customers[0])).toBe('https://buy.example.com');
    expect(await url(tenants.unit)).toBe('https://buy.example.com');
    expect(await url(tenants.customers[0], 0)).toBeNull();
    expect(await url(tenants.partner)).toBeNull();
    sandbox.console.setTenant(tenants.partner, { upsellUrl: '' });
    expect(await url(tenants.customers[0])).toBe('');
  });

  test('are listed by id, by parent or as a subtree, and never without a filter', async () => {
    const { tenants } = sandbox.cast;
    const list = async (query: string) => (await ask('GET', `/tenants?${query}`)).json;
    expect(idsOf(await list(`uuids=${tenants.folder},${tenants.otherPartner}`))).toEqual([tenants.folder]);
    expect(idsOf(await list(`parent_id=${tenants.folder}`))).toEqual(tenants.customers.filter((_, i) => i % 2 === 1));
    const whole = idsOf(await list(`subtree_root_id=${tenants.partner}`));
    expect(whole).not.toContain(tenants.selfManaged);
    const first = await list(`subtree_root_id=${tenants.partner}&limit=3`);
    const after = encodeURIComponent(String(field(first, 'paging', 'cursors', 'after')));
    expect([...idsOf(first), ...idsOf(await list(`after=${after}&limit=100`))]).toEqual(whole);
    const refused = await ask('GET', '/tenants');
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('required_without_all');
  });

  test('list the ids of their users, with those of units below if asked', async () => {
    const { tenants, unitUser, companyAdmin } = sandbox.cast;
    const own = items((await ask('GET', `/tenants/${tenants.customers[0]}/users`)).json);
    const all = items((await ask('GET', `/tenants/${tenants.customers[0]}/users?include_grand_children=true`)).json);
    expect(own).toContain(companyAdmin);
    expect(own).not.toContain(unitUser);
    expect(all).toEqual(expect.arrayContaining([...own, unitUser]));
  });
});

test('a login is free, taken or no login', async () => {
  const status = async (login: string) =>
    (await ask('GET', `/users/check_login?username=${encodeURIComponent(login)}`)).status;
  expect([await status('free.login'), await status('johndoe'), await status('with space')]).toEqual([204, 409, 406]);
});

test('paths and methods that do not exist are 404 and 405', async () => {
  expect((await ask('GET', '/nothing')).status).toBe(404);
  expect((await ask('DELETE', '/users/check_login')).status).toBe(405);
  expect((await fetch(`${sandbox.url}/api/2/nothing`)).status).toBe(401);
  expect((await fetch(`${sandbox.url}/elsewhere`)).status).toBe(404);
});
