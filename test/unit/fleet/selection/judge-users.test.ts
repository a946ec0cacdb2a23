import { expect, it } from 'vitest';
import { AcronisError } from '../../../../src/acronis/errors.ts';
import type { ListedUser } from '../../../../src/acronis/listings/users.ts';
import { policySpecSchema } from '../../../../src/api/policy/spec.ts';
import { judgeUsers } from '../../../../src/fleet/selection/judge-users.ts';

const [root, top, elsewhere] = [1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
const ids = Array.from({ length: 250 }, (_, n) => `10000000-0000-4000-8000-${String(n).padStart(12, '0')}`);

const user = (id: string): ListedUser => ({
  id,
  tenantId: elsewhere ?? '',
  tenantKind: 'customer',
  login: 'a',
  enabled: true,
  isDeleted: false,
  isServiceAccount: false,
  isGuest: false,
  roles: ['company_admin'],
});

it('users of a tenant that moved away are out, and the top of the tree is asked for once however many they are', async () => {
  let asked = 0;
  const api = {
    getRootTenant: async () => {
      asked++;
      return top ?? '';
    },
    listUsersById: async (some: readonly string[]) => ({ items: some.map(user), unreadable: 0, after: undefined }),
    listTenants: async () => ({ items: [], unreadable: 0, after: undefined }),
  };
  const tenants = { isWithin: async (_: string, roots: readonly string[]) => roots.includes(top ?? '') };
  const judged = await judgeUsers(ids, {
    account: { api, tenants },
    selection: policySpecSchema.parse({ tenantID: root }),
    signal: new AbortController().signal,
  });
  expect(new Set([...judged.values()].map(({ kind }) => kind))).toEqual(new Set(['noMatch']));
  expect(judged.size).toBe(250);
  expect(asked).toBe(1);
});

it('a user whose place may not be read is not judged, and spoils the judgement of no other', async () => {
  const [hidden, shown] = ids.slice(0, 2);
  const api = {
    getRootTenant: async () => top ?? '',
    listUsersById: async (some: readonly string[]) => ({
      items: some.map((id) => ({ ...user(id), tenantId: (id === hidden ? elsewhere : root) ?? '' })),
      unreadable: 0,
      after: undefined,
    }),
    listTenants: async () => ({ items: [], unreadable: 0, after: undefined }),
  };
  const tenants = {
    async isWithin(tenantId: string) {
      if (tenantId === elsewhere) throw new AcronisError('forbidden', 'no right', { status: 403 });
      return true;
    },
  };
  const judged = await judgeUsers([hidden ?? '', shown ?? ''], {
    account: { api, tenants },
    selection: policySpecSchema.parse({ tenantID: root }),
    signal: new AbortController().signal,
  });
  expect([...judged.values()].map(({ kind }) => kind)).toEqual(['unjudged', 'match']);
});
