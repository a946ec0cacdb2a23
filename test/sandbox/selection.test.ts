/** The users of a selection over real HTTP: who is found, and that whatever is wrong with a list, it does not pass for the whole. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FaultInput } from '../../sandbox/acronis/faults.ts';
import { ownRole } from '../../sandbox/acronis/state/roles.ts';
import { type PolicySpec, policySpecSchema } from '../../src/api/policy/spec.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { boundedTo } from '../../src/fleet/accounts/bounded.ts';
import { judgeUsers } from '../../src/fleet/selection/judge-users.ts';
import { type Completeness, selectUsers } from '../../src/fleet/selection/select-users.ts';
import { type OperatorClient, operatorClient } from './operator-client.ts';
import { sandbox, shareSandbox } from './shared-sandbox.ts';

/** More than two pages. */
shareSandbox({ users: 2_500, tenants: 20 });

function listed(end: Completeness): Extract<Completeness, { kind: 'complete' }> {
  if (end.kind !== 'complete') throw new Error('The list was not complete.');
  return end;
}

/** Does not wait before a page is asked for again. */
const impatient: Clock = { ...systemClock, sleep: async (_, signal) => signal.throwIfAborted() };

let client: OperatorClient;
beforeEach(() => {
  client = operatorClient(sandbox);
});
afterEach(() => client.close());

const selectionOf = (spec: object = {}): PolicySpec =>
  policySpecSchema.parse({ tenantID: sandbox.cast.tenants.partner, ...spec });

async function select(
  spec: object = {},
  account: Parameters<typeof selectUsers>[0]['account'] = client.account,
): Promise<{ ids: string[]; end: Completeness }> {
  const ids: string[] = [];
  const found = selectUsers({ account, selection: selectionOf(spec), clock: impatient, signal: client.signal });
  for (;;) {
    const next = await found.next();
    if (next.done === true) return { ids, end: next.value };
    ids.push(next.value.userId);
  }
}

/** By the stand-in's own book. */
const admins = (kinds: readonly string[] = ['customer']) =>
  sandbox.directory
    .all()
    .filter(
      ({ roles, tenant, enabled }) =>
        enabled && kinds.includes(tenant.kind) && roles.some(({ role }) => role === 'company_admin'),
    )
    .filter(
      ({ tenant }) =>
        tenant.id !== sandbox.cast.tenants.selfManaged && tenant.parent?.id !== sandbox.cast.tenants.otherPartner,
    )
    .map(({ id }) => id);

describe('the company administrators of all customers', () => {
  test('are found page by page, and that these are all is proved', async () => {
    const { ids, end } = await select();
    expect(ids.toSorted()).toEqual(admins().toSorted());
    expect(ids.length).toBeGreaterThan(100);
    expect(end).toMatchObject({ kind: 'complete', matched: ids.length, pages: 3 });
  });

  test('are not guests, service accounts or deleted ones, whatever their roles are', async () => {
    const [customer = ''] = sandbox.cast.tenants.customers;
    const made = { tenantId: customer, activated: true, roles: ownRole('company_admin') };
    const service = sandbox.console.add({ ...made, login: 'service', rest: { mfa_status: 'forcibly_disabled' } });
    const guest = sandbox.console.add({
      ...made,
      login: 'guest',
      roles: [...ownRole('company_admin'), ...ownRole('sync_share_guest')],
    });
    const gone = sandbox.console.add({ ...made, login: 'gone' });
    const person = sandbox.console.add({ ...made, login: 'person' });
    sandbox.console.remove(gone.id);
    const { ids } = await select();
    expect(ids).toContain(person.id);
    for (const { id } of [service, guest, gone]) expect(ids).not.toContain(id);
  });

  test('of one customer are found by the filters of the API, which are judged again, and without them where they are refused', async () => {
    const [customer = ''] = sandbox.cast.tenants.customers;
    const ofOne = admins().filter((id) => sandbox.directory.get(id)?.tenant.id === customer);
    const { ids, end } = await select({ tenantID: customer });
    expect(ids.toSorted()).toEqual(ofOne.toSorted());
    expect(end).toMatchObject({ kind: 'complete', users: ofOne.length });
    sandbox.faults.add({ kind: 'status', status: 400, routes: ['listUsers'], times: 1 });
    const unfiltered = await select({ tenantID: customer });
    expect(unfiltered.ids.toSorted()).toEqual(ofOne.toSorted());
    expect(unfiltered.end).toMatchObject({ kind: 'complete' });
  });

  test('are all of them, although a filter inside of an organization would show a partner none', async () => {
    sandbox.switches.set({ insideOrganization: 'organization' });
    expect((await select()).ids.length).toBe(admins().length);
  });

  test('are all of them, although pages come smaller than they are asked for', async () => {
    const { pages } = listed((await select()).end);
    sandbox.switches.set({ listingPage: 100 });
    const small = await select();
    expect(small.ids.toSorted()).toEqual(admins().toSorted());
    expect(listed(small.end).pages).toBeGreaterThan(2 * pages);
  });

  test('are those of its tenants where an account is bounded', async () => {
    const [customer = ''] = sandbox.cast.tenants.customers;
    const { ids, end } = await select({}, boundedTo([customer], client.account));
    expect(ids.toSorted()).toEqual(
      admins()
        .filter((id) => sandbox.directory.get(id)?.tenant.id === customer)
        .toSorted(),
    );
    expect(end).toMatchObject({ kind: 'complete' });
  });
});

