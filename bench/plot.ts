/** A picture of the samples: one line for each figure, each run a dot, all contenders on one scale that begins at zero. */
import { type ContenderName, contenderNames, contenders, figures, type Sample } from './sample.ts';
import { median } from './statistics.ts';
import { number } from './table.ts';

/** What is worth a line; the rest is in the table. */
const shown = new Set([
  'cpuMsPerObject',
  'cpuS',
  'perSecond',
  'requestsPerObject',
  'requests',
  'requestsPerMinute',
  'rssMiB',
  'p99Ms',
]);
const colours: Readonly<Record<ContenderName, string>> = { ours: '#0b7285', go: '#c2410c', bare: '#868e96' };

const left = 330;
const width = 860;
const scaleEnd = 640;
const rowHeight = 30;
const top = 64;

interface PlotRow {
  readonly label: string;
  readonly unit: string;
  readonly digits: number;
  readonly values: readonly (readonly [ContenderName, readonly number[]])[];
}

export function plotRows(samples: readonly Sample[]): readonly PlotRow[] {
  const groups = Map.groupBy(samples, (sample) => `${sample.phase}, ${number(sample.objects, 0)}`);
  return [...groups].flatMap(([group, of]) =>
    Object.entries(figures).flatMap(([figure, { label, unit, digits }]) => {
      if (!shown.has(figure)) return [];
      const values = contenders.flatMap((contender) => {
        const found = of.flatMap((sample) =>
          sample.contender === contender ? [sample.figures[figure] ?? []].flat() : [],
        );
        return found.length === 0 ? [] : [[contender, found] as const];
      });
      return values.length === 0 ? [] : [{ label: `${group}: ${label}`, unit, digits, values }];
    }),
  );
}

export function plot(samples: readonly Sample[], caption: string): string {
  const rows = plotRows(samples);
  const height = top + rows.length * rowHeight + 40;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" role="img">`,
    `<title>What the operator costs, beside controller-runtime</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...legend(samples),
    ...rows.flatMap(drawRow),
    text(16, height - 14, caption, { size: 11, fill: '#666666' }),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

const legend = (samples: readonly Sample[]): string[] =>
  contenders
    .filter((each) => samples.some(({ contender }) => contender === each))
    .flatMap((contender, i) => [
      `<circle cx="${left + 8 + i * 140}" cy="28" r="5" fill="${colours[contender]}"/>`,
      text(left + 20 + i * 140, 33, contenderNames[contender], { fill: '#222222' }),
    ]);

function drawRow({ label, unit, digits, values }: PlotRow, index: number): string[] {
  const middle = top + index * rowHeight;
  const most = Math.max(...values.flatMap(([, found]) => found)) || 1;
  const x = (value: number) => round(left + ((scaleEnd - left) * value) / most);
  const dots = values.flatMap(([contender, found], place) => {
    const y = middle + (values.length > 1 ? place * 8 - (values.length - 1) * 4 : 0);
    return [
      `<line x1="${left}" y1="${y}" x2="${x(median(found))}" y2="${y}" stroke="${colours[contender]}" stroke-width="4" opacity="0.35"/>`,
      ...found.map((value) => `<circle cx="${x(value)}" cy="${y}" r="3.5" fill="${colours[contender]}"/>`),
    ];
  });
  const medians = values.map(([, found]) => number(median(found), digits)).join(' / ');
  return [
    text(left - 12, middle + 4, label, { anchor: 'end', fill: '#222222' }),
    `<line x1="${left}" y1="${middle - 9}" x2="${left}" y2="${middle + 9}" stroke="#999999"/>`,
    ...dots,
    text(scaleEnd + 16, middle + 4, `${medians} ${unit}`.trimEnd(), { fill: '#222222' }),
  ];
}

interface TextStyle {
  readonly anchor?: 'end';
  readonly size?: number;
  readonly fill: string;
}

function text(x: number, y: number, content: string, { anchor, size, fill }: TextStyle): string {
  const more = `${anchor === undefined ? '' : ` text-anchor="${anchor}"`}${size === undefined ? '' : ` font-size="${size}"`}`;
  return `<text x="${x}" y="${y}" fill="${fill}"${more}>${escaped(content)}</text>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
const escaped = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
