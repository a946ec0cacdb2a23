/**
 * Rows for people, as kubectl prints them: headings, columns, no lines between. A table fits the terminal: the columns that hold sentences wrap first. In a pipe
 * nothing wraps, so that `grep` finds whole rows.
 */
import Table from 'cli-table3';
import type { Output } from '../terminal/terminal.ts';

export interface Column {
  readonly heading: string;
  /** It may be wrapped where the row is too long. */
  readonly wraps?: boolean;
}

/** No wrapping column is narrower, however small the terminal is. */
const minWrapped = 20;
const gap = 2;

/** @returns lines, with a line feed at the end of each. */
export function tableOf(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  output: Pick<Output, 'width' | 'style'>,
): string {
  const widths = columns.map(({ heading }, at) =>
    rows.reduce((width, row) => Math.max(width, lengthOf(row[at])), heading.length),
  );
  const table = new Table({
    head: columns.map(({ heading }) => output.style('bold', heading)),
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': gap },
    colWidths: fitted(columns, widths, output.width).map((width) => width + gap),
    wordWrap: true,
    wrapOnWordBoundary: true,
  });
  table.push(...rows.map((row) => row.map(oneLine)));
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

const parts = ['top', 'bottom', 'left', 'right'] as const;
const noLines = {
  ...Object.fromEntries(
    parts.flatMap((part) => [part, `${part}-mid`, `${part}-left`, `${part}-right`].map((each) => [each, ''])),
  ),
  mid: '',
  'left-mid': '',
  'mid-mid': '',
  'right-mid': '',
  middle: '',
};

/** Wrapping columns share what the others leave of the line. */
function fitted(columns: readonly Column[], widths: readonly number[], line: number | undefined): number[] {
  const wrapped = columns.flatMap(({ wraps }, at) => (wraps === true ? [at] : []));
  const total = widths.reduce((sum, width) => sum + width + gap, 0);
  if (line === undefined || total <= line || wrapped.length === 0) return [...widths];
  const taken = widths.reduce((sum, width, at) => sum + gap + (wrapped.includes(at) ? 0 : width), 0);
  const wanted = wrapped.reduce((sum, at) => sum + (widths[at] ?? 0), 0);
  const left = Math.max(0, line - taken);
  return widths.map((width, at) =>
    wrapped.includes(at)
      ? Math.min(width, Math.max(minWrapped, Math.floor((left * width) / Math.max(1, wanted))))
      : width,
  );
}

const oneLine = (text: string): string => text.replaceAll(/[\r\n\t]+/g, ' ');

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that begins a colour
const styles = /\x1b\[[0-9;]*m/g;
/** Wide characters count as two: a column that is a little too wide is better than a row that breaks. */
const lengthOf = (text = ''): number =>
  [...oneLine(text).replaceAll(styles, '')].reduce(
    (sum, each) => sum + ((each.codePointAt(0) ?? 0) > 0x10ff ? 2 : 1),
    0,
  );
