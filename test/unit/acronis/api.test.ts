import { describe, expect, test } from 'vitest';
import { createApi } from '../../../src/acronis/api.ts';
import type { ApiRequest } from '../../../src/acronis/http/http.ts';
import { createRateLimiter } from '../../../src/acronis/limits/rate-limiter.ts';
import { failure } from '../../support/failure.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { quietAcronisMetrics } from '../../support/quiet.ts';
import { always } from '../../support/signal.ts';
import { acronisFailure, id, network, refused, tenant, url, wireUser } from './support.ts';

/** The API over a network whose responses a test gives; tokens are `token-1`, `token-2`, … */
function setup(response: (request: ApiRequest, count: number) => unknown) {
  const clock = new ManualClock();
  const { send, sent } = network(response);
  const counted: string[] = [];
  const dropped: string[] = [];
  let tokens = 1;
  const api = createApi({
    url,
    clientId: 'client/1',
    send,
    tokens: {
      get: async () => `token-${tokens}`,
      accepted: () => {},
      refused: (token) => {
        dropped.push(token);
        tokens++;
        return true;
      },
    },
    limiter: createRateLimiter({ limits: () => ({ concurrency: 8, rate: 0 }), clock, random: () => 0 }),
    clock,
    metrics: {
      ...quietAcronisMetrics,
      requested: (operation, outcome) => void counted.push(`${operation} ${outcome}`),
    },
  });
  return { api, sent, counted, dropped };
}

const notTheApis = { kind: 'unavailable', causeId: expect.stringMatching(/^other-(json|user)$/) };

describe('reading one user', () => {
  test('asks for the id with the token', async () => {
    const { api, sent, counted } = setup(() => wireUser(1, { version: 3 }));
    expect(await api.getUser(id(1), always())).toMatchObject({ kind: 'seen', user: { id: id(1), version: 3 } });
    expect(sent).toEqual([
      { method: 'GET', url: `${url}/users/${id(1)}?allow_deleted=true`, headers: { authorization: 'Bearer token-1' } },
    ]);
    expect(counted).toEqual(['get_user ok']);
  });

  test('a 404 of the API says that the user is not visible, and not that it is gone', async () => {
    const { api } = setup(() => {
      throw refused('notFound', { status: 404 });
    });
    expect(await api.getUser(id(1), always())).toEqual({ kind: 'notVisible' });
  });

  test('a user is gone where the API shows when it was deleted', async () => {
    const { api } = setup(() => wireUser(1, { deleted_at: '2026-01-02T03:04:05.123456' }));
    expect(await api.getUser(id(1), always())).toEqual({ kind: 'gone' });
  });

  test.each([
    ['a revision that is text', { version: '3' }, 'version is text of another form'],
    ['a revision that is null', { version: null }, 'version is null'],
    ['no revision', { version: undefined }, 'version is missing'],
    ['a revision with a fraction', { version: 3.5 }, 'version is not a whole number'],
    ['a revision beyond 64 bits', { version: 1e30 }, 'version is beyond 64 bits'],
    ['types that are not texts', { business_types: [null] }, 'business_types is a list of another form'],
  ])('%s is said by the name of the field and its form', async (_, fields, problem) => {
    const { api } = setup(() => wireUser(1, fields));
    const error = await acronisFailure(api.getUser(id(1), always()));
    expect(error).toMatchObject({ kind: 'unavailable', scope: 'user' });
    expect(error.message).toMatch(
      `eu2-cloud.acronis.com responded with a user that is not of the API's form: ${problem}. See whether`,
    );
  });

  test.each([
    '',
    '.',
    '..',
    '../tenants',
    'me',
    'check_login',
    `${id(1)}/access_policies`,
    `${id(1)}?allow_deleted=true`,
  ])('finds no user under what is no id, and sends nothing: %j', async (text) => {
    const { api, sent } = setup(() => wireUser(1));
    expect(await api.getUser(text, always())).toEqual({ kind: 'notVisible' });
    const put = api.putBusinessTypes(text, { businessTypes: [], version: 1 }, always(), () => {});
    expect((await acronisFailure(put)).kind).toBe('notFound');
    expect(sent).toEqual([]);
  });

  test('takes an id in upper case for the same user', async () => {
    const { api } = setup(() => wireUser(0xab));
    expect(await api.getUser(id(0xab).toUpperCase(), always())).toMatchObject({ user: { id: id(0xab) } });
  });

  test.each([
    ['another user, as a cache on the way may send', wireUser(2)],
    ['null', null],
    ['a list', [wireUser(1)]],
    ['an empty object', {}],
    ['a page of users', { items: [wireUser(1)] }],
    ['a revision that no number holds', wireUser(1, { version: 2 ** 53 })],
  ])('does not believe %s', async (_, body) => {
    const { api } = setup(() => body);
    expect(await acronisFailure(api.getUser(id(1), always()))).toMatchObject({
      kind: 'unavailable',
      scope: 'user',
      outcomeUnknown: true,
    });
  });
});

