/** The formats for machines and for pull requests: what is written is JSON, YAML or Markdown whatever the values hold. */
import { dump } from 'js-yaml';

export const asJson = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** Lines are not folded, so that a diff of two outputs shows what differs. */
export const asYaml = (value: unknown): string => dump(value, { lineWidth: -1, noRefs: true });

/** A table of GitHub's Markdown. */
export function asMarkdown(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return line(headings) + line(headings.map(() => '---')) + rows.map((row) => line(row.map(escaped))).join('');
}

/** As text: nothing in a cell is a link, a tag, a mention or the end of the cell. */
export const escaped = (text: string): string =>
  text
    .replaceAll(/[\r\n\t]+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\`*_[\]|~@#]/g, (each) => (each === '@' ? '&#64;' : `\\${each}`));
