import { describe, expect, test } from 'vitest';
import type { ApiRequest } from '../../../../src/acronis/http/http.ts';
import { createAccounts } from '../../../../src/fleet/accounts/accounts.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { quietAcronisMetrics } from '../../../support/quiet.ts';
import { always } from '../../../support/signal.ts';
import { acronisFailure, id, network, refused, url, wireUser } from '../../acronis/support.ts';

const one = { url, clientId: 'one', clientSecret: 'canary-secret' };
const two = { url, clientId: 'two', clientSecret: 'canary-secret' };
const clientOf = (request: ApiRequest): string | undefined =>
  /^Bearer (.*)$/.exec(request.headers['authorization'] ?? '')?.[1] ??
  Buffer.from(request.headers['authorization']?.slice(6) ?? '', 'base64')
    .toString()
    .split(':')[0];

/** Accounts whose tokens are the client's id. */
function setup(response: (request: ApiRequest, client: string | undefined) => unknown) {
  const clock = new ManualClock();
  const { send, sent } = network((request) => {
    const client = clientOf(request);
    if (!request.url.endsWith('/idp/token')) return response(request, client);
    if (client === 'refused') throw refused('credentials', { status: 401 });
    return { access_token: client, expires_in: 7200 };
  });
  const accounts = createAccounts({
    writesOf: (port) => port,
    connect: () => ({ send, close: async () => {} }),
    limitsOf: () => ({ concurrency: 8, rate: 0 }),
    clock,
    random: () => 0,
    metrics: quietAcronisMetrics,
    lifetime: always(),
  });
  return { accounts, clock, sent };
}

describe('accounts', () => {
  test('are the same for the same credentials, wherever they came from, and share token and batches', async () => {
    const { accounts, clock, sent } = setup(() => ({ items: [wireUser(1), wireUser(2)] }));
    expect(accounts.of({ ...one })).toBe(accounts.of(one));
    const both = Promise.all([
      accounts.of(one).users.read(id(1), always()),
      accounts.of({ ...one }).users.read(id(2), always()),
    ]);
    await clock.advance(5);
    expect((await both).map((evidence) => evidence.kind === 'seen' && evidence.user.id)).toEqual([id(1), id(2)]);
    expect(sent).toHaveLength(2);
  });

  test('differ by URL, client and secret, and their id reveals none of them', () => {
    const { accounts } = setup(() => ({}));
    const all = [one, two, { ...one, url: 'https://x.acronis.com/api/2' }, { ...one, clientSecret: 'other' }].map(
      accounts.of,
    );
    expect(new Set(all.map((account) => account.id)).size).toBe(4);
    for (const { id: shown } of all) expect(shown).toMatch(/^[0-9a-f]{16}$/);
  });

  test('are throttled each for itself', async () => {
    const { accounts } = setup((_, client) => {
      if (client === 'one') throw refused('throttled', { status: 429, retryAfterMs: 60_000 });
      return wireUser(1);
    });
    await acronisFailure(accounts.of(one).api.getUser(id(1), always()));
    expect((await acronisFailure(accounts.of(one).api.getUser(id(1), always()))).kind).toBe('throttled');
    expect(await accounts.of(two).api.getUser(id(1), always())).toMatchObject({ kind: 'seen', user: { id: id(1) } });
  });

  test('with a refused client do not touch the others', async () => {
    const { accounts } = setup(() => wireUser(1));
    const broken = { ...one, clientId: 'refused' };
    expect((await acronisFailure(accounts.of(broken).api.getUser(id(1), always()))).kind).toBe('credentials');
    expect(await accounts.of(two).api.getUser(id(1), always())).toMatchObject({ kind: 'seen', user: { id: id(1) } });
  });

  test('count how many of them have an open circuit', async () => {
    const { accounts } = setup((_, client) => {
      if (client === 'one') throw refused('unavailable', { status: 503 });
      return wireUser(1);
    });
    for (let n = 1; n <= 5; n++) await acronisFailure(accounts.of(one).api.getUser(id(n), always()));
    await accounts.of(two).api.getUser(id(1), always());
    expect([accounts.size, accounts.openCircuits]).toEqual([2, 1]);
    accounts.keepOnly([two]);
    expect([accounts.size, accounts.openCircuits]).toEqual([1, 0]);
  });

  test("keep serving their other users while one user's calls fail", async () => {
    const { accounts } = setup((request) => {
      if (request.url.includes(`/users/${id(1)}`)) throw refused('unavailable', { status: 500, outcomeUnknown: true });
      return wireUser(2);
    });
    const account = accounts.of(one);
    for (let i = 0; i < 20; i++) await acronisFailure(account.api.getUser(id(1), always()));
    expect(accounts.openCircuits).toBe(0);
    expect(await account.api.getUser(id(2), always())).toMatchObject({ kind: 'seen' });
  });

  test('that are no longer used are forgotten; work in flight with them goes on, and the same one starts afresh', async () => {
    const { accounts, clock, sent } = setup((request) =>
      request.url.includes('uuids=') ? { items: [wireUser(1)] } : wireUser(1),
    );
    const before = accounts.of(one);
    const kept = accounts.of(two);
    const reading = before.users.read(id(1), always());
    accounts.keepOnly([two]);
    await clock.advance(5);
    expect(await reading).toMatchObject({ kind: 'seen', user: { id: id(1) } });
    expect(sent.length).toBeGreaterThan(0);
    expect(accounts.of(two)).toBe(kept);
    expect(accounts.of(one)).not.toBe(before);
    expect(await accounts.of(one).api.getUser(id(1), always())).toMatchObject({ kind: 'seen', user: { id: id(1) } });
  });
});
