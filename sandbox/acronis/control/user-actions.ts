/** Control of users: what people in the web console do with them. */
import { z } from 'zod';
import { InputError, parseInput } from '../calls/input.ts';
import { policiesView, userView } from '../calls/views.ts';
import type { Grant } from '../state/roles.ts';
import { revisionView, type User } from '../state/users.ts';
import type { Action, Controlled } from './action.ts';
import { listOf } from './list-query.ts';

const typesBody = z.strictObject({ types: z.array(z.string()) });
const moveBody = z.strictObject({ tenantId: z.string() });
const role = z.union([
  z.string().transform((name): Grant => ({ role: name, tenantId: undefined })),
  z.strictObject({ role: z.string(), tenantId: z.string() }),
]);
const passwordBody = z.strictObject({ password: z.string().min(1) });
const rolesBody = z.strictObject({ roles: z.array(role) });
const editBody = z.strictObject({
  login: z.string().min(1).optional(),
  email: z.string().optional(),
  enabled: z.boolean().optional(),
  activated: z.boolean().optional(),
  language: z.string().optional(),
  notifications: z.array(z.string()).optional(),
  externalId: z.string().nullable().optional(),
});
const addBody = z.strictObject({
  login: z.string().min(1),
  tenantId: z.string(),
  id: z.string().optional(),
  firstname: z.string().default('New'),
  lastname: z.string().default('User'),
  email: z.string().optional(),
  enabled: z.boolean().default(true),
  activated: z.boolean().default(false),
  notifications: z.array(z.string()).optional(),
  roles: z.array(role).default([]),
  businessTypes: z.array(z.string()).default([]),
  externalId: z.string().optional(),
});

const newUser = ({ externalId, notifications, ...given }: z.output<typeof addBody>) => ({
  ...given,
  ...(notifications === undefined ? {} : { notifications }),
  ...(externalId === undefined ? {} : { rest: { external_id: externalId } }),
});

export function userActions({ cloud, console }: Controlled): readonly Action[] {
  const shown = (user: User) => ({
    user: userView(user, { ...cloud.switches.current, userShape: 'openapi' }),
    roles: policiesView(user, cloud.switches.current).map((policy) => ({
      role: policy['role_id'],
      tenantId: policy['tenant_id'],
    })),
    puts: cloud.ledger.putsOf(user.id),
  });
  const found = (id: string): User => {
    const user = cloud.directory.get(id);
    if (user === undefined) throw new InputError(`There is no user with the id ${id}.`);
    return user;
  };
  return [
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
      does: 'adds a user: {"login":"new.user","tenantId":"…","roles":["company_admin"]}',
      run: ({ body }) => shown(console.add(newUser(parseInput(addBody, body, 'the user')))),
    },
    {
      method: 'GET',
      path: 'users/{id}',
      does: 'one user, its roles, and how often it was PUT',
      run: ({ id }) => shown(found(id)),
    },
    {
      method: 'POST',
      path: 'users/{id}/strip',
      does: 'removes the business types, as an administrator would',
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
      method: 'POST',
      path: 'users/{id}/roles',
      does: 'sets the roles, on the own tenant or another: {"roles":["company_admin",{"role":"unit_admin","tenantId":"…"}]}',
      run: ({ id, body }) => shown(console.setRoles(id, parseInput(rolesBody, body, 'the roles').roles)),
    },
    {
      method: 'POST',
      path: 'users/{id}/activate',
      does: 'the user follows the link of the activation e-mail and chooses a password: {"password":"…"}',
      run: ({ id, body }) => shown(console.activate(id, parseInput(passwordBody, body, 'the password').password)),
    },
    {
      method: 'POST',
      path: 'users/{id}/password',
      does: 'gives the user a password to sign in with: {"password":"…"}',
      run: ({ id, body }) => shown(console.setPassword(id, parseInput(passwordBody, body, 'the password').password)),
    },
    {
      method: 'POST',
      path: 'users/{id}/edit',
      does: 'changes what is named: {"login":"…","enabled":false,"activated":true,"notifications":["quota"],"externalId":"e-1"}; null removes the external id',
      run: ({ id, body }) => shown(console.edit(id, parseInput(editBody, body, 'the edit'))),
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
