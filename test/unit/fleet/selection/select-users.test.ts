/** What a list of users proves where some of them do not show what the selection needs. */
import { expect, it } from 'vitest';
import type { ListedUser } from '../../../../src/acronis/listings/users.ts';
import { policySpecSchema } from '../../../../src/api/policy/spec.ts';
import { maxUnjudged, selectUsers } from '../../../../src/fleet/selection/select-users.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const root = '00000000-0000-4000-8000-000000000001';
const customer = '00000000-0000-4000-8000-000000000002';
const idOf = (n: number) => `10000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** A list of this many company administrators, of whom the first ones hide their roles. */
async function select(count: number, hidden: number) {
  const items = Array.from(
    { length: count },
    (_, n): ListedUser => ({
      id: idOf(n),
      tenantId: customer,
      tenantKind: 'customer',
      login: 'a',
      enabled: true,
      isDeleted: false,
      isServiceAccount: false,
      isGuest: false,
      roles: n < hidden ? undefined : ['company_admin'],
    }),
  );
  const api = {
    listTenants: async () => ({ items: [{ id: root, kind: 'partner' }], unreadable: 0, after: undefined }),
    listUsers: async () => ({ items, unreadable: 0, after: undefined }),
  };
  const selection = policySpecSchema.parse({ tenantID: root });
  const { signal } = new AbortController();
  const found = selectUsers({ account: { api }, selection, clock: new ManualClock(), signal });
  const ids: string[] = [];
  let next = await found.next();
  for (; next.done !== true; next = await found.next()) ids.push(next.value.userId);
  return { ids, end: next.value };
}

it('a user that hides its roles is set aside by its id, and the list is complete', async () => {
  const { ids, end } = await select(3, 1);
  expect(ids).toEqual([idOf(1), idOf(2)]);
  expect(end).toMatchObject({ kind: 'complete', users: 3, matched: 2 });
  expect(end.kind === 'complete' && [...end.unjudged]).toEqual([[idOf(0), 'roles']]);
});

it('a list is complete with as many of them as are set aside, and proves nothing with one more', async () => {
  expect((await select(maxUnjudged + 1, maxUnjudged)).end.kind).toBe('complete');
  expect((await select(maxUnjudged + 1, maxUnjudged + 1)).end).toEqual({
    kind: 'incomplete',
    why: { kind: 'unjudged', what: 'roles', users: maxUnjudged + 1 },
  });
});
