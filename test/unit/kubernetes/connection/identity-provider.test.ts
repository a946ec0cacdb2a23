import { expect, test } from 'vitest';
import { IdentityProvider } from '../../../../src/kubernetes/connection/identity-provider.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const forever = new AbortController().signal;
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const idToken = (exp: number) => `${part({ alg: 'none' })}.${part({ exp })}.canary-4711`;
const providerOf = (config: Record<string, string>) =>
  new IdentityProvider({ name: 'oidc', config }, new ManualClock());

test('an ID token that holds is sent', async () => {
  const token = idToken(Date.now() / 1_000 + 3_600);
  expect(await providerOf({ 'id-token': token }).authorization(forever)).toBe(`Bearer ${token}`);
});

test.each([
  ['that has expired and cannot be renewed', { 'id-token': idToken(1) }],
  ['that is none', { 'id-token': 'canary-4711' }],
  ['that is missing', {}],
])('an ID token %s is an error in words, never a call without credentials', async (_name, config) => {
  const error = await providerOf(config)
    .authorization(forever)
    .catch((error: unknown) => String(error));
  expect(error).toMatch(/its identity provider gave none\. Try any kubectl command/);
  expect(error).not.toContain('canary');
});
