/**
 * The contract of UPGRADE.md on a real API server: the previous version, this one, and the previous one again, over the same objects. Nothing is lost, and
 * nothing is written twice. Each test goes on where the one before it ended.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../sandbox/acronis/sandbox.ts';
import type { User } from '../../sandbox/acronis/state/users.ts';
import {
  buildEarlier,
  crdsOfToday,
  type EarlierVersion,
  hasHistoryOf,
  previousVersion,
} from '../support/earlier-version.ts';
import { countIn, untilLogged } from '../support/log-count.ts';
import { account, policy, type Reasons, reasonsOf, upsell, VersionsWorld } from './versions-world.ts';

const { version, commit } = previousVersion;
const hasHistory = await hasHistoryOf(commit);
if (!hasHistory)
  console.warn(
    `This checkout has no history back to ${version}, so the upgrade from it is not tested. \`git fetch --unshallow\` brings it.`,
  );

describe.skipIf(!hasHistory)(`from ${version} to this version, back, and forward again`, () => {
  let earlier: EarlierVersion;
  let world: VersionsWorld;
  let ids: ReturnType<typeof freeUsers>;
  /** What the previous version made of its objects, and what they are ever after. */
  const settled: Reasons = {
    'by-id': 'BuyerAssigned',
    'by-login': 'BuyerAssigned',
    'revoked-back': 'BuyerAssigned',
    'revoked-here': 'BuyerAssigned',
    suspended: 'Suspended',
    observed: 'NotAssigned',
    unknown: 'UserNotFound',
  };
  /** Those of this version's kinds and fields. */
  let added: Reasons = {};

  beforeAll(async () => {
    earlier = await buildEarlier(commit);
    world = await VersionsWorld.start();
    ids = freeUsers(world.acronis);
    await world.applyCrds(earlier.crds);
    await world.rollTo(earlier.bundle);
    await world.apply(
      upsell('by-id', { userID: ids.byID.id }),
      upsell('by-login', { login: ids.byLogin.login, tenantID: ids.byLogin.tenant.id }),
      upsell('revoked-back', { userID: ids.revokedBack.id, deletionPolicy: 'Revoke' }),
      upsell('revoked-here', { userID: ids.revokedHere.id, deletionPolicy: 'Revoke' }),
      upsell('suspended', { userID: ids.suspended.id, suspend: true }),
      upsell('observed', { userID: ids.observed.id, managementPolicy: 'Observe' }),
      upsell('unknown', { userID: '99999999-9999-4999-8999-999999999999' }),
    );
    await world.untilReasons('tuu', settled);
  }, 240_000);
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await earlier?.[Symbol.asyncDispose]();
  });

  const assignedOf = async (name: string) =>
    (await world.list('tuu')).find(({ metadata }) => metadata.name === name)?.status.assigned?.userID;

  it('under the older CRD this version goes on with what is there, writes no user again, and names once what is not stored', async () => {
    world.logOnFailure();
    await world.rollTo();
    await untilLogged(() => world.log, 'became leader');
    await world.expectSteady('tuu');
    expect(reasonsOf(await world.list('tuu'))).toEqual(settled);
    for (const { id } of [ids.byID, ids.byLogin, ids.revokedBack, ids.revokedHere]) expect(world.writesTo(id)).toBe(1);
    const readiness = await world.readiness();
    expect(readiness).toContain('the CRD of TenantUserUpsell in the cluster lacks status.assigned;');
    for (const kind of ['acronisaccounts', 'tenantupsellpolicies'])
      expect(readiness).toContain(`does not know ${kind}.upsell.acronis.com`);
    expect(countIn(world.log, 'the CRD in the cluster lacks a status field')).toBe(1);
  }, 120_000);

  it('under its own CRDs it serves the kinds and fields that are new, and writes nothing again that was there', async () => {
    world.logOnFailure();
    await world.applyCrds(await crdsOfToday());
    await world.rollTo();
    world.acronis.console.edit(ids.byExternalID.id, { externalId: 'crm-20417' });
    await world.apply(
      ...account('main', world.acronis),
      upsell('by-account', { userID: ids.byAccount.id, accountRef: { name: 'main' } }),
      upsell('by-external-id', { externalID: 'crm-20417', tenantID: ids.byExternalID.tenant.id }),
      policy('admins', { tenantID: world.acronis.cast.tenants.partner }),
    );
    await world.untilReasons('tup', { admins: 'Applied' });
    await world.untilReasons('acct', { main: 'Connected' });
    await world.kubectl(['wait', '--for=condition=ChangeFeed', 'acct/main', '--timeout=60s']);
    const names = (await world.list('tuu')).map(({ metadata }) => metadata.name).filter((name) => !(name in settled));
    expect(names.length).toBeGreaterThan(2);
    added = Object.fromEntries(names.map((name) => [name, 'BuyerAssigned']));
    await world.untilReasons('tuu', { ...settled, ...added });
    await world.expectSteady('tuu', 'tup', 'acct');
    expect(world.acronis.ledger.stats().usersPutMoreThanOnce).toBe(0);
    expect(await assignedOf('revoked-here')).toBe(ids.revokedHere.id);
    expect(await world.readiness()).not.toContain('lacks status.');
  }, 180_000);

  it(`${version} goes on under the newer CRDs: what has new fields it refuses and leaves alone, and what it knows it serves and revokes`, async () => {
    world.logOnFailure();
    const before = world.writes;
    await world.rollTo(earlier.bundle);
    const refused = { ...settled, ...added, 'by-account': 'InvalidSpec', 'by-external-id': 'InvalidSpec' };
    await world.untilReasons('tuu', refused);
    await world.expectSteady('tuu', 'tup', 'acct');
    expect(world.writes).toBe(before);
    expect(await assignedOf('by-account')).toBe(ids.byAccount.id);

    await world.apply(upsell('meanwhile', { userID: ids.meanwhile.id, deletionPolicy: 'Revoke' }));
    await world.untilReasons('tuu', { ...refused, meanwhile: 'BuyerAssigned' });
    await world.kubectl(['delete', 'tuu', 'revoked-back', '--timeout=60s']);
    expect(world.isBuyer(ids.revokedBack.id)).toBe(false);
    expect(world.writes).toBe(before + 2);
  }, 180_000);

  it('forward again nothing is lost and no user is written, and what either version assigned is revoked', async () => {
    world.logOnFailure();
    const before = world.writes;
    const uids = async () => (await world.list('tuu')).map(({ metadata }) => metadata.uid);
    const there = await uids();
    await world.rollTo();
    const { 'revoked-back': _, ...left } = settled;
    await world.untilReasons('tuu', { ...left, ...added, meanwhile: 'BuyerAssigned' });
    await world.untilReasons('tup', { admins: 'Applied' });
    await world.untilReasons('acct', { main: 'Connected' });
    await world.expectSteady('tuu', 'tup', 'acct');
    expect(await uids()).toEqual(there);
    expect(world.writes).toBe(before);

    await world.kubectl(['delete', 'tuu', 'revoked-here', 'meanwhile', '--timeout=60s']);
    for (const { id } of [ids.revokedHere, ids.meanwhile]) expect(world.isBuyer(id)).toBe(false);
    expect(world.writes).toBe(before + 2);
    for (const { id } of [ids.byID, ids.byLogin, ids.byAccount, ids.byExternalID]) {
      expect(world.isBuyer(id)).toBe(true);
      expect(world.writesTo(id)).toBe(1);
    }
  }, 180_000);
});

/** Users that are no buyers yet, and none of which the policy selects. */
function freeUsers({ directory }: Sandbox) {
  const isFree = ({ businessTypes, roles, enabled }: User) =>
    businessTypes.length === 0 && enabled && !roles.some(({ role }) => role === 'company_admin');
  const free = [...directory.all()].filter(isFree);
  const take = (): User => {
    const user = free.pop();
    if (user === undefined) throw new Error('The sandbox has too few users that are no buyers.');
    return user;
  };
  return {
    byID: take(),
    byLogin: take(),
    revokedBack: take(),
    revokedHere: take(),
    suspended: take(),
    observed: take(),
    byAccount: take(),
    byExternalID: take(),
    meanwhile: take(),
  };
}
