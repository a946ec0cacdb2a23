import { beforeEach, describe, expect, it } from 'vitest';
import { AcronisError } from '../../../../src/acronis/errors.ts';
import { createTenantTree, type TenantTree } from '../../../../src/fleet/accounts/tenant-tree.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { always } from '../../../support/signal.ts';

let clock: ManualClock;
let tree: TenantTree;
let parents: Map<string, string | undefined>;
let asked: string[];

beforeEach(() => {
  clock = new ManualClock();
  asked = [];
  parents = new Map([
    ['unit', 'customer'],
    ['customer', 'folder'],
    ['folder', 'partner'],
    ['partner', undefined],
    ['loop', 'loop'],
  ]);
  const getTenantParent = async (id: string) => {
    asked.push(id);
    return parents.get(id);
  };
  tree = createTenantTree({ getTenantParent }, clock);
});

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
    },
    clock,
  );
  await expect(failing.isWithin('unit', ['partner'], always())).rejects.toThrow('no response');
  works = true;
  expect(await failing.isWithin('unit', ['partner'], always())).toBe(true);
});
