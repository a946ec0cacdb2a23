import { expect, it } from 'vitest';
import { transformNamespace } from '../../../../src/fleet/cache/namespaces.ts';

it('what is not a namespace has no transform', () => {
  for (const raw of [undefined, {}, { metadata: {} }, 'x']) expect(transformNamespace(raw)).toBeUndefined();
});
