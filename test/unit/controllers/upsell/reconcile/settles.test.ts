/** Writes and conditions that settle: rows D11, D12 and D15 of the faults that were found, and the codes that a PUT can be refused with. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createReconcile } from '../../../../../src/controllers/upsell/reconcile/reconcile.ts';
import { judgeOf } from '../../../../../src/controllers/upsell/triggers/settled.ts';
import { KubernetesError } from '../../../../../src/kubernetes/calls/errors.ts';
import type { Result } from '../../../../../src/runtime/controller/controller.ts';
import { answered, type FakeUser, lost, page, tenantId, userId } from '../fake-acronis.ts';
import { createWorld, ownValues, type World } from '../world.ts';

let world: World;
let user: FakeUser;
let key: string;
beforeEach(() => {
  world = createWorld();
  user = world.acronis.add({ id: userId });
  key = world.cluster.create({ userID: userId });
});

const stalled = () => world.cluster.status(key).conditions?.find(({ type }) => type === 'Stalled')?.status;

/** Reconciles as often as a queue would, and at least every second, as a busy feed or an impatient person would. */
async function serve(ms: number, everyMs = 1_000): Promise<void> {
  const end = world.clock.now() + ms;
  while (world.clock.now() < end) {
    await world.reconcile(key);
    await world.clock.advance(everyMs);
  }
}

describe('a write that is refused', () => {
  const codes = [1000, 1003, 1009, 1011, 1012, 1018, 1037];
  const texts = codes.map(String);
  const bodies = [...codes, ...texts, 4711, 'x', null]
    .map((code): unknown => ({ error: { code } }))
    .concat({ error: {} }, { code: 1012 }, {}, undefined);
  const cases = [400, 403, 409].flatMap((status) => bodies.map((body) => [status, body] as const));

  it.each(cases)('with %s %j is sent once more after a fresh read, then slowly', async (status, body) => {
    world.acronis.always('put', () => {
      throw answered(status, body);
    });
    await world.reconcile(key);
    expect(world.acronis.requests).toEqual(['get', 'put', 'get', 'put', 'get']);
    expect(world.cluster.reason(key)).not.toBe('VersionConflict');
    await serve(290_000, 10_000);
    expect(world.acronis.puts).toHaveLength(2);
    await serve(3_600_000, 60_000);
    // A 403 is tried with a new token, too, as often as tokens are renewed for it.
    const perTry = status === 403 ? 2 : 1;
    expect(world.acronis.puts.length).toBeLessThanOrEqual(2 + 5 * perTry);
  });

  it('as a conflict whose revision did not move says so, and is no conflict (D11)', async () => {
    world.acronis.always('put', () => {
      throw answered(409, { error: { code: 409 } });
    });
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('Rejected');
    expect(world.cluster.message(key)).toContain('although the revision that was sent is the current one');
  });

  it.each<[string, () => void]>([
    ['an edit', () => world.cluster.edit(key, { tenantID: user.tenant_id })],
    ['a request for a reconcile', () => world.cluster.annotate(key, { 'upsell.acronis.com/requestedAt': 'now' })],
    ['a change of the user', () => void user.version++],
  ])('leaves again immediately after %s', async (_, change) => {
    world.acronis.always('put', () => {
      throw answered(409, { error: { code: 1018 } });
    });
    await serve(10_000);
    world.acronis.always('put', undefined);
    change();
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  });

  it('on deletion is tried as slowly', async () => {
    world.cluster.edit(key, { deletionPolicy: 'Revoke' });
    await world.reconcile(key);
    world.cluster.delete(key);
    world.acronis.always('put', () => {
      throw answered(403, { error: { code: 1012 } });
    });
    await serve(290_000, 5_000);
    expect(world.acronis.puts).toHaveLength(1 + 2);
    expect(world.cluster.message(key)).toMatch(/^Deletion waits to revoke the types\. .+ Unlock the tenant/);
  });
});

