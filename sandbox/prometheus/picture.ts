/** The dashboard's panels as one SVG, from Prometheus's responses: numbers for `stat`, lines or a stack for `timeseries`. It loads nothing from elsewhere. */
import type { RangeSeries } from './server.ts';

export interface DrawnPanel {
  readonly type: string;
  readonly title: string;
  readonly at: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly unit: string | undefined;
  readonly stacked: boolean;
  /** From which value on which colour, as Grafana has it; the first holds from below. */
  readonly thresholds: readonly { readonly color: string; readonly value: number | null }[];
  readonly lines: readonly { readonly name: string; readonly values: RangeSeries['values'] }[];
}

const column = 52;
const rowHeight = 32;
const gap = 6;
const palette = [
  '#73bf69',
  '#f2cc0c',
  '#5794f2',
  '#ff9830',
  '#b877d9',
  '#f2495c',
  '#56a64b',
  '#8ab8ff',
  '#ca95e5',
  '#ffcb7d',
];
const shades: Readonly<Record<string, string>> = {
  green: '#3a7d34',
  yellow: '#a8820b',
  red: '#b3283a',
  blue: '#2b5ca8',
};

/** What the time axes of all panels show, in seconds. */
export interface TimeAxis {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

export function picture(panels: readonly DrawnPanel[], axis: TimeAxis, title: string): string {
  const height = Math.max(...panels.map(({ at }) => at.y + at.h)) * rowHeight + gap;
  const width = 24 * column + gap;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#111217"/>`,
    ...panels.flatMap((panel) => drawPanel(panel, axis)),
    '</svg>',
  ].join('\n')}\n`;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

function drawPanel(panel: DrawnPanel, axis: TimeAxis): string[] {
  const { at, title, type } = panel;
  const box = { x: at.x * column + gap, y: at.y * rowHeight + gap, w: at.w * column - gap, h: at.h * rowHeight - gap };
  if (type === 'row') return [text(box.x, box.y + 18, title, 15, '#ccccdc')];
  const inner = { x: box.x + 8, y: box.y + 26, w: box.w - 16, h: box.h - 34 };
  return [
    `<rect x="${box.x}" y="${box.y}" width="${box.w}" height="${box.h}" rx="3" fill="#181b1f" stroke="#25272c"/>`,
    text(inner.x, box.y + 17, title, 12, '#ccccdc'),
    ...(type === 'stat' ? drawStat(panel, inner) : drawSeries(panel, axis, inner)),
  ];
}

function drawStat({ lines, unit, thresholds }: DrawnPanel, { x, y, w, h }: Box): string[] {
  const [first] = lines;
  const last = first?.values.at(-1);
  const value = last === undefined ? undefined : Number(last[1]);
  // A panel of names has no number to show.
  const shown = value === undefined ? 'No data' : first?.name || format(value, unit);
  const step =
    value === undefined ? undefined : thresholds.findLast((each) => each.value === null || value >= each.value);
  const size = Math.min(34, (w * 1.7) / Math.max(3, shown.length));
  return [
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="3" fill="${shades[step?.color ?? ''] ?? '#2c3235'}"/>`,
    text(x + w / 2, y + h / 2 + size / 3, shown, size, '#ffffff', 'middle'),
  ];
}

