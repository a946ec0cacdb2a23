import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../sandbox/until.ts';
import { ready, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start({ sandbox: { users: 60 } });
  fresh = world.freshUsers();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  world.logOnFailure();
  world.acronis.reset();
});

/** Users that no test uses yet, one by one. */
let fresh: string[] = [];
let used = 0;
function nextUser(): string {
  const id = fresh[used++];
  if (id === undefined) throw new Error('The sandbox has too few users for these tests.');
  return id;
}

describe('another writer changes the user between read and write', () => {
  it.each([
    { status: 409, code: 'number' },
    { status: 409, code: 'string' },
    { status: 409, code: 'status' },
    { status: 412, code: 'number' },
    { status: 412, code: 'status' },
    { status: 426, code: 'number' },
    { status: 426, code: 'status' },
    { status: 400, code: 'number' },
    { status: 400, code: 'string' },
  ] as const)(
    'a conflict reported as $status with the code as $code is read again, and nothing of theirs is lost',
    async ({ status, code }) => {
      const id = nextUser();
      const name = `conflict-${status}-${code}`;
      world.acronis.switches.set({ conflictStatus: status, conflictCode: code });
      world.acronis.faults.add({
        kind: 'otherWriter',
        routes: ['putUser'],
        id,
        times: 1,
        businessTypes: ['legacy'],
        language: 'de',
      });
      await world.upsell(name, { userID: id });
      const object = await world.untilReason(name, 'BuyerAssigned');
      expect(world.user(id)).toMatchObject({ businessTypes: ['legacy', 'buyer'], language: 'de' });
      expect(world.acronis.ledger.putsOf(id)).toEqual({ sent: 2, applied: 1, conflicts: 1 });
      expect(object.status.observedVersion).toBe(world.user(id).version);
    },
  );

  it('another writer that is always faster makes it VersionConflict, retried until it works', async () => {
    const id = nextUser();
    const fault = world.acronis.faults.add({ kind: 'otherWriter', routes: ['putUser'], id });
    await world.upsell('contended', { userID: id });
    const object = await world.untilReason('contended', 'VersionConflict');
    expect(ready(object)?.status).toBe('False');
    expect(world.puts(id)).toBe(0);
    world.acronis.faults.remove(fault);
    await world.untilReason('contended', 'BuyerAssigned');
    expect(world.puts(id)).toBe(1);
  });

  it('another writer that assigns the type meanwhile leaves nothing to write', async () => {
    const id = nextUser();
    world.acronis.faults.add({ kind: 'otherWriter', routes: ['putUser'], id, times: 1, businessTypes: ['buyer'] });
    await world.upsell('assigned-meanwhile', { userID: id });
    await world.untilReason('assigned-meanwhile', 'BuyerAssigned');
    expect(world.puts(id)).toBe(0);
  });

  it('works the same with revisions that are milliseconds', async () => {
    const id = nextUser();
    world.acronis.switches.set({ revisions: 'epochMs' });
    world.acronis.faults.add({ kind: 'otherWriter', routes: ['putUser'], id, times: 1 });
    await world.upsell('epoch', { userID: id });
    const object = await world.untilReason('epoch', 'BuyerAssigned');
    expect(object.status.observedVersion).toBe(world.user(id).version);
    expect(object.status.observedVersion).toBeGreaterThan(1e12);
  });
});

