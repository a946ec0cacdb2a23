/** What the control API can do, each with the sentence its index shows for it. Throws an InputError for bad input. */
import { z } from 'zod';
import type { Cloud } from './cloud.ts';
import type { Console } from './console.ts';
import { InputError, parseInput } from './input.ts';
import { routeSchema } from './routes.ts';
import type { Cast, Reseed } from './seed.ts';
import { isBuyer, revisionView, type User } from './users.ts';
import { policyView, tenantView, userView } from './views.ts';

export interface Controlled {
  readonly cloud: Cloud;
  readonly console: Console;
  cast(): Cast;
  reset(): void;
  reseed(options: Reseed): Cast;
}

export interface Asked {
  /** The part of the path written as `{id}`. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface Action {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly does: string;
  run(asked: Asked): unknown;
}

const typesBody = z.strictObject({ types: z.array(z.string()) });
const moveBody = z.strictObject({ tenantId: z.string() });
const secretBody = z.strictObject({ secret: z.string().min(1).optional() });
const enabledBody = z.strictObject({ enabled: z.boolean() });
const revokeBody = z.strictObject({ clientId: z.string().optional() });
const addBody = z.strictObject({
  login: z.string().min(1),
  tenantId: z.string(),
  id: z.string().optional(),
  firstname: z.string().default('New'),
  lastname: z.string().default('User'),
  email: z.string().optional(),
  enabled: z.boolean().default(true),
  role: z.enum(['partner_admin', 'company_admin', 'unit_admin', 'backup_user']).default('backup_user'),
  businessTypes: z.array(z.string()).default([]),
});
const tenantBody = z.strictObject({
  brandEnabled: z.boolean().optional(),
  upsellUrl: z.string().nullable().optional(),
  ancestralAccess: z.boolean().optional(),
  locked: z.boolean().optional(),
  enabled: z.boolean().optional(),
});
const seedBody = z.strictObject({
  users: z.int().min(0).max(1_000_000).optional(),
  tenants: z.int().min(2).max(10_000).optional(),
  seed: z.int().optional(),
});
const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100_000).default(100),
  offset: z.coerce.number().int().min(0).default(0),
  route: routeSchema.optional(),
  user: z.string().optional(),
});
const listOf = (query: URLSearchParams) => parseInput(listQuery, Object.fromEntries(query), 'the query');

export function actionsOf(it: Controlled): readonly Action[] {
  const { cloud, console } = it;
  const shown = (user: User) => ({
    user: userView(user, { ...cloud.switches.current, userShape: 'openapi' }),
    role: policyView(user, cloud.switches.current)['role_id'],
    puts: cloud.ledger.putsOf(user.id),
  });
  const found = (id: string): User => {
    const user = cloud.directory.get(id);
    if (user === undefined) throw new InputError(`There is no user with the id ${id}.`);
    return user;
  };
  const record = z.record(z.string(), z.unknown());
  return [
    {
      method: 'GET',
      path: 'stats',
      does: 'counts of requests by route and status, of writes, of users and buyers',
      run: () => ({
        ...cloud.ledger.stats(),
        users: cloud.directory.size,
        buyers: cloud.directory.all().filter((user) => user.deletedAt === undefined && isBuyer(user)).length,
        tokensIssued: cloud.tokens.issued,
      }),
    },
    {
      method: 'GET',
      path: 'requests',
      does: 'the latest requests; ?route= ?limit=',
      run: ({ query }) => {
        const { route, limit } = listOf(query);
        const all = cloud.ledger.requests.all().filter((one) => route === undefined || one.route === route);
        return { items: all.slice(-limit), dropped: cloud.ledger.requests.dropped };
      },
    },
    {
      method: 'GET',
      path: 'writes',
      does: 'the latest changes of users, by PUT, console or another writer; ?user= ?limit=',
      run: ({ query }) => {
        const { user, limit } = listOf(query);
        const all = cloud.ledger.writes.all().filter((one) => user === undefined || one.user === user);
        return { items: all.slice(-limit), dropped: cloud.ledger.writes.dropped };
      },
    },
    {
      method: 'POST',
      path: 'reset',
      does: 'forgets the counts and lists, takes all faults away and sets every switch to its default; users stay',
      run: () => {
        it.reset();
        return { reset: true };
      },
    },
    {
      method: 'POST',
      path: 'seed',
      does: 'replaces all people by new ones: {"users":50,"tenants":4,"seed":1}',
      run: ({ body }) => it.reseed(parseInput(seedBody, body, 'the seed')),
    },
    {
      method: 'GET',
      path: 'cast',
      does: 'ids of those who are always there, by the names the documentation uses',
      run: () => it.cast(),
    },
    {
      method: 'GET',
      path: 'switches',
      does: 'all switches as they stand',
      run: () => cloud.switches.current,
    },
    {
      method: 'POST',
      path: 'switches',
      does: 'changes those named: {"conflictStatus":412,"revisions":"epochMs"}',
      run: ({ body }) => cloud.switches.setUnchecked(parseInput(record, body, 'the switches')),
    },
    { method: 'GET', path: 'faults', does: 'the faults in force', run: () => ({ items: cloud.faults.list() }) },
    {
      method: 'POST',
      path: 'faults',
      does: 'adds a fault: {"kind":"status","status":503,"retryAfter":2,"routes":["getUser"],"times":3}',
      run: ({ body }) => ({ number: cloud.faults.addUnchecked(body) }),
    },
    {
      method: 'DELETE',
      path: 'faults',
      does: 'takes all faults away',
      run: () => {
        cloud.faults.clear();
        return { items: [] };
      },
    },
    {
      method: 'DELETE',
      path: 'faults/{id}',
      does: 'takes the fault with this number away',
      run: ({ id }) => {
        if (!cloud.faults.remove(Number(id))) throw new InputError(`There is no fault with the number ${id}.`);
        return { items: cloud.faults.list() };
      },
    },
    {
      method: 'GET',
      path: 'users',
      does: 'users in the order they were made; ?offset= ?limit=',
      run: ({ query }) => {
        const { offset, limit } = listOf(query);
        return {
          items: cloud.directory
            .all()
            .slice(offset, offset + limit)
            .map(briefly),
          total: cloud.directory.size,
        };
      },
    },
    {
      method: 'POST',
      path: 'users',
      does: 'adds a user: {"login":"new.user","tenantId":"…"}',
      run: ({ body }) => shown(console.add(parseInput(addBody, body, 'the user'))),
    },
    {
      method: 'GET',
      path: 'users/{id}',
      does: 'one user, its role, and how often it was PUT',
      run: ({ id }) => shown(found(id)),
    },
    {
      method: 'POST',
      path: 'users/{id}/strip',
      does: 'takes the business types away, as an administrator would',
      run: ({ id }) => shown(console.strip(id)),
    },
    {
      method: 'POST',
      path: 'users/{id}/types',
      does: 'sets the business types: {"types":["buyer"]}',
      run: ({ id, body }) => shown(console.setTypes(id, parseInput(typesBody, body, 'the types').types)),
    },
    {
      method: 'POST',
      path: 'users/{id}/touch',
      does: 'moves the revision on and changes nothing else',
      run: ({ id }) => shown(console.touch(id)),
    },
    { method: 'POST', path: 'users/{id}/remove', does: 'deletes the user', run: ({ id }) => shown(console.remove(id)) },
    {
      method: 'POST',
      path: 'users/{id}/restore',
      does: 'brings a deleted user back',
      run: ({ id }) => shown(console.restore(id)),
    },
    {
      method: 'POST',
      path: 'users/{id}/move',
      does: 'moves the user to another tenant: {"tenantId":"…"}',
      run: ({ id, body }) => shown(console.move(id, parseInput(moveBody, body, 'the move').tenantId)),
    },
    {
      method: 'GET',
      path: 'tenants',
      does: 'all tenants',
      run: () => ({
        items: [...cloud.tenants.all()].map((one) => tenantView(one, 'basic', one, cloud.switches.current)),
      }),
    },
    {
      method: 'POST',
      path: 'tenants/{id}',
      does: 'changes branding, Buy URL, lock, self-management: {"brandEnabled":true,"upsellUrl":"https://…"}',
      run: ({ id, body }) => {
        const tenant = console.setTenant(id, parseInput(tenantBody, body, 'the tenant'));
        return {
          tenant: tenantView(tenant, 'full', tenant, cloud.switches.current),
          upsellUrl: tenant.brand.upsellUrl,
        };
      },
    },
    {
      method: 'POST',
      path: 'clients/{id}/secret',
      does: 'gives the API client another secret and ends its tokens: {} or {"secret":"…"}',
      run: ({ id, body }) => ({
        clientId: id,
        clientSecret: console.resetSecret(id, parseInput(secretBody, body, 'the secret').secret),
      }),
    },
    {
      method: 'POST',
      path: 'clients/{id}/enabled',
      does: 'switches the API client on or off: {"enabled":false}',
      run: ({ id, body }) => {
        const { enabled } = parseInput(enabledBody, body, 'the setting');
        console.setClientEnabled(id, enabled);
        return { clientId: id, enabled };
      },
    },
    {
      method: 'POST',
      path: 'tokens/revoke',
      does: 'ends all tokens, or those of one client: {} or {"clientId":"…"}',
      run: ({ body }) => ({ revoked: console.revokeTokens(parseInput(revokeBody, body, 'the request').clientId) }),
    },
  ];
}

const briefly = (user: User): Record<string, unknown> => ({
  id: user.id,
  login: user.login,
  tenantId: user.tenant.id,
  version: revisionView(user.version),
  businessTypes: user.businessTypes,
});