function drawSeries({ lines, unit, stacked }: DrawnPanel, { from, to, step }: TimeAxis, box: Box): string[] {
  const legendRows = Math.min(
    2,
    Math.ceil((lines.map(({ name }) => name.length + 4).reduce((a, b) => a + b, 0) * 6) / box.w),
  );
  const plot = { x: box.x + 44, y: box.y, w: box.w - 48, h: box.h - 6 - legendRows * 14 };
  const base = new Map<number, number>();
  const shapes = lines.map(({ name, values }) => {
    const points = values
      .map(([at, value]) => ({ at, value: Number(value) }))
      .filter(({ value }) => Number.isFinite(value))
      .map(({ at, value }) => {
        const under = stacked ? (base.get(at) ?? 0) : 0;
        base.set(at, under + value);
        return { at, under, top: under + value };
      });
    return { name, points };
  });
  const most = Math.max(0, ...shapes.flatMap(({ points }) => points.map(({ top }) => top)));
  const scale = unit === 's' && most > 60 ? niceCeiling(most / 60) * 60 : niceCeiling(most);
  const px = (at: number) => round(plot.x + (plot.w * (at - from)) / Math.max(1, to - from));
  const py = (value: number) => round(plot.y + plot.h * (1 - value / scale));
  const grid = [0, 0.5, 1].flatMap((share) => [
    `<path d="M${plot.x} ${py(scale * share)}h${plot.w}" stroke="#2c3235"/>`,
    text(plot.x - 5, py(scale * share) + 4, format(scale * share, unit), 10, '#8e8e9a', 'end'),
  ]);
  const drawn = shapes.flatMap(({ points }, index) =>
    unbroken(points, step).flatMap((run) => {
      const colour = palette[index % palette.length];
      const line = run.map(({ at, top }) => `${px(at)} ${py(top)}`).join('L');
      // Where nothing is stacked it is straight.
      const floor = (stacked ? run : [...run.slice(0, 1), ...run.slice(-1)])
        .toReversed()
        .map(({ at, under }) => `${px(at)} ${py(under)}`)
        .join('L');
      return [
        `<path d="M${line}L${floor}z" fill="${colour}" opacity="${stacked ? 0.55 : 0.08}"/>`,
        `<path d="M${line}" fill="none" stroke="${colour}" stroke-width="1.3"/>`,
      ];
    }),
  );
  return [...grid, ...drawn, ...legend(shapes, box, legendRows)];
}

/** Where a series was not there for a while, its line is not either. */
function unbroken<Point extends { readonly at: number }>(points: readonly Point[], step: number): Point[][] {
  const runs: Point[][] = [];
  for (const point of points) {
    const run = runs.at(-1);
    if (run !== undefined && point.at - (run.at(-1)?.at ?? 0) <= 1.5 * step) run.push(point);
    else runs.push([point]);
  }
  return runs;
}

function legend(shapes: readonly { readonly name: string }[], box: Box, rows: number): string[] {
  let x = box.x;
  let row = 0;
  return shapes.flatMap(({ name }, index) => {
    const length = 18 + name.length * 5.8;
    if (x + length > box.x + box.w && x > box.x) {
      x = box.x;
      row++;
    }
    if (row >= rows) return [];
    const y = box.y + box.h - (rows - 1 - row) * 14 + 2;
    const at = x;
    x += length;
    return [
      `<rect x="${round(at)}" y="${y - 6}" width="9" height="4" fill="${palette[index % palette.length]}"/>`,
      text(round(at) + 12, y, name, 10, '#ccccdc'),
    ];
  });
}

const round = (value: number): number => Math.round(value * 10) / 10;
const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const text = (x: number, y: number, words: string, size: number, fill: string, anchor = 'start'): string =>
  `<text x="${round(x)}" y="${round(y)}" font-size="${round(size)}" fill="${fill}" text-anchor="${anchor}">${escaped(words)}</text>`;

/** 1, 2 or 5 times a power of ten, not below the value. */
function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((times) => times * power >= value) ?? 10) * power;
}

/** As Grafana writes a value of this unit, about. */
export function format(value: number, unit: string | undefined): string {
  const short = (number: number) => String(Number(number.toPrecision(number >= 100 ? 4 : 3)));
  switch (unit) {
    case 'percentunit':
      return `${short(Math.round(value * 1_000) / 10)} %`;
    case 's':
      if (value >= 3_600) return `${short(value / 3_600)} h`;
      if (value >= 60) return `${short(value / 60)} min`;
      return value > 0 && value < 1 ? `${short(value * 1_000)} ms` : `${short(value)} s`;
    case 'bytes':
      return `${short(value / 1_048_576)} MiB`;
    case 'reqps':
      return `${short(value)} /s`;
    default:
      if (value >= 1e6) return `${short(value / 1e6)} M`;
      return value >= 1e4 ? `${short(value / 1e3)} K` : short(value);
  }
}