describe('a PUT whose response is lost', () => {
  it.each([
    { what: 'the connection is cut after the change', fault: { kind: 'cut', moment: 'after' } },
    { what: 'the response breaks off half way', fault: { kind: 'cut', moment: 'midBody' } },
    {
      what: 'a gateway says 502 in HTML although it was applied',
      fault: { kind: 'status', status: 502, body: 'html', moment: 'after' },
    },
    { what: 'the response is a page that is not JSON', fault: { kind: 'garbage', form: 'html' } },
    { what: 'the response is cut JSON', fault: { kind: 'garbage', form: 'truncated' } },
    { what: 'the response has more than 10 MB', fault: { kind: 'huge' } },
  ] as const)('is not sent again when $what', async ({ fault }) => {
    const id = nextUser();
    world.acronis.faults.add({ ...fault, routes: ['putUser'], id, times: 1 });
    const name = `lost-${used}`;
    await world.upsell(name, { userID: id });
    const object = await world.untilReason(name, 'BuyerAssigned');
    expect(world.acronis.ledger.putsOf(id)).toMatchObject({ sent: 1, applied: 1 });
    expect(object.status.observedVersion).toBe(world.user(id).version);
  });

  it.each([
    { what: 'the connection is cut before the change', fault: { kind: 'cut', moment: 'before' } },
    { what: 'a gateway says 503 in HTML', fault: { kind: 'status', status: 503, body: 'html' } },
  ] as const)('is sent again once a read has shown that nothing was applied: $what', async ({ fault }) => {
    const id = nextUser();
    world.acronis.faults.add({ ...fault, routes: ['putUser'], id, times: 1 });
    const name = `not-applied-${used}`;
    await world.upsell(name, { userID: id });
    await world.untilReason(name, 'BuyerAssigned');
    expect(world.puts(id)).toBe(1);
  });
});

describe('a response to the PUT that does not show the type', () => {
  it('is NotApplied, and retried until it does', async () => {
    const id = nextUser();
    world.acronis.switches.set({ putTypes: 'ignored' });
    await world.upsell('ignored', { userID: id });
    const object = await world.untilReason('ignored', 'NotApplied');
    expect(object.status.observedVersion).toBe(world.user(id).version);
    world.acronis.switches.set({ putTypes: 'applied' });
    await world.untilReason('ignored', 'BuyerAssigned');
    expect(world.isBuyer(id)).toBe(true);
  });
});

describe('refusals and trouble of the service', () => {
  it('an API that does not know business_types makes the object Rejected, stalled', async () => {
    const id = nextUser();
    world.acronis.switches.set({ strictOpenApi: true });
    await world.upsell('strict', { userID: id });
    const object = await world.untilReason('strict', 'Rejected');
    expect(object.status.conditions.map((each) => each.type)).toEqual(['Ready', 'Stalled', 'Informed']);
  });

  it('403 makes it AccessDenied', async () => {
    const id = nextUser();
    world.acronis.faults.add({ kind: 'status', status: 403, routes: ['putUser'], id });
    await world.upsell('forbidden', { userID: id });
    await world.untilReason('forbidden', 'AccessDenied');
  });

  it.each(['seconds', 'date'] as const)(
    '429 with Retry-After as %s makes it wait and then succeed',
    async (retryAfterForm) => {
      const id = nextUser();
      world.acronis.faults.add({
        kind: 'status',
        status: 429,
        retryAfter: 1,
        retryAfterForm,
        routes: ['putUser'],
        id,
        times: 1,
      });
      await world.upsell(`throttled-${retryAfterForm}`, { userID: id });
      await world.untilReason(`throttled-${retryAfterForm}`, 'BuyerAssigned');
      expect(world.puts(id)).toBe(1);
    },
  );

  it('a service that is down makes it Unavailable, without a write per try, and it recovers', async () => {
    const id = nextUser();
    const fault = world.acronis.faults.add({ kind: 'status', status: 500, body: 'html', id });
    world.acronis.faults.add({ kind: 'status', status: 500, body: 'html', routes: ['getUsers'], times: 50 });
    await world.upsell('down', { userID: id });
    const first = await world.untilReason('down', 'Unavailable');
    const tries = () => world.acronis.ledger.count('getUser', 500) + world.acronis.ledger.count('getUsers', 500);
    const before = tries();
    await until('more tries', tries, (count) => count >= before + 2);
    expect((await world.get('down'))?.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    world.acronis.faults.clear();
    expect(world.acronis.faults.remove(fault)).toBe(false);
    await world.untilReason('down', 'BuyerAssigned');
  });

  it('an ended token is renewed once and the work goes on', async () => {
    const id = nextUser();
    world.acronis.console.revokeTokens();
    await world.upsell('renewed', { userID: id });
    await world.untilReason('renewed', 'BuyerAssigned');
    expect(world.puts(id)).toBe(1);
  });
});
