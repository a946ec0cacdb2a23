import { expect, it } from 'vitest';
import { createFleet } from '../../../../src/fleet/cache/objects.ts';
import { countOffers } from '../../../../src/fleet/cache/offers.ts';
import { quietLog } from '../../../support/quiet.ts';
import { otherTenantId, tenantId, userId } from '../../controllers/upsell/fake-acronis.ts';
import { FakeCluster } from '../../controllers/upsell/fake-cluster.ts';

it('objects are counted by offer and by Informed, and tenants without a link once', async () => {
  const fleet = createFleet(quietLog);
  const cluster = new FakeCluster(fleet);
  const informed = (reason: string) => [
    { type: 'Informed', status: 'False', reason, message: '', lastTransitionTime: '2026-01-02T03:04:05Z' },
  ];
  const statuses = [
    { offer: 'BuyNowWithoutLink', tenantID: tenantId, conditions: informed('UserDisabled') },
    { offer: 'BuyNowWithoutLink', tenantID: tenantId, conditions: informed('UserDisabled') },
    { offer: 'BuyNowWithoutLink', tenantID: otherTenantId, conditions: informed('SomethingNewer') },
    { offer: 'ContactSales', tenantID: tenantId },
    {},
  ];
  for (const [at, status] of statuses.entries())
    cluster.setStatus(cluster.create({ userID: userId }, { name: `x-${at}` }), status);
  const { byOffer, byInformed, tenantsWithoutBuyUrl } = await countOffers(fleet);
  expect(Object.fromEntries(byOffer)).toEqual({
    BuyNow: 0,
    BuyNowWithoutLink: 3,
    ContactSales: 1,
    None: 0,
    Unknown: 0,
  });
  expect(Object.fromEntries(byInformed)).toMatchObject({ UserDisabled: 2, QuotaNotificationsOn: 0 });
  expect(tenantsWithoutBuyUrl).toBe(2);
});