describe('a write that is accepted and ignored (D11)', () => {
  const ignore = () =>
    world.acronis.always('put', () => {
      user.version++;
      return user;
    });

  it('is tried five times, is stalled then, and tried slowly', async () => {
    ignore();
    await serve(300_000);
    expect(world.cluster.reason(key)).toBe('NotApplied');
    expect(stalled()).toBe('True');
    expect(world.acronis.puts.length).toBeLessThanOrEqual(6);
    const [puts, patches] = [world.acronis.puts.length, world.cluster.patches.length];
    await serve(24 * 3_600_000, 600_000);
    expect(world.acronis.puts.length - puts).toBeLessThanOrEqual(100);
    expect(world.cluster.patches.length - patches).toBeLessThanOrEqual(100);
  });

  it('stays stalled over a restart, at the price of one write', async () => {
    ignore();
    await serve(60_000);
    const puts = world.acronis.puts.length;
    await world.finish(createReconcile(world.context)(key, new AbortController().signal));
    expect(stalled()).toBe('True');
    expect(world.acronis.puts.length - puts).toBe(1);
  });

  it('settles as well where every other one is refused', async () => {
    world.acronis.always('put', () => {
      user.version++;
      if (world.acronis.puts.length % 2 === 0) throw answered(400, { error: { code: 1003 } });
      return user;
    });
    await serve(300_000);
    expect(world.acronis.puts.length).toBeLessThanOrEqual(12);
    expect(stalled()).toBe('True');
    const puts = world.acronis.puts.length;
    await serve(3_600_000, 60_000);
    expect(world.acronis.puts.length - puts).toBeLessThanOrEqual(12);
  });

  it('with a 2xx without a user is read back: one that was applied is not sent again', async () => {
    world.acronis.next('put', (apply) => {
      apply();
      return {};
    });
    await world.reconcile(key);
    expect(world.acronis.requests).toEqual(['get', 'put', 'get']);
    expect(world.wrote).toEqual(['assign applied']);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  });

  it.each([
    ['HTTP 500', () => answered(500, { error: { code: 1000 } })],
    ['HTTP 502', () => page(502)],
    ['no response', lost],
  ])('with %s each time, and is never applied, leaves less and less often', async (_, failure) => {
    world.acronis.always('put', () => {
      throw failure();
    });
    await serve(60_000);
    expect(world.acronis.puts.length).toBeLessThanOrEqual(5);
    const patches = world.cluster.patches.length;
    await serve(24 * 3_600_000, 60_000);
    expect(world.acronis.puts.length).toBeLessThanOrEqual(300);
    expect(world.cluster.patches.length).toBe(patches);
    world.acronis.always('put', undefined);
    await serve(300_000, 60_000);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  });

  it('with a page in place of a response leaves at most three times in five minutes', async () => {
    world.acronis.always('put', () => {
      throw page(200);
    });
    await serve(299_000, 5_000);
    expect(world.acronis.puts.length).toBeLessThanOrEqual(3);
    expect(world.cluster.reason(key)).toBe('Unavailable');
  });
});

it('a page that refuses writes with 401 costs no token for each of them', async () => {
  world.acronis.always('put', () => {
    throw page(401);
  });
  await world.clock.advance(300_000);
  for (let each = 10; each < 30; each++) {
    const id = userId.replace(/^../, String(each));
    world.acronis.add({ id });
    await world.reconcile(world.cluster.create({ userID: id }, { name: `user-${each}` }));
  }
  expect(world.acronis.puts).toHaveLength(40);
  expect(world.acronis.tokenRequests.length).toBeLessThanOrEqual(2);
});

it.each([
  'spec.login: Invalid value: "johndoe": spec.login in body should match',
  'admission webhook "policy" denied the request: login johndoe is not welcome',
])('the login is not logged where the API server quotes it: %s', async (words) => {
  const named = world.cluster.create({ login: 'johndoe', tenantID: tenantId }, { name: 'named' });
  const error = new KubernetesError(`patch: 422 Invalid: ${words}`, { status: 422 });
  world.cluster.fail(
    ({ method }) => method === 'PATCH',
    () => error,
  );
  await world.reconcile(named);
  const logged = JSON.stringify(world.log.lines);
  expect(logged).toContain('422 Invalid');
  expect(logged).not.toContain('johndoe');
});

it('the external id is not logged where the API server quotes it', async () => {
  const named = world.cluster.create({ externalID: 'crm-20417', tenantID: tenantId }, { name: 'named' });
  world.cluster.fail(
    ({ method }) => method === 'PATCH',
    () => new KubernetesError('patch: 422 Invalid: crm-20417 is not welcome', { status: 422 }),
  );
  await world.reconcile(named);
  const logged = JSON.stringify(world.log.lines);
  expect(logged).toContain('422 Invalid');
  expect(logged).not.toContain('crm-20417');
});