describe('reading many users', () => {
  test('asks for the ids at full detail', async () => {
    const { api, sent } = setup(() => ({ items: [wireUser(1), wireUser(2)] }));
    expect([...(await api.getUsers([id(1), id(2)], always())).keys()]).toEqual([id(1), id(2)]);
    expect(sent[0]?.url).toBe(
      `${url}/users?uuids=${id(1)},${id(2)}&lod=full&with_access_policies=true&allow_deleted=true`,
    );
  });

  test('by external ids asks for those who are there, at full detail, and encodes each id', async () => {
    const { api, sent } = setup(() => ({ items: [wireUser(1, { external_id: 'a/ä&b' })] }));
    const users = await api.getUsersByExternalId(tenant, ['a/ä&b', 'c d'], always());
    expect(users.map((each) => each.externalId)).toEqual(['a/ä&b']);
    expect(sent[0]?.url).toBe(
      `${url}/users?external_ids=a%2F%C3%A4%26b,c%20d&tenant_id=${tenant}&lod=full&with_access_policies=true`,
    );
  });

  test('by external ids reads on where the list goes on: a second user with the id may be on the next page', async () => {
    const { api, sent } = setup((_, count) =>
      count === 1
        ? { items: [wireUser(1, { external_id: 'a' })], paging: { cursors: { after: 'x+/=' } } }
        : { items: [wireUser(2, { external_id: 'a' })], paging: { cursors: {} } },
    );
    const users = await api.getUsersByExternalId(tenant, ['a'], always());
    expect(users.map((each) => each.id)).toEqual([id(1), id(2)]);
    expect(sent[1]?.url).toBe(`${url}/users?after=x%2B%2F%3D`);
  });

  test.each([
    ['comes again', () => 'x'],
    ['never ends', (count: number) => `x-${count}`],
    ['is no text', () => 5],
  ])('by external ids does not believe a list whose cursor %s', async (_, cursor) => {
    const { api, sent } = setup((_request, count) => ({
      items: [wireUser(count, { external_id: 'a' })],
      paging: { cursors: { after: cursor(count) } },
    }));
    const error = await acronisFailure(api.getUsersByExternalId(tenant, ['a'], always()));
    expect(error).toMatchObject({ kind: 'unavailable', scope: 'user' });
    expect(sent.length).toBeLessThanOrEqual(20);
  });

  test('by external ids does not believe a list with something that is no user: it may be one of them', async () => {
    const { api } = setup(() => ({ items: [wireUser(1, { external_id: 'a' }), wireUser(2, { version: null })] }));
    const error = await acronisFailure(api.getUsersByExternalId(tenant, ['a'], always()));
    expect(error).toMatchObject({ kind: 'unavailable', scope: 'user' });
    expect(error.message).toContain('version is null');
  });

  test('leaves out what is no id, so that it cannot spoil the others', async () => {
    const { api, sent } = setup(() => ({ items: [wireUser(1)] }));
    await api.getUsers(['..', id(1), `${id(2)}&x=`], always());
    expect(sent[0]?.url).toBe(`${url}/users?uuids=${id(1)}&lod=full&with_access_policies=true&allow_deleted=true`);
    expect(await api.getUsers(['..'], always())).toEqual(new Map());
    expect(sent).toHaveLength(1);
  });

  test.each([null, [], {}, wireUser(1), { items: 'x' }])('does not believe %j', async (body) => {
    const { api } = setup(() => body);
    expect(await acronisFailure(api.getUsers([id(1)], always()))).toMatchObject(notTheApis);
  });
});

