import { expect, it } from 'vitest';
import { selectorKeys } from '../../../src/kubernetes/calls/label-selector.ts';

it.each([
  ['shard=a', ['shard']],
  ['shard==a,example.com/team!=b', ['shard', 'example.com/team']],
  ['tier in (a, b),zone notin (c,d)', ['tier', 'zone']],
  ['shard, !other', ['shard', 'other']],
  ['shard=a,shard!=b', ['shard']],
])('%s names %j', (selector, keys) => {
  expect(selectorKeys(selector)).toEqual(keys);
});