describe('the audit trail has exactly one line for each write that left (D12)', () => {
  const lines = () => world.log.lines.filter(({ message }) => message === 'wrote to Acronis');

  it('and none for one that only waited when the process was stopped', async () => {
    const stop = new AbortController();
    world.acronis.next('token', () => {
      stop.abort(new Error('stop'));
      throw lost();
    });
    await expect(world.reconcile(key, stop.signal)).rejects.toThrow();
    expect(world.acronis.puts).toEqual([]);
    expect(lines()).toEqual([]);
  });

  it('one for a PUT that was in flight when the process was stopped', async () => {
    const stop = new AbortController();
    world.acronis.next('put', () => {
      stop.abort(new Error('stop'));
      return new Promise(() => {});
    });
    await expect(world.reconcile(key, stop.signal)).rejects.toThrow('stop');
    expect(lines().map(({ fields }) => fields?.['outcome'])).toEqual(['unknown']);
  });

  it('two for a PUT that was sent again with a new token', async () => {
    world.acronis.next('put', () => {
      throw answered(401, { error: { code: 401 } });
    });
    await world.reconcile(key);
    expect(world.wrote).toEqual(['assign credentials', 'assign applied']);
    expect(lines()).toHaveLength(world.acronis.puts.length);
  });
});

describe('one passing failure of a routine reconcile flips nothing (D15)', () => {
  const fail = () =>
    world.acronis.next('get', () => {
      throw answered(502);
    });
  const reports = () => [world.cluster.patches.length, world.events.length];

  it('the object stays Ready, and is tried again soon', async () => {
    await world.reconcile(key);
    const before = reports();
    fail();
    const outcome: Result = await world.reconcile(key);
    expect(outcome.kind).toBe('retry');
    expect(reports()).toEqual(before);
    await world.reconcile(key);
    expect(reports()).toEqual(before);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  });

  it('the second consecutive one is reported', async () => {
    await world.reconcile(key);
    fail();
    await world.reconcile(key);
    fail();
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('Unavailable');
  });

  it('failures with a success between them are not consecutive', async () => {
    await world.reconcile(key);
    for (let times = 0; times < 3; times++) {
      fail();
      await world.reconcile(key);
      await world.reconcile(key);
    }
    expect(world.events.map(({ reason }) => reason)).toEqual(['Assigned']);
  });

  it.each<[string, () => void]>([
    ['an edit', () => world.cluster.edit(key, { tenantID: user.tenant_id })],
    ['a request for a reconcile', () => world.cluster.annotate(key, { 'upsell.acronis.com/requestedAt': 'now' })],
  ])('after %s the first one is reported', async (_, change) => {
    await world.reconcile(key);
    change();
    fail();
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('Unavailable');
  });
});

describe('what another writer sets in the status is put right by the next resync', () => {
  it.each<[string, Record<string, unknown>]>([
    [
      'Stalled',
      {
        conditions: [
          { type: 'Stalled', status: 'True', reason: 'X', message: 'x', lastTransitionTime: '2026-01-02T03:04:05Z' },
        ],
      },
    ],
    ['another message', { message: 'all is lost' }],
    ['a type that the user does not have', { businessTypes: ['buyer', 'seller'] }],
    ['another user as assigned', { assigned: { userID: 'x', tenantID: 'y' } }],
    ['no memory', { assigned: undefined }],
  ])('%s', async (_, { message, conditions, ...fields }) => {
    await world.reconcile(key);
    const right = world.cluster.status(key);
    const judge = judgeOf(world.context);
    expect(judge.isSettled(world.cluster.object(key))).toBe(true);
    const own = right.conditions ?? [];
    const extra = Array.isArray(conditions) ? conditions : [];
    const changed = message === undefined ? own : own.map((each) => ({ ...each, message }));
    world.cluster.setStatus(key, { conditions: [...changed, ...extra], ...fields });
    const object = world.cluster.object(key);
    const seen = {
      id: userId,
      tenantId: user.tenant_id,
      version: user.version,
      businessTypes: user.business_types,
      login: user.login,
      externalId: '',
      isCompanyAdmin: false,
      reach: 'quotaOn',
    } as const;
    const account = world.context.accounts.of({ url: ownValues.url, clientId: '', clientSecret: '' });
    const { signal } = new AbortController();
    const isSettled = judge.isSettled(object) && (await judge.isAsReported(object, seen, account, signal));
    expect(isSettled, 'the verifier leaves it to a reconcile').toBe(false);
    await world.reconcile(key);
    expect(world.cluster.status(key)).toEqual(right);
  });
});