describe('writing the business types', () => {
  const change = { businessTypes: ['vip', 'buyer'], version: 1_559_561_146_223 };

  test('sends exactly the list and the revision', async () => {
    const { api, sent, counted } = setup(() => wireUser(1, { version: 9, business_types: ['vip', 'buyer'] }));
    const extra = { ...change, login: 'johndoe', deletedAt: 5 };
    expect(await api.putBusinessTypes(id(1), extra, always(), () => {})).toMatchObject({ version: 9 });
    expect(sent).toEqual([
      {
        method: 'PUT',
        url: `${url}/users/${id(1)}`,
        headers: { authorization: 'Bearer token-1', 'content-type': 'application/json' },
        body: '{"business_types":["vip","buyer"],"version":1559561146223}',
        onSent: expect.any(Function),
      },
    ]);
    expect(counted).toEqual(['put_user ok']);
  });

  test('sends a revision of 64 bits digit by digit', async () => {
    const { api, sent } = setup(() => wireUser(1));
    const largest = { businessTypes: ['buyer'], version: 9_223_372_036_854_775_807n };
    await api.putBusinessTypes(id(1), largest, always(), () => {});
    expect(sent[0]?.body).toBe('{"business_types":["buyer"],"version":9223372036854775807}');
  });

  test('whose response is another user may have been applied', async () => {
    const { api } = setup(() => wireUser(2));
    const error = await acronisFailure(api.putBusinessTypes(id(1), change, always(), () => {}));
    expect(error).toMatchObject({ ...notTheApis, outcomeUnknown: true, scope: 'user' });
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['nothing of a user', { ok: true }],
    ['types that are no texts', wireUser(1, { business_types: [null] })],
  ])('that is answered 2xx with %s is for the caller to read back', async (_, body) => {
    const { api } = setup(() => body);
    expect(await api.putBusinessTypes(id(1), change, always(), () => {})).toBeUndefined();
  });

  test('is not sent again after anything but a refused token', async () => {
    for (const kind of ['unavailable', 'throttled', 'forbidden', 'notFound', 'conflict', 'rejected'] as const) {
      const error = refused(kind, { outcomeUnknown: kind === 'unavailable' });
      const { api, sent } = setup(() => {
        throw error;
      });
      const seen = await acronisFailure(api.putBusinessTypes(id(1), change, always(), () => {}));
      expect([seen.kind, seen.outcomeUnknown, sent.length]).toEqual([kind, error.outcomeUnknown, 1]);
    }
  });
});

