import { beforeEach, describe, expect, test } from 'vitest';
import { startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { field, items, signIn } from './ask.ts';
import { ask, sandbox, shareSandbox } from './shared-sandbox.ts';

let user: string;
shareSandbox();
beforeEach(() => {
  user = sandbox.cast.samRivers;
});

const get = (init?: RequestInit) => ask('GET', `/users/${user}`, undefined, init);
const put = (version: number, init?: RequestInit) =>
  ask('PUT', `/users/${user}`, { business_types: ['buyer'], version }, init);
const revision = () => sandbox.directory.get(user)?.version;

describe('a fault', () => {
  test('meets only its routes, users and clients, lets the first ones pass, and is gone after its times', async () => {
    sandbox.faults.add({ kind: 'status', status: 500, routes: ['getUser'], id: user, skip: 1, times: 2 });
    expect((await ask('GET', `/users/${sandbox.cast.buyer}`)).status).toBe(200);
    expect((await ask('GET', `/users?uuids=${user}`)).status).toBe(200);
    const statuses = [(await get()).status, (await get()).status, (await get()).status, (await get()).status];
    expect(statuses).toEqual([200, 500, 500, 200]);
    expect(sandbox.faults.list()).toEqual([]);
    sandbox.faults.add({ kind: 'status', status: 500, client: sandbox.clients.other.id });
    expect((await get()).status).toBe(200);
  });

  test('of a user that requests name strikes batches with this user too, and no others', async () => {
    const { buyer, companyAdmin } = sandbox.cast;
    sandbox.faults.add({ kind: 'status', status: 500, names: user });
    expect((await get()).status).toBe(500);
    expect((await ask('GET', `/users?uuids=${buyer},${user}`)).status).toBe(500);
    expect((await ask('GET', `/users?uuids=${buyer},${companyAdmin}`)).status).toBe(200);
    expect((await ask('GET', `/users/${buyer}`)).status).toBe(200);
  });

  test('with a probability strikes about that share, and the same ones for the same seed', async () => {
    const strikes = async () => {
      const one = await startSandbox({ seed: 7 });
      try {
        const asks = await signIn(one);
        one.faults.add({ kind: 'status', status: 503, probability: 0.5, routes: ['getClient'] });
        const statuses: number[] = [];
        for (let i = 0; i < 40; i++) statuses.push((await asks('GET', `/clients/${one.clientId}`)).status);
        return statuses;
      } finally {
        await one.stop();
      }
    };
    const first = await strikes();
    expect(new Set(first)).toEqual(new Set([200, 503]));
    expect(await strikes()).toEqual(first);
  });

  test.each(['html', 'text', 'empty', 'flat', 'bare', 'envelope'] as const)(
    'of status 502 can have a body of %s',
    async (body) => {
      sandbox.faults.add({ kind: 'status', status: 502, body, code: 'badGateway' });
      const { status, headers, text } = await get();
      expect(status).toBe(502);
      if (body === 'html') expect(headers.get('content-type')).toBe('text/html');
      expect(text === '').toBe(body === 'empty');
      expect(text.includes('badGateway')).toBe(['flat', 'bare', 'envelope'].includes(body));
    },
  );

  test('can say Retry-After in seconds and as a date', async () => {
    sandbox.faults.add({ kind: 'status', status: 429, retryAfter: 3, times: 1 });
    expect((await get()).headers.get('retry-after')).toBe('3');
    sandbox.faults.add({ kind: 'status', status: 503, retryAfter: 30, retryAfterForm: 'date' });
    const date = (await get()).headers.get('retry-after') ?? '';
    expect(date).toMatch(/GMT$/);
    expect(Date.parse(date)).toBeGreaterThan(Date.now() + 28_000);
  });

  test('of latency makes a response slow, and goes together with another', async () => {
    sandbox.faults.add({ kind: 'latency', ms: 40, times: 1 });
    sandbox.faults.add({ kind: 'status', status: 500, times: 1 });
    expect((await get()).status).toBe(500);
    const last = sandbox.ledger.requests.all().at(-1);
    expect(last?.ms).toBeGreaterThan(35);
    expect(last?.faults).toEqual(['latency', 'status']);
  });

  test('cuts the connection before the change is applied, or after', async () => {
    sandbox.faults.add({ kind: 'cut', routes: ['putUser'], times: 1 });
    await expect(put(1)).rejects.toThrow('fetch failed');
    expect(revision()).toBe(1);
    sandbox.faults.add({ kind: 'cut', routes: ['putUser'], moment: 'after', times: 1 });
    await expect(put(1)).rejects.toThrow('fetch failed');
    expect(revision()).toBe(2);
    expect(sandbox.ledger.putsOf(user)).toEqual({ sent: 1, applied: 1, conflicts: 0 });
    expect(sandbox.ledger.count('putUser', 0)).toBe(2);
    sandbox.faults.add({ kind: 'cut', moment: 'midBody', times: 1 });
    await expect(get()).rejects.toThrow('terminated');
  });

  test('applies a change and then responds with 503', async () => {
    sandbox.faults.add({ kind: 'status', status: 503, moment: 'after', routes: ['putUser'] });
    expect((await put(1)).status).toBe(503);
    expect(revision()).toBe(2);
  });

  test.each(['before', 'after', 'midBody'] as const)('leaves a request hanging for ever, %s', async (moment) => {
    sandbox.faults.add({ kind: 'hang', moment, times: 1 });
    const giveUp = new AbortController();
    const asked = put(1, { signal: giveUp.signal });
    await expect.poll(() => sandbox.ledger.count('putUser', 0)).toBe(1);
    expect(sandbox.ledger.stats().inFlight).toBe(1);
    giveUp.abort();
    await expect(asked).rejects.toThrow('aborted');
    expect(revision()).toBe(moment === 'before' ? 1 : 2);
    await expect.poll(() => sandbox.ledger.stats().inFlight).toBe(0);
  });

  test('responds with 200 and garbage', async () => {
    const texts: string[] = [];
    for (const form of ['html', 'truncated', 'text', 'empty', 'null', 'otherJson'] as const) {
      sandbox.faults.add({ kind: 'garbage', form, times: 1 });
      const { status, text, json } = await get();
      expect(status).toBe(200);
      expect(field(json, 'id')).toBeUndefined();
      texts.push(text.slice(0, 6));
    }
    expect(texts).toEqual(['<html>', '{"acti', 'OK', '', 'null', '{"item']);
  });

  test('responds with what is right, in a body of 12 MB, or under a wrong content type', async () => {
    sandbox.faults.add({ kind: 'huge', bytes: 12_000_000, times: 1 });
    const { text, json } = await get();
    expect(text.length).toBeGreaterThan(12_000_000);
    expect(field(json, 'id')).toBe(user);
    sandbox.faults.add({ kind: 'contentType', value: 'application/xml', times: 1 });
    const odd = await get();
    expect([odd.headers.get('content-type'), field(odd.json, 'id')]).toEqual(['application/xml', user]);
  });

  test('redirects elsewhere without doing anything', async () => {
    sandbox.faults.add({ kind: 'redirect', location: 'https://elsewhere.example.com/', times: 1 });
    const { status, headers } = await put(1);
    expect([status, headers.get('location'), revision()]).toEqual([307, 'https://elsewhere.example.com/', 1]);
  });

  test('lets another writer in between the read and the PUT, which is refused then and loses nothing', async () => {
    sandbox.faults.add({
      kind: 'otherWriter',
      routes: ['putUser'],
      businessTypes: ['legacy'],
      language: 'de',
      times: 1,
    });
    expect((await put(1)).status).toBe(409);
    expect((await get()).json).toMatchObject({ version: 2, business_types: ['legacy'], language: 'de' });
    expect(sandbox.ledger.writesOf(user)).toMatchObject([{ by: 'otherWriter', before: 1, after: 2 }]);
  });

  test('ends all tokens in the middle of the work, or finds the right secret wrong', async () => {
    sandbox.faults.add({ kind: 'revokeTokens', routes: ['putUser'], times: 1 });
    expect((await put(1)).status).toBe(401);
    expect((await get()).status).toBe(401);
    sandbox.faults.add({ kind: 'wrongSecret', routes: ['token'], times: 1 });
    expect(await (await signIn(sandbox))('GET', `/users/${user}`)).toMatchObject({ status: 401 });
    expect(await (await signIn(sandbox))('GET', `/users/${user}`)).toMatchObject({ status: 200 });
  });
});

test('a limit of requests a second turns the rest away with Retry-After', async () => {
  sandbox.switches.set({ rateLimit: { perSecond: 5, retryAfterSeconds: 2 } });
  const replies = await Promise.all(Array.from({ length: 20 }, () => get()));
  const refused = replies.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThanOrEqual(10);
  expect(new Set(refused.map(({ headers }) => headers.get('retry-after')))).toEqual(new Set(['2']));
});

test('the ledger records who wrote when', async () => {
  await put(1, { headers: { 'user-agent': 'replica-a' } });
  sandbox.console.strip(user);
  const other = await signIn(sandbox);
  await other(
    'PUT',
    `/users/${user}`,
    { business_types: ['buyer'], version: 3 },
    { headers: { 'user-agent': 'replica-b' } },
  );
  const [first, second, third] = sandbox.ledger.writesOf(user);
  expect([first?.by, second?.by, third?.by]).toEqual(['put', 'console', 'put']);
  expect([first?.userAgent, third?.userAgent]).toEqual(['replica-a', 'replica-b']);
  expect(third?.token).toBe((first?.token ?? 0) + 1);
  expect(third?.at).toBeGreaterThanOrEqual(first?.at ?? Number.POSITIVE_INFINITY);
  expect(sandbox.ledger.putsOf(user)).toEqual({ sent: 2, applied: 2, conflicts: 0 });
  expect(sandbox.ledger.stats()).toMatchObject({ putsApplied: 2, usersPutMoreThanOnce: 1, inFlight: 0 });
  const written = JSON.stringify([sandbox.ledger.requests.all(), sandbox.ledger.writes.all()]);
  expect(written).not.toContain(sandbox.clientSecret);
  expect(written).not.toContain('eyJ');
  expect(items({ items: sandbox.ledger.requests.all() })).toHaveLength(4);
});
