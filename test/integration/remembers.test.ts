/** What an object assigned stays known whatever is observed later, on a real API server: D1 to D4 and R5 of the faults that were found. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ready, stalled, World } from './world.ts';

const finalizer = 'upsell.acronis.com/revoke';
const tenantLabel = 'upsell.acronis.com/tenant-id';

describe('an object that revokes on deletion', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(() => {
    world.logOnFailure();
    world.acronis.reset();
  });

  const assigned = async (name: string, spec: object) => {
    await world.upsell(name, { deletionPolicy: 'Revoke', ...spec });
    const object = await world.untilReason(name, 'BuyerAssigned');
    expect(object.status.assigned).toBeDefined();
    expect(object.metadata.finalizers).toEqual([finalizer]);
    return object;
  };
  const untilHeld = async (name: string, reason: string) => {
    await world.ok('delete', 'tuu', name, '--wait=false');
    const held = await world.until(name, `waits, ${reason}`, (object) => ready(object)?.reason === reason);
    expect(ready(held)?.message).toMatch(/^Deletion waits/);
    expect(held.metadata.finalizers).toEqual([finalizer]);
  };

  it('is held while a gateway responds with a page, and revokes afterwards (D1)', async () => {
    const { johnDoe } = world.acronis.cast;
    await assigned('page', { userID: johnDoe });
    const fault = world.acronis.faults.add({ kind: 'status', status: 404, body: 'html' });
    await untilHeld('page', 'Unavailable');
    world.acronis.faults.remove(fault);
    await world.untilGone('page', 90_000);
    expect(world.isBuyer(johnDoe)).toBe(false);
  });

  it('is held while the tenant is closed to the API client, and revokes afterwards (D2)', async () => {
    const { unitUser, tenants } = world.acronis.cast;
    await assigned('closed', { userID: unitUser });
    world.acronis.console.setTenant(tenants.unit, { ancestralAccess: false });
    await untilHeld('closed', 'UserNotFound');
    world.acronis.console.setTenant(tenants.unit, { ancestralAccess: true });
    await world.untilGone('closed', 90_000);
    expect(world.isBuyer(unitUser)).toBe(false);
  });

  it('never follows a login to another user, and revokes of the one that it assigned (D3)', async () => {
    const { samRivers, johnDoe } = world.acronis.cast;
    const { login, tenant } = world.user(samRivers);
    await assigned('moved', { login, tenantID: tenant.id });
    const other = world.acronis.console.add({ login: 'new.person', tenantId: tenant.id });
    world.acronis.console.change(samRivers, { login: `${login}.before` });
    world.acronis.console.change(other.id, { login });
    const object = await world.untilReason('moved', 'LoginChanged');
    expect(stalled(object)?.status).toBe('True');
    expect(object.status.assigned?.userID).toBe(samRivers);
    await world.ok('delete', 'tuu', 'moved', '--timeout=20s');
    expect(world.isBuyer(samRivers)).toBe(false);
    expect([world.puts(other.id), world.puts(johnDoe)]).toEqual([0, 0]);
  });

  it('forgets nothing while the label of its namespace is wrong (D4)', async () => {
    const { companyAdmin, tenants } = world.acronis.cast;
    const { login, tenant } = world.user(companyAdmin);
    const before = await assigned('labelled', { login, tenantID: tenant.id });
    await world.ok('label', 'namespace', world.namespace, `${tenantLabel}=${tenants.unit}`);
    const wrong = await world.untilReason('labelled', 'NamespaceNotAllowed');
    expect(wrong.status.assigned).toEqual(before.status.assigned);
    expect(wrong.status.userID).toBeUndefined();
    expect(wrong.metadata.finalizers).toEqual([finalizer]);
    await world.ok('label', 'namespace', world.namespace, `${tenantLabel}-`);
    await world.untilReason('labelled', 'BuyerAssigned');
    await world.ok('delete', 'tuu', 'labelled', '--timeout=20s');
    expect(world.isBuyer(companyAdmin)).toBe(false);
  });

  it('gets its finalizer back when another writer strips it (R5)', async () => {
    const { johnDoe } = world.acronis.cast;
    await assigned('stripped', { userID: johnDoe });
    await world.ok('patch', 'tuu', 'stripped', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
    await world.until('stripped', 'has it again', (object) => object.metadata.finalizers.includes(finalizer));
    await world.ok('delete', 'tuu', 'stripped', '--timeout=20s');
    expect(world.isBuyer(johnDoe)).toBe(false);
  });

  it('loses a condition that was set by hand at the next resync', async () => {
    const { disabled } = world.acronis.cast;
    await world.upsell('by-hand', { userID: disabled });
    await world.untilReason('by-hand', 'BuyerAssigned');
    const byHand = {
      type: 'Stalled',
      status: 'True',
      reason: 'X',
      message: 'x',
      lastTransitionTime: '2026-01-02T03:04:05Z',
    };
    const patch = JSON.stringify([{ op: 'add', path: '/status/conditions/-', value: byHand }]);
    await world.ok('patch', 'tuu', 'by-hand', '--subresource=status', '--type=json', '-p', patch);
    await world.until('by-hand', 'is right again', (object) => stalled(object) === undefined);
  });
});
