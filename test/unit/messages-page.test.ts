/** docs/reference/messages.md has every message that a condition can have: a search for part of one finds it. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withSentences } from '../../scripts/messages-page.ts';
import { ofCauses, ofCode, sentencesIn } from '../../scripts/sentences.ts';
import { causes } from '../../src/acronis/causes/table.ts';
import { reasons } from '../../src/api/conditions.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/reference/messages.md'), 'utf8');

test('the page is what `npm run generate:messages` makes of the code now', () => {
  expect(withSentences(page, root)).toBe(page);
});

test('the page has every cause with an anchor of its own, and every reason with a heading', () => {
  for (const id of Object.keys(causes)) expect(page.split(`<a id="${id}"></a>`)).toHaveLength(2);
  for (const reason of reasons) expect(page.split(`\n### ${reason}\n`)).toHaveLength(2);
});

test('the page has every sentence, those of the table and those beside their reason in the code', () => {
  const all = [...ofCauses(), ...ofCode(root)];
  expect(all.length).toBeGreaterThan(100);
  for (const { text } of all) expect(page).toContain(text);
});

test('no message that stands beside a reason in the code is passed over', () => {
  const sources = globSync('src/{api,fleet,controllers}/**/*.ts', { cwd: root }).map((path) =>
    readFileSync(join(root, path), 'utf8'),
  );
  const beside = sources.flatMap((source) => [...source.matchAll(/reason: '([A-Z]\w+)',\s*message:\s*['"`]/g)]);
  const known = beside.filter(([, name]) => reasons.some((reason) => reason === name));
  expect(known.length).toBeGreaterThan(15);
  expect(ofCode(root).length).toBeGreaterThanOrEqual(known.length);
});

test('a message is found as a literal or a template, after its reason or as an argument', () => {
  const source = `
    return { reason: 'Suspended', message: "It isn't read." };
    x({ reason: 'Rejected', message:
      \`\${tenantIdLabel} has no \${spec.userName}.\` });
    noMatch('UserAmbiguous', 'It\\'s two.');
    throw new KubernetesError('x', { reason: 'TimedOut', message: 'not a condition' });`;
  expect(sentencesIn(source)).toEqual([
    { reason: 'Suspended', text: "It isn't read." },
    { reason: 'Rejected', text: 'upsell.acronis.com/tenant-id has no USER_NAME.' },
    { reason: 'UserAmbiguous', text: "It's two." },
  ]);
});
