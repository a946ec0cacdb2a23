import { expect, test } from 'vitest';
import { KubernetesError } from '../../../../src/kubernetes/calls/errors.ts';

const jwt = `eyJhbGciOiJSUzI1NiJ9.${'canary'.repeat(6)}.sig-_x`;

test.each([
  ['a bearer token', `no: Authorization: Bearer ${jwt} is unknown`, 'no: Authorization: Bearer … is unknown'],
  ['an opaque bearer token', 'bearer abcdefghijklmnopqrstuvwxyz0123 refused', 'bearer … refused'],
  ['a basic credential', 'header "Basic Y2FuYXJ5OmNhbmFyeWNhbmFyeQ=="', 'header "Basic …"'],
  ['a token on its own', `got ${jwt}`, 'got …'],
  ['two of them', `${jwt} and ${jwt}`, '… and …'],
])('a message that says back %s goes on without it', (_what, said, kept) => {
  expect(new KubernetesError(said).message).toBe(kept);
});

test('words are left as they are', () => {
  const said = 'tenantuserupsells.upsell.acronis.com "bearer of news" is forbidden: basic auth is off';
  expect(new KubernetesError(said).message).toBe(said);
});
