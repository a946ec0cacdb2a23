/** The promises of UPGRADE.md are held by tests, and these are there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const rows = readFileSync(join(root, 'UPGRADE.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| Promise'))
  .map((line) => ({ promise: line.split('|')[1]?.trim() ?? '', line }));

test('there are promises', () => {
  expect(rows.length).toBeGreaterThan(5);
});

test.each(rows)('$promise', ({ line }) => {
  const named = [...line.matchAll(/\((test\/[^)]+\.test\.ts)\): \*([^*]+)\*/g)];
  expect(named.length).toBeGreaterThan(0);
  for (const [, file = '', name = ''] of named) expect(readFileSync(join(root, file), 'utf8')).toContain(name);
});
