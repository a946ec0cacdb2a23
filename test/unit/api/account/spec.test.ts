/** What an AcronisAccount may say, as zod judges it; a table on the real API server holds that CEL agrees. */
import { describe, expect, it } from 'vitest';
import { transformAccount } from '../../../../src/api/account/object.ts';
import { accountSpecSchema } from '../../../../src/api/account/spec.ts';
import { badAccounts, goodAccounts } from '../../../support/account-specs.ts';

describe('an account', () => {
  it.each(goodAccounts)('with %s is good', (_, spec) => {
    expect(accountSpecSchema.safeParse(spec).error).toBeUndefined();
  });

  it.each(badAccounts)('with %s is refused, with a sentence', (_, spec) => {
    expect(accountSpecSchema.safeParse(spec).success).toBe(false);
  });
});

describe('a stored account', () => {
  const metadata = { namespace: 'sys', name: 'eu2', uid: 'uid', resourceVersion: '1' };

  it('that breaks a rule is kept, with what is wrong as a sentence', () => {
    const spec = { credentialsSecretRef: { name: 'a' }, tenantIDs: ['x'] };
    expect(transformAccount({ metadata, spec })?.spec).toEqual({
      ok: false,
      problem: expect.stringMatching(/^spec\.tenantIDs\.0: tenantIDs are UUIDs/),
    });
  });

  it('has its tenants as the API shows them, in lower case', () => {
    const tenantIDs = ['EDE9F834-70B3-476C-83D9-736F9F8C7DAE'];
    const spec = transformAccount({ metadata, spec: { credentialsSecretRef: { name: 'a' }, tenantIDs } })?.spec;
    expect(spec).toMatchObject({ ok: true, value: { tenantIDs: ['ede9f834-70b3-476c-83d9-736f9f8c7dae'] } });
  });

  it('with fields of a newer version is read without them, and a status that cannot be read costs no other field', () => {
    const spec = { credentialsSecretRef: { name: 'a' }, priority: 1 };
    const status = { url: 'https://eu2-cloud.acronis.com', conditions: 'none' };
    expect(transformAccount({ metadata, spec, status })).toMatchObject({
      spec: { ok: true },
      status: { url: 'https://eu2-cloud.acronis.com' },
    });
  });

  it('is no account without its metadata', () => {
    expect(transformAccount({ spec: {} })).toBeUndefined();
  });
});
