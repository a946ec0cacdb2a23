/** What can go wrong between a read and a write, seen by the requests that Acronis gets. */
import { beforeEach, describe, expect, it } from 'vitest';
import { slowly, soon, untilItAppears, untilReachable } from '../../../../../src/controllers/upsell/reconcile/retry.ts';
import { answered, type FakeUser, lost, userId } from '../fake-acronis.ts';
import { createWorld, type World } from '../world.ts';

let world: World;
let user: FakeUser;
let key: string;
beforeEach(() => {
  world = createWorld();
  user = world.acronis.add({ id: userId, version: 1 });
  key = world.cluster.create({ userID: userId });
});

/** Another writer changes the user between our read and our write. */
const otherWriter = (change: (user: FakeUser) => void = () => {}) => {
  world.acronis.next('put', (apply) => {
    user.version = Number(user.version) + 10;
    change(user);
    return apply();
  });
};
const bodies = () => world.acronis.puts.map(({ body }) => body);

describe('a revision that is not current any more', () => {
  it.each([
    [409, { error: { code: 1001, message: 'Version mismatch.' } }],
    [409, { error: { code: 409 } }],
    [409, undefined],
    [412, undefined],
    [426, { error: { code: 'x' } }],
    [426, undefined],
    [400, { error: { code: 1001 } }],
    [400, { error: { code: '1001' } }],
    [422, { error: { code: '1001' } }],
  ])('shown by %s %j: the user is read again and the write carries the new revision', async (status, body) => {
    world.acronis.conflict = { status, body };
    otherWriter();
    expect(await world.reconcile(key)).toEqual({ kind: 'done' });
    expect(bodies()).toEqual([
      { business_types: ['buyer'], version: 1 },
      { business_types: ['buyer'], version: 11 },
    ]);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
    expect(world.wrote).toEqual(['assign conflict', 'assign applied']);
  });

  it("loses nothing of the other writer's change", async () => {
    otherWriter((each) => {
      each.business_types = ['seller'];
    });
    await world.reconcile(key);
    expect(user.business_types).toEqual(['seller', 'buyer']);
    expect(world.cluster.status(key)).toMatchObject({ observedVersion: 12, businessTypes: ['seller', 'buyer'] });
  });

  it('is settled without another write where the other writer assigned the type itself', async () => {
    otherWriter((each) => {
      each.business_types = ['buyer'];
    });
    await world.reconcile(key);
    expect(world.acronis.puts).toHaveLength(1);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
    // It was not us.
    expect(world.events.map(({ reason }) => reason)).toEqual(['BuyerAssigned']);
  });

  it('is tried three times, then reported and tried again soon', async () => {
    for (let times = 0; times < 5; times++) otherWriter();
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon });
    expect(world.acronis.puts).toHaveLength(3);
    expect(world.cluster.reason(key)).toBe('VersionConflict');
    expect(user.business_types).toEqual([]);
  });

  it('is reported as it is where the user was deleted meanwhile', async () => {
    world.acronis.next('put', () => {
      world.acronis.delete(userId);
      throw answered(409, undefined);
    });
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: untilItAppears });
    expect(world.cluster.reason(key)).toBe('UserNotFound');
  });
});

describe('a response that was lost', () => {
  it('after the write was applied: it is read, and nothing is sent again', async () => {
    world.acronis.next('put', (apply) => {
      apply();
      throw lost();
    });
    expect(await world.reconcile(key)).toEqual({ kind: 'done' });
    expect(world.acronis.requests).toEqual(['get', 'put', 'get']);
    expect(world.cluster.status(key)).toMatchObject({ observedVersion: 2, businessTypes: ['buyer'] });
    expect(world.events.map(({ reason }) => reason)).toEqual(['Assigned']);
    expect(world.wrote).toEqual(['assign confirmed']);
  });

  it('before the write was applied: it is read before it is sent again', async () => {
    world.acronis.next('put', () => {
      throw lost();
    });
    expect(await world.reconcile(key)).toEqual({ kind: 'done' });
    expect(world.acronis.requests).toEqual(['get', 'put', 'get', 'put']);
    expect(user.version).toBe(2);
  });

  it('and applied only after the read: the revision keeps it from being applied twice', async () => {
    world.acronis.next('put', () => {
      throw lost();
    });
    world.acronis.next('put', (apply) => {
      user.business_types = ['buyer'];
      user.version++;
      return apply();
    });
    await world.reconcile(key);
    expect(user.version).toBe(2);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  });

  it.each([
    [500, { error: { code: 1000, message: 'x' } }],
    [502, undefined],
    [504, undefined],
    [408, undefined],
    [200, undefined],
  ])('as HTTP %s %j after it was applied: it is read, and nothing is sent again', async (status, body) => {
    world.acronis.next('put', (apply) => {
      apply();
      throw answered(status, body);
    });
    await world.reconcile(key);
    expect(world.acronis.puts).toHaveLength(1);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  });

  it('as something that is not the user: it is read, and nothing is sent again', async () => {
    world.acronis.next('put', (apply) => {
      apply();
      return { ok: true };
    });
    await world.reconcile(key);
    expect(world.acronis.puts).toHaveLength(1);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  });

  it('three times: it is reported, and the next reconcile reads first', async () => {
    world.acronis.always('put', () => {
      throw lost();
    });
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: untilReachable });
    expect(world.acronis.puts).toHaveLength(3);
    expect(world.cluster.reason(key)).toBe('Unavailable');
    world.acronis.always('put', undefined);
    user.business_types = ['buyer'];
    await world.reconcile(key);
    expect(world.acronis.puts).toHaveLength(3);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  });

  it('with no response to the read either: it says so, and a later reconcile finds it applied', async () => {
    world.acronis.next('put', (apply) => {
      apply();
      world.acronis.always('get', () => {
        throw lost();
      });
      throw lost();
    });
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: untilReachable });
    expect(world.cluster.reason(key)).toBe('Unavailable');
    world.acronis.always('get', undefined);
    await world.reconcile(key);
    expect(world.acronis.puts).toHaveLength(1);
    expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  });
});

