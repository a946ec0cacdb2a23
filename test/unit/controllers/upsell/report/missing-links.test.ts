import { expect, it } from 'vitest';
import type { Status } from '../../../../../src/api/status.ts';
import { MissingLinks } from '../../../../../src/controllers/upsell/report/missing-links.ts';

const about = { apiVersion: 'v1', kind: 'x', namespace: 'n', name: 'o', uid: 'u' };
const withoutLink = (tenantID: string): Status => ({ tenantID, offer: 'BuyNowWithoutLink' });

it('the memory of tenants without a link stays bounded as tenants come and go, and says none twice that an object still shows', () => {
  const said: string[] = [];
  const statuses = new Map<string, Status>();
  const links = new MissingLinks(
    { warning: () => void said.push('event') },
    { values: () => [...statuses.values()].map((status) => ({ status })) },
  );
  const come = (tenantID: string) => {
    links.reported(about, {}, withoutLink(tenantID));
    statuses.set(tenantID, withoutLink(tenantID));
  };
  for (let at = 0; at < 50; at++) come(`stays-${at}`);
  for (let at = 0; at < 10_000; at++) {
    come(`goes-${at}`);
    statuses.delete(`goes-${at}`);
  }
  expect(links.size).toBeLessThanOrEqual(1_150);
  const before = said.length;
  expect(before).toBe(10_050);
  for (let at = 0; at < 50; at++) links.reported(about, {}, withoutLink(`stays-${at}`));
  expect(said.length).toBe(before);
});
