/** What a TenantUpsellPolicy may say, as zod judges it; a table on the real API server holds that CEL agrees. */
import { describe, expect, it } from 'vitest';
import { transformPolicy } from '../../../../src/api/policy/object.ts';
import { policySpecSchema } from '../../../../src/api/policy/spec.ts';
import { badPolicies, goodPolicies } from '../../../support/policy-specs.ts';

const tenantID = 'ede9f834-70b3-476c-83d9-736f9f8c7dae';

describe('a policy', () => {
  it.each(goodPolicies)('with %s is good', (_, spec) => {
    expect(policySpecSchema.safeParse(spec).error).toBeUndefined();
  });

  it.each(badPolicies)('with %s is refused', (_, spec) => {
    expect(policySpecSchema.safeParse(spec).success).toBe(false);
  });

  it('that names a tenant alone means the enabled company administrators of its customers, with careful brakes', () => {
    expect(policySpecSchema.parse({ tenantID })).toEqual({
      tenantID,
      includeSubtenants: true,
      tenantKinds: ['customer'],
      users: { roles: ['company_admin'], enabled: true, exclude: [] },
      template: { spec: { managementPolicy: 'Enforce', deletionPolicy: 'Retain', suspend: false } },
      limits: { maxUsers: 5_000, maxRemovals: 10, maxNewPerHour: 0 },
      suspend: false,
    });
  });
});

describe('a stored policy', () => {
  const metadata = {
    namespace: 'partner',
    name: 'admins',
    uid: 'uid',
    resourceVersion: '7',
    generation: 2,
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
  const withAnnotations = (annotations: object) =>
    transformPolicy({ metadata: { ...metadata, annotations }, spec: { tenantID } });

  it('is kept with its age, and its tenant as the API shows it', () => {
    expect(transformPolicy({ metadata, spec: { tenantID: tenantID.toUpperCase() } })).toMatchObject({
      key: 'partner/admins',
      createdAt: Date.UTC(2026, 0, 1),
      deletedAt: undefined,
      spec: { ok: true, value: { tenantID } },
    });
  });

  it('that breaks a rule is kept, with what is wrong as a sentence', () => {
    expect(transformPolicy({ metadata, spec: { tenantID: 'x' } })?.spec).toEqual({
      ok: false,
      problem: expect.stringMatching(/^spec\.tenantID: tenantID is a UUID/),
    });
  });

  it('with fields of a newer version is read without them, and a status that cannot be read costs no other field', () => {
    const status = { matched: 3, children: 'many', offers: { BuyNow: 2, BuyLater: 1 } };
    expect(transformPolicy({ metadata, spec: { tenantID, users: { newer: 1 } }, status })).toMatchObject({
      spec: { ok: true },
      status: { matched: 3, children: undefined, offers: { BuyNow: 2 } },
    });
  });

  it.each([
    ['12', 12],
    ['0', 0],
    ['all', undefined],
    ['12 ', undefined],
    ['-1', undefined],
    ['1e3', undefined],
  ])('whose annotation approves %j removals approves %j', (text, approved) => {
    expect(withAnnotations({ 'upsell.acronis.com/approve': text })?.approved).toBe(approved);
  });

  it('is no policy without its metadata', () => {
    expect(transformPolicy({ spec: { tenantID } })).toBeUndefined();
  });
});
