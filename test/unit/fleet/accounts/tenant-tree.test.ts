import { beforeEach, describe, expect, it } from 'vitest';
import { AcronisError } from '../../../../src/acronis/errors.ts';
import { createTenantTree, placeOf, type TenantTree } from '../../../../src/fleet/accounts/tenant-tree.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { always } from '../../../support/signal.ts';

let clock: ManualClock;
let tree: TenantTree;
let parents: Map<string, string | undefined>;
let asked: string[];
/** Those that the API client may not read. */
let refused: Set<string>;
let top: string;

beforeEach(() => {
  clock = new ManualClock();
  asked = [];
  refused = new Set();
  top = 'partner';
  parents = new Map([
    ['unit', 'customer'],
    ['customer', 'folder'],
    ['folder', 'partner'],
    ['partner', undefined],
    ['loop', 'loop'],
  ]);
  const getTenantParent = async (id: string) => {
    asked.push(id);
    if (refused.has(id)) throw forbidden();
    return parents.get(id);
  };
  const getRootTenant = async () => {
    asked.push('the client');
    if (refused.has('the client')) throw forbidden();
    return top;
  };
  tree = createTenantTree({ getTenantParent, getRootTenant }, clock);
});

const forbidden = () => new AcronisError('forbidden', 'no right', { status: 403, scope: 'user' });
const isWithin = (tenant: string, ...roots: string[]) => tree.isWithin(tenant, roots, always());

describe('a tenant is within', () => {
  it.each<[string, string, string[], boolean]>([
    ['itself', 'customer', ['x', 'customer'], true],
    ['the one above', 'unit', ['customer'], true],
    ['one far above', 'unit', ['partner'], true],
    ['not one beside', 'unit', ['other'], false],
    ['not one below', 'customer', ['unit'], false],
    ['nothing, where it is not shown', 'hidden', ['partner'], false],
    ['nothing, where it is above itself', 'loop', ['partner'], false],
  ])('%s', async (_, tenant, roots, expected) => {
    expect(await isWithin(tenant, ...roots)).toBe(expected);
  });
});

it('what was read is kept for ten minutes, and that a tenant is not shown for one', async () => {
  await isWithin('unit', 'partner');
  await isWithin('hidden', 'partner');
  expect(asked).toEqual(['unit', 'customer', 'folder', 'hidden']);
  await clock.advance(61_000);
  await isWithin('unit', 'partner');
  await isWithin('hidden', 'partner');
  expect(asked.slice(4)).toEqual(['hidden']);
  parents.set('unit', 'elsewhere');
  await clock.advance(10 * 60_000);
  expect(await isWithin('unit', 'partner')).toBe(false);
});

it('a tenant is asked for once, however many wait for it', async () => {
  await Promise.all(Array.from({ length: 50 }, () => isWithin('unit', 'customer')));
  expect(asked).toEqual(['unit']);
});

it('where Acronis cannot be asked nothing is said, and it is asked again', async () => {
  let works = false;
  const failing = createTenantTree(
    {
      getTenantParent: async () => {
        if (works) return 'partner';
        throw new AcronisError('unavailable', 'no response');
      },
      getRootTenant: async () => 'partner',
    },
    clock,
  );
  await expect(failing.isWithin('unit', ['partner'], always())).rejects.toThrow('no response');
  works = true;
  expect(await failing.isWithin('unit', ['partner'], always())).toBe(true);
});

describe('a tenant that the API client may not read', () => {
  it('is not taken for one outside: where it is, is not known', async () => {
    refused.add('customer');
    await expect(isWithin('unit', 'partner')).rejects.toMatchObject({ kind: 'forbidden', scope: 'user' });
    expect(await isWithin('unit', 'customer'), 'the way up to it was read').toBe(true);
  });

  it("is outside where it is the client's own", async () => {
    refused.add('partner');
    expect(await isWithin('unit', 'other')).toBe(false);
  });

  it('is outside where it is above the client', async () => {
    top = 'folder';
    refused.add('partner');
    expect(await isWithin('unit', 'other')).toBe(false);
    expect(await isWithin('unit', 'folder')).toBe(true);
  });

  it('is not known where the client itself is not shown, either', async () => {
    refused.add('customer').add('the client');
    await expect(isWithin('unit', 'partner')).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('is asked for once a minute, however often it is wanted, and seen as soon as the right is there', async () => {
    refused.add('customer');
    for (let at = 0; at < 5; at++) await isWithin('unit', 'partner').catch(() => {});
    expect(asked).toEqual(['unit', 'customer', 'the client']);
    refused.clear();
    await clock.advance(61_000);
    expect(await isWithin('unit', 'partner')).toBe(true);
  });

  it('cuts off no tenant whose place was read before, for an hour', async () => {
    expect(await isWithin('unit', 'partner')).toBe(true);
    refused.add('unit').add('customer').add('folder');
    await clock.advance(11 * 60_000);
    expect(await isWithin('unit', 'partner')).toBe(true);
    await clock.advance(50 * 60_000);
    expect(await isWithin('unit', 'partner')).toBe(true);
    await clock.advance(10 * 60_000);
    await expect(isWithin('unit', 'partner'), 'then it is not known').rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('has a place that is unknown, which is neither inside nor outside', async () => {
    refused.add('customer');
    expect(await placeOf('unit', ['partner'], tree, always())).toBe('unknown');
    expect(await placeOf('unit', ['customer'], tree, always())).toBe('inside');
    expect(await placeOf('partner', ['customer'], tree, always())).toBe('outside');
  });
});
