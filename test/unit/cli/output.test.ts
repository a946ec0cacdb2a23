import { expect, it } from 'vitest';
import { asMarkdown, asYaml } from '../../../src/cli/output/formats.ts';
import { tableOf } from '../../../src/cli/output/table.ts';

const columns = [{ heading: 'OBJECT' }, { heading: 'MESSAGE', wraps: true }];
const rows = [['customer-a/john', 'The user was deleted at Acronis. Delete this object, or restore the user.']];
const plain = (width: number | undefined) => ({ width, style: (_: string, text: string) => text });

it('a table fits the terminal: no line is longer, and no word is lost', () => {
  const lines = tableOf(columns, rows, plain(50)).split('\n');
  expect(lines.length).toBeGreaterThan(3);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(50);
  const words = lines.slice(1).flatMap((line) => line.slice(17).trim().split(' '));
  expect(words.filter((word) => word !== '').join(' ')).toBe(rows[0]?.[1]);
});

it('in a pipe a row is one line, whatever its length', () => {
  expect(tableOf(columns, rows, plain(undefined)).trimEnd().split('\n')).toHaveLength(2);
});

it('a value with line feeds is one line of a table', () => {
  expect(tableOf(columns, [['a', 'b\nc\td']], plain(undefined))).toContain('b c d');
});

it('Markdown of a pull request holds no link, tag, mention or further column that a value brings', () => {
  const text = asMarkdown(['Message'], [['a|b <img src=x> @octocat [x](http://x) `c`']]);
  expect(text.split('\n')[2]).toBe('| a\\|b &lt;img src=x> &#64;octocat \\[x\\](http://x) \\`c\\` |');
});

it('YAML is not folded', () => {
  expect(
    asYaml({ message: 'word '.repeat(60).trim() })
      .trimEnd()
      .split('\n'),
  ).toHaveLength(1);
});