describe('a refused token', () => {
  test('is dropped, and the same request is sent once more with a new one', async () => {
    const { api, sent, counted, dropped } = setup((_, count) => {
      if (count === 1) throw refused('credentials', { status: 401 });
      return wireUser(1);
    });
    await api.putBusinessTypes(id(1), { businessTypes: ['buyer'], version: 1 }, always(), () => {});
    expect(dropped).toEqual(['token-1']);
    expect(sent.map((each) => each.headers['authorization'])).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(sent[0]?.body).toBe(sent[1]?.body);
    expect(counted).toEqual(['put_user credentials', 'put_user ok']);
  });

  test('with a 403 too: a right may have been granted since it was issued', async () => {
    const { api, sent, dropped } = setup((_, count) => {
      if (count === 1) throw refused('forbidden', { status: 403 });
      return wireUser(1);
    });
    expect(await api.getUser(id(1), always())).toMatchObject({ kind: 'seen' });
    expect([dropped, sent.length]).toEqual([['token-1'], 2]);
  });

  test('by a page in front of the API sends no write again: whether it was applied is for a read to show', async () => {
    const { api, sent, dropped } = setup(() => {
      throw refused('unavailable', { status: 401, outcomeUnknown: true });
    });
    const change = { businessTypes: ['buyer'], version: 1 };
    expect((await acronisFailure(api.putBusinessTypes(id(1), change, always(), () => {}))).kind).toBe('unavailable');
    expect([dropped, sent.length]).toEqual([['token-1'], 1]);
  });

  test('twice is the end: the error comes through', async () => {
    const { api, sent } = setup(() => {
      throw refused('credentials', { status: 401 });
    });
    expect((await acronisFailure(api.getUser(id(1), always()))).kind).toBe('credentials');
    expect(sent).toHaveLength(2);
  });

  test('and then another failure: that one comes through', async () => {
    const { api, sent } = setup((_, count) => {
      throw refused(count === 1 ? 'credentials' : 'forbidden', { status: count === 1 ? 401 : 403 });
    });
    expect((await acronisFailure(api.getUser(id(1), always()))).kind).toBe('forbidden');
    expect(sent).toHaveLength(2);
  });
});

describe('search', () => {
  test('encodes what it is given, and says whether it saw everything', async () => {
    const hit = { obj_type: 'user', id: id(1), login: 'a&b=c/../#', parent_id: tenant };
    const { api, sent } = setup((_, count) => ({ items: Array.from({ length: count === 1 ? 299 : 300 }, () => hit) }));
    expect((await api.search(tenant, 'a&b=c/../#é', always())).complete).toBe(true);
    expect((await api.search(tenant, 'x', always())).complete).toBe(false);
    expect(sent[0]?.url).toBe(`${url}/search?tenant=${tenant}&text=a%26b%3Dc%2F..%2F%23%C3%A9&limit=300`);
    expect(new URL(sent[0]?.url ?? '').searchParams.get('text')).toBe('a&b=c/../#é');
  });

  test.each([null, {}, [], { items: [{ obj_type: 'user' }] }])('does not believe %j', async (body) => {
    const { api } = setup(() => body);
    expect(await acronisFailure(api.search(tenant, 'abc', always()))).toMatchObject(notTheApis);
  });
});

describe('the root tenant', () => {
  test("is the API client's own", async () => {
    const { api, sent } = setup(() => ({ type: 'api_client', tenant_id: tenant.toUpperCase() }));
    expect(await api.getRootTenant(always())).toBe(tenant);
    expect(sent[0]?.url).toBe(`${url}/clients/client%2F1`);
  });

  test.each([null, {}, { tenant_id: null }, { tenant_id: '../x' }])('does not believe %j', async (body) => {
    const { api } = setup(() => body);
    expect(await acronisFailure(api.getRootTenant(always()))).toMatchObject(notTheApis);
  });
});

describe('changes', () => {
  test('are asked for by filter, then by the cursor alone, both encoded', async () => {
    const { api, sent } = setup(() => ({ items: [wireUser(1)], paging: { cursors: { after: 'A+/=&x=1' } } }));
    const first = await api.getChanges({ root: tenant, since: '2026-01-02T03:04:05.000Z' }, always());
    await api.getChanges({ after: first.after ?? '' }, always());
    expect(sent.map((each) => each.url)).toEqual([
      `${url}/users?subtree_root_tenant_id=${tenant}&updated_since=2026-01-02T03%3A04%3A05.000Z&lod=stamps&allow_deleted=true&with_access_policies=true`,
      `${url}/users?after=A%2B%2F%3D%26x%3D1`,
    ]);
  });
});

