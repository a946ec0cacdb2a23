import { beforeEach, expect, it } from 'vitest';
import { AcronisError } from '../../../../src/acronis/errors.ts';
import { standingOf } from '../../../../src/controllers/policy/standing.ts';
import { PolicyWorld, tenant, users } from './world.ts';

const above = '00000000-0000-4000-8000-000000000001';
const elsewhere = '00000000-0000-4000-8000-000000000002';

let world: PolicyWorld;
beforeEach(() => {
  world = new PolicyWorld();
  world.isWithin = (id, roots) => roots.includes(id) || (id === tenant && roots.includes(above));
});

/** How a policy stands in a namespace with this label. */
async function standing(label: string | undefined, spec: object = {}) {
  if (label !== undefined) world.label(label);
  world.policy('admins', spec);
  const policy = world.policies.get('sales/admins');
  if (policy === undefined) throw new Error('it is there');
  return await standingOf(policy, world.context, new AbortController().signal);
}

it.each([
  ['without a label', undefined],
  ['whose label is its tenant', tenant],
  ['whose label is a tenant above its own', above],
])('a policy in a namespace %s selects from its tenant down', async (_, label) => {
  expect(await standing(label)).toMatchObject({
    kind: 'served',
    selection: { tenantID: tenant, includeSubtenants: true },
  });
});

it('a policy whose tenant is neither the label nor below it is refused, and nobody is listed', async () => {
  expect(await standing(elsewhere)).toMatchObject({ kind: 'stopped', verdict: { reason: 'NamespaceNotAllowed' } });
  world.listed = users(2);
  await world.settle();
  expect(world.ready('admins').reason).toBe('NamespaceNotAllowed');
  expect(world.passes).toBe(0);
});

it('while Acronis cannot be asked where the tenant is, a policy that is well stays so for two tries, and its children stay', async () => {
  world.listed = users(2);
  world.policy('admins');
  await world.settle();
  world.label(above);
  world.isWithin = () => {
    throw new AcronisError('unavailable', 'It failed.');
  };
  for (const reason of ['Applied', 'Applied', 'Unavailable']) {
    await world.reconcile();
    expect(world.ready('admins').reason).toBe(reason);
  }
  expect(world.children).toHaveLength(2);
});
