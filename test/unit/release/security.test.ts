/** The threat model of SECURITY.md is held by tests, and these are there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const rows = readFileSync(join(root, 'SECURITY.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| Threat'))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );

test('there are threats', () => {
  expect(rows.length).toBeGreaterThan(15);
});

test.each(rows.map(([threat = '', , named = '']) => ({ threat, named })))('$threat', ({ named }) => {
  const [, file = 'nothing', name = 'nothing'] = /^`(test\/\S+\.test\.ts)`: (.+)$/.exec(named) ?? [];
  // As it stands in the source, where a quote may be escaped.
  expect(readFileSync(join(root, file), 'utf8').replaceAll("\\'", "'")).toContain(name);
});