describe('a list proves nothing', () => {
  test.each(['refused', 'repeats', 'loops', 'reordered', 'garbled'] as const)('that is %s', async (listing) => {
    sandbox.switches.set({ listing });
    expect((await select()).end.kind).toBe('incomplete');
  });

  test.each<[string, FaultInput]>([
    ["of which a page is a gateway's", { kind: 'garbage', form: 'html', routes: ['listUsers'], skip: 1 }],
    ['of which a page is JSON of another form', { kind: 'garbage', form: 'otherJson', routes: ['listUsers'], skip: 1 }],
    [
      'of which a page is refused by a gateway',
      { kind: 'status', status: 403, body: 'html', routes: ['listUsers'], skip: 1 },
    ],
    ['of which a page is cut', { kind: 'cut', moment: 'midBody', routes: ['listUsers'], skip: 2 }],
    ['whose tenants cannot be listed', { kind: 'status', status: 403, routes: ['getTenants'] }],
    ['whose tenants come as a page of a gateway', { kind: 'garbage', form: 'html', routes: ['getTenants'] }],
  ])('%s', { timeout: 30_000 }, async (_, fault) => {
    sandbox.faults.add(fault);
    expect((await select()).end).toMatchObject({ kind: 'incomplete', why: { kind: 'failed' } });
  });

  test('of a tenant that is not shown', async () => {
    expect((await select({ tenantID: sandbox.cast.tenants.otherPartner })).end).toMatchObject({
      kind: 'incomplete',
      why: { kind: 'rootNotShown' },
    });
  });

  test('and goes on after a page that came late, with nothing read twice', async () => {
    sandbox.faults.add({ kind: 'status', status: 503, body: 'html', routes: ['listUsers'], skip: 1, times: 1 });
    const { ids, end } = await select();
    expect(end.kind).toBe('complete');
    expect(ids.length).toBe(admins().length);
  });
});

describe('a single user', () => {
  const judge = async (id: string, spec: object = {}) => {
    const judged = await judgeUsers([id], {
      account: client.account,
      selection: selectionOf(spec),
      signal: client.signal,
    });
    return judged.get(id);
  };

  test('is judged as the list judges it', async () => {
    const { companyAdmin, buyer, johnDoe } = sandbox.cast;
    expect(await judge(companyAdmin)).toEqual({ kind: 'match' });
    expect(await judge(buyer)).toEqual({ kind: 'noMatch', why: 'otherRole' });
    expect(await judge(johnDoe)).toEqual({ kind: 'noMatch', why: 'otherTenantKind' });
  });

  test('that a silently incomplete list leaves out is still one that matches', async () => {
    for (const listing of ['omits', 'empty', 'cutShort'] as const) {
      sandbox.switches.set({ listing });
      const { ids } = await select();
      const missing = admins().filter((id) => !ids.includes(id));
      expect(missing.length).toBeGreaterThan(0);
      const judged = await judgeUsers(missing, {
        account: client.account,
        selection: selectionOf(),
        signal: client.signal,
      });
      expect(new Set([...judged.values()].map(({ kind }) => kind))).toEqual(new Set(['match']));
    }
  });

  test('whose tenant hides itself is not shown, which is no proof', async () => {
    const { companyAdmin } = sandbox.cast;
    const tenant = sandbox.directory.get(companyAdmin)?.tenant.id ?? '';
    sandbox.console.setTenant(tenant, { ancestralAccess: false });
    expect((await select()).ids).not.toContain(companyAdmin);
    expect(await judge(companyAdmin)).toEqual({ kind: 'notShown' });
  });

  test('that is deleted, was moved out, or lost its role does not match', async () => {
    const { companyAdmin } = sandbox.cast;
    const [first = '', second = ''] = sandbox.cast.tenants.customers;
    sandbox.console.move(companyAdmin, second);
    expect(await judge(companyAdmin, { tenantID: first })).toEqual({ kind: 'noMatch', why: 'otherTenant' });
    expect(await judge(companyAdmin)).toEqual({ kind: 'match' });
    sandbox.console.setRoles(companyAdmin, []);
    expect(await judge(companyAdmin)).toEqual({ kind: 'noMatch', why: 'otherRole' });
    sandbox.console.remove(companyAdmin);
    expect(await judge(companyAdmin)).toEqual({ kind: 'noMatch', why: 'deleted' });
  });
});
