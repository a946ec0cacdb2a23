/** The rows as a person reads them: aligned text for the terminal, Markdown for docs/performance.md. */
import { contenderNames, figures, type Goal } from './sample.ts';
import type { Spread } from './statistics.ts';
import type { Row } from './summary.ts';

/** The bare loop has a column where it took part. */
const headsOf = (rows: readonly Row[]): readonly string[] => [
  'what',
  contenderNames.ours,
  contenderNames.go,
  'ratio',
  ...(withBare(rows) ? [contenderNames.bare] : []),
  'goal',
];
const withBare = (rows: readonly Row[]): boolean => rows.some((row) => row.bare !== undefined);

/** `1,234.5`; a dash for what is not there. */
export function number(value: number, digits: number): string {
  if (!Number.isFinite(value)) return '–';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `0.5 (0.4–0.7)`: the median, and in brackets the least and the most where there were several runs and they differ. */
export function spread(of: Spread | undefined, digits: number): string {
  if (of === undefined) return '–';
  const [min, middle, max] = [of.min, of.median, of.max].map((value) => number(value, digits));
  return min === max ? `${middle}` : `${middle} (${min}–${max})`;
}

function goalText({ of, atMost, atLeast }: Goal, digits: number): string {
  const text =
    atMost !== undefined ? `≤ ${number(atMost, of === 'value' ? digits : 2)}` : `≥ ${number(atLeast ?? 0, 2)}`;
  return { go: `${text} ×`, bare: `${text} × the bare loop`, value: text }[of];
}

function cells(row: Row, bare: boolean): readonly string[] {
  const { label, unit, digits } = figures[row.figure] ?? { label: row.figure, unit: '', digits: 2 };
  const goal = row.goal === undefined ? '' : goalText(row.goal, Math.min(digits, 1));
  const mark = row.reached === undefined ? '' : row.reached ? ' ✓' : ' ✗';
  return [
    unit === '' ? label : `${label}, ${unit}`,
    spread(row.ours, digits),
    spread(row.go, digits),
    row.ratio === undefined ? '' : spread(row.ratio, 2),
    ...(bare ? [row.bare === undefined ? '' : spread(row.bare, digits)] : []),
    goal + mark,
  ];
}

/** `burst, 5,000 objects` */
const title = ({ phase, objects }: Row): string => `${phase}, ${number(objects, 0)} objects`;

/** The rows in the groups in which they stand. */
function groups(rows: readonly Row[]): readonly (readonly [title: string, rows: readonly Row[]])[] {
  const found = new Map<string, Row[]>();
  for (const row of rows) found.set(title(row), [...(found.get(title(row)) ?? []), row]);
  return [...found];
}

export function textTable(rows: readonly Row[]): string {
  const [heads, bare] = [headsOf(rows), withBare(rows)];
  const lines: (readonly string[] | string)[] = [];
  for (const [name, group] of groups(rows)) lines.push(`\n${name}`, ...group.map((row) => cells(row, bare)));
  const widths = heads.map((head, i) =>
    Math.max(head.length, ...lines.map((line) => (typeof line === 'string' ? 0 : (line[i] ?? '').length))),
  );
  const show = (line: readonly string[]) =>
    `  ${line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')}`.trimEnd();
  return [show(heads), ...lines.map((line) => (typeof line === 'string' ? line : show(line)))].join('\n');
}

export function markdownTable(rows: readonly Row[]): string {
  const [heads, bare] = [headsOf(rows), withBare(rows)];
  const show = (line: readonly string[]) => `| ${line.join(' | ')} |`;
  const lines = groups(rows).flatMap(([name, group]) => [
    show([`**${name}**`, ...heads.slice(1).map(() => '')]),
    ...group.map((row) => show(cells(row, bare))),
  ]);
  return [
    show(heads),
    `|---|${heads
      .slice(1)
      .map(() => '---:|')
      .join('')}`,
    ...lines,
  ].join('\n');
}
