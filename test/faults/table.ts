/** What the run shows: a line for each moment of each side, and the sums. */
import type { CaseResult } from './result.ts';

interface Row {
  readonly what: string;
  readonly results: readonly CaseResult[];
}

const columns = [
  'side, moment',
  'cells',
  'faults',
  'objects',
  'converged',
  'owed',
  'PUTs',
  'sent',
  'lost',
  'duplicate',
  'stuck',
  'median',
  'max',
] as const;

export function table(results: readonly CaseResult[]): string {
  const groups = Map.groupBy(results, ({ side, moment }) => `${side}, ${moment}`);
  const rows: Row[] = [...groups].map(([what, group]) => ({ what, results: group }));
  const lines = [columns, ...rows.map(cellsOf), cellsOf({ what: 'all', results })];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const print = (line: readonly string[]) =>
    line
      .map((text, at) => (at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return lines.map(print).join('\n');
}

function cellsOf({ what, results }: Row): readonly string[] {
  const sum = (of: (result: CaseResult) => number) => String(results.reduce((total, each) => total + of(each), 0));
  const times = results.flatMap(({ convergedMs }) => (convergedMs === undefined ? [] : [convergedMs]));
  return [
    what,
    String(results.length),
    sum(({ faults }) => faults),
    sum(({ tally }) => tally.objects),
    sum(({ tally }) => tally.objects - tally.stuck.length),
    sum(({ tally }) => tally.owed),
    sum(({ tally }) => tally.applied),
    sum(({ tally }) => tally.sent),
    sum(({ tally }) => tally.lost),
    sum(({ tally }) => tally.duplicates),
    sum(({ tally }) => tally.stuck.length),
    seconds(median(times)),
    seconds(times.length === 0 ? undefined : Math.max(...times)),
  ];
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

const seconds = (ms: number | undefined): string => (ms === undefined ? '–' : `${(ms / 1_000).toFixed(1)} s`);