describe('where tenants stand', () => {
  test('is asked for a hundred tenants a read, and of each what branding follows from', async () => {
    const { api, sent } = setup(() => ({
      items: [{ id: tenant, parent_id: id(7), brand_enabled: false, name: 'Foo' }, { id: id(8) }, { id: '..' }, null],
    }));
    expect(await api.getTenants([tenant, '../x', id(8)], always())).toEqual([
      { id: tenant, parentId: id(7), hasOwnBrand: false },
      { id: id(8), parentId: undefined, hasOwnBrand: undefined },
    ]);
    expect(sent[0]?.url).toBe(`${url}/tenants?uuids=${tenant},${id(8)}`);
  });
});

describe('the Buy URL in force', () => {
  test.each([
    ['with a Buy URL', { upsell_url: 'https://buy.example.com', smtp_password: 'x' }, true],
    ['with an empty one', { upsell_url: '' }, false],
    ['with none', { upsell_url: null }, false],
    ['without the field', { company_name: 'Foo' }, false],
    ['that is an empty object', {}, false],
    ['that has no body (204)', undefined, false],
  ])('of a branding %s', async (_, body, has) => {
    const { api, sent } = setup(() => body);
    expect(await api.hasBuyUrl(tenant, always())).toBe(has);
    expect(sent.map((each) => each.url)).toEqual([`${url}/tenants/${tenant}/brand?effective=1`]);
  });

  test('is not shown where there is no branding (404)', async () => {
    const { api } = setup(() => {
      throw refused('notFound', { status: 404 });
    });
    expect(await api.hasBuyUrl(tenant, always())).toBeUndefined();
  });

  test.each([null, [], 'x', { upsell_url: 7 }, { message: 'maintenance', id: '1' }])(
    'is not believed of %j',
    async (body) => {
      const { api } = setup(() => body);
      expect(await acronisFailure(api.hasBuyUrl(tenant, always()))).toMatchObject(notTheApis);
    },
  );

  test('is asked for no other id than a tenant can have', async () => {
    const { api, sent } = setup(() => ({}));
    expect(await api.hasBuyUrl('../users', always())).toBeUndefined();
    expect(sent).toEqual([]);
  });
});

test('an aborted call ends with the reason of the signal and is counted as aborted', async () => {
  const reason = new Error('enough');
  const abort = new AbortController();
  const { api, counted } = setup(() => {
    abort.abort(reason);
    throw reason;
  });
  expect(await failure(api.getUser(id(1), abort.signal))).toBe(reason);
  expect(counted).toEqual(['get_user aborted']);
});

describe('the tenant above another', () => {
  test.each([
    ['is its parent', { id: id(7), parent_id: id(8) }, id(8)],
    ['is none for the root of all', { id: id(7), parent_id: null }, undefined],
  ])('%s', async (_, body, parent) => {
    const { api, sent } = setup(() => body);
    expect(await api.getTenantParent(id(7), always())).toBe(parent);
    expect(sent[0]?.url).toBe(`${url}/tenants/${id(7)}`);
  });

  test('is none where the tenant is not shown', async () => {
    const { api } = setup(() => {
      throw refused('notFound', { status: 404 });
    });
    expect(await api.getTenantParent(id(7), always())).toBeUndefined();
  });

  test('is not known where the tenant may not be read, which says nothing of other tenants', async () => {
    const { api } = setup(() => {
      throw refused('forbidden', { status: 403 });
    });
    const error = await acronisFailure(api.getTenantParent(id(7), always()));
    expect(error).toMatchObject({ kind: 'forbidden', scope: 'user' });
  });

  test.each([
    ['another tenant', { id: id(9), parent_id: id(8) }],
    ['something else', { items: [] }],
  ])('is not taken from %s', async (_, body) => {
    const { api } = setup(() => body);
    await expect(api.getTenantParent(id(7), always())).rejects.toMatchObject(notTheApis);
  });

  test('is not asked for what is no id', async () => {
    const { api, sent } = setup(() => ({}));
    expect(await api.getTenantParent('../users', always())).toBeUndefined();
    expect(sent).toEqual([]);
  });
});