it('a response without the type is not believed, and tried again', async () => {
  world.acronis.next('put', () => ({ ...user, version: 2 }));
  expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy: soon, atLeastMs: 1_000 });
  expect(world.cluster.reason(key)).toBe('NotApplied');
  expect(world.cluster.status(key)).toMatchObject({ observedVersion: 2, businessTypes: [] });
  expect(world.wrote).toEqual(['assign notApplied']);
  expect(world.events.map(({ type, reason }) => [type, reason])).toEqual([['Warning', 'NotApplied']]);
  await world.clock.advance(1_000);
  await world.reconcile(key);
  expect(world.cluster.reason(key)).toBe('BuyerAssigned');
});

describe('a write that is refused', () => {
  it.each([
    [403, undefined, 'AccessDenied', slowly],
    [400, { error: { code: 1027 } }, 'Rejected', slowly],
    [409, { error: { code: 1028 } }, 'Rejected', slowly],
    [415, undefined, 'Rejected', slowly],
    [404, { error: { code: 404, message: 'Not found' } }, 'UserNotFound', untilItAppears],
    [302, undefined, 'Rejected', slowly],
  ])('with %s %j becomes %s, and is sent once more after a fresh read', async (status, body, reason, policy) => {
    world.acronis.always('put', () => {
      throw answered(status, body);
    });
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy, atLeastMs: 300_000 });
    expect(world.acronis.requests).toEqual(['get', 'put', 'get', 'put', 'get']);
    expect(world.cluster.reason(key)).toBe(reason);
    expect(world.events.map(({ type, reason: told }) => [type, told])).toEqual([['Warning', reason]]);
  });

  it('with 401 is sent once more with a new token, then becomes CredentialsRejected', async () => {
    world.acronis.always('put', () => {
      throw answered(401);
    });
    await world.reconcile(key);
    expect(world.acronis.puts).toHaveLength(2);
    expect(world.acronis.tokenRequests).toHaveLength(2);
    expect(world.cluster.reason(key)).toBe('CredentialsRejected');
  });
});

describe('a read that fails', () => {
  it.each([
    [500, undefined, 'Unavailable', untilReachable],
    [502, undefined, 'Unavailable', untilReachable],
    [200, undefined, 'Unavailable', untilReachable],
    [403, undefined, 'AccessDenied', slowly],
  ])('with %s %j becomes %s; what was known stays, and nothing is written', async (status, body, reason, policy) => {
    await world.reconcile(key);
    world.acronis.always('get', () => {
      throw answered(status, body);
    });
    expect(await world.reconcile(key)).toEqual({ kind: 'retry', policy });
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe(reason);
    expect(world.cluster.status(key)).toMatchObject({ observedVersion: 2, userID: userId, businessTypes: ['buyer'] });
    const patches = world.cluster.patches.length;
    await world.reconcile(key);
    expect(world.cluster.patches, 'the same failure is written once').toHaveLength(patches);
    expect(world.acronis.puts).toHaveLength(1);
  });

  it.each([429, 503])('with %s is Throttled, and waits as Retry-After says', async (status) => {
    world.acronis.next('get', () => {
      throw answered(status, undefined, 60_000);
    });
    const outcome = await world.reconcile(key);
    expect(outcome).toMatchObject({ kind: 'retry', policy: soon });
    expect(outcome.kind === 'retry' && (outcome.atLeastMs ?? 0)).toBeGreaterThanOrEqual(60_000);
    expect(world.cluster.reason(key)).toBe('Throttled');
  });

  it('with 429 holds the account back: nothing is asked meanwhile', async () => {
    world.acronis.next('get', () => {
      throw answered(429, undefined, 60_000);
    });
    await world.reconcile(key);
    const requests = world.acronis.requests.length;
    await world.reconcile(key);
    expect(world.acronis.requests).toHaveLength(requests);
  });
});

describe('what the API server does between read and response', () => {
  const labelled = ({ path }: { path: string }) => path === '/api/v1/namespaces/customers';

  it('a failure after the PUT leaves the PUT in the audit trail', async () => {
    world.acronis.next('put', (apply) => {
      world.cluster.fail(labelled, () => new Error('the API server is gone'));
      return apply();
    });
    await expect(world.reconcile(key)).rejects.toThrow('the API server is gone');
    expect(world.wrote).toEqual(['assign applied']);
  });
});
