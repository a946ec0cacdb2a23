import { expect, it } from 'vitest';
import { createBrands } from '../../../../src/fleet/brands/brands.ts';
import { createFleet } from '../../../../src/fleet/objects.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { quietLog } from '../../../support/quiet.ts';
import { always } from '../../../support/signal.ts';

it('an account that was forgotten and is used again is asked through its own limits and connections', async () => {
  const clock = new ManualClock();
  const brands = createBrands({
    fleet: createFleet(quietLog),
    sources: { read: async () => ({ kind: 'missing', problem: 'No Secret.' }) },
    accounts: {
      of: () => {
        throw new Error('there are no credentials');
      },
    },
    intervalMs: 3_600_000,
    clock,
    lifetime: always(),
  });
  const made = (hasUrl: boolean) => ({
    id: 'account',
    branding: { getTenants: async () => [], hasBuyUrl: async () => hasUrl },
  });
  const ask = async (account: ReturnType<typeof made>, tenant: string) => {
    const read = brands.read(account, tenant, always());
    await clock.advance(100);
    return await read;
  };
  expect(await ask(made(true), 'tenant-1')).toBe('set');
  expect(await ask(made(false), 'tenant-2')).toBe('notSet');
});
