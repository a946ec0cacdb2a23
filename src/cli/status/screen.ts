/**
 * The fleet in one screen: figures first, then who is no buyer and why, as far as the screen goes. Pure: lines of text for a width and a height. What does not
 * fit is cut with …; how many were left out is said.
 */
import type { Count, FleetSummary, NoBuyer } from './summary.ts';

export interface ScreenOptions {
  /** Columns and lines; Infinity where it is no terminal. */
  readonly width: number;
  readonly height: number;
  /** On no terminal text stays as it is. */
  readonly style: (style: 'bold' | 'dim' | 'green' | 'red', text: string) => string;
  /** The time of day, in milliseconds. */
  readonly now: number;
}

export function screen(summary: FleetSummary, options: ScreenOptions): readonly string[] {
  const { style, width, height } = options;
  const cut = (text: string) => fitted(text, width);
  const head = [...packed(headline(summary), options), ''];
  const figures = [
    ...row('Reason', summary.byReason, options),
    ...row('Offer', summary.byOffer, options),
    ...row('Informed', summary.byInformed, options),
    ...accounts(summary, cut),
    ...policies(summary, cut),
  ];
  const above = [...head, ...figures];
  if (summary.noBuyers.length === 0) return above;
  const title = style('bold', cut(`No buyers (${grouped(summary.noBuyers.length)})`));
  // One line for the title, one above it, one for what is left out, and one for the cursor.
  const room = Math.max(3, height - above.length - 4);
  const shown = summary.noBuyers.slice(0, room);
  const left = summary.noBuyers.length - shown.length;
  return [
    ...above,
    '',
    title,
    ...table(shown, options),
    ...(left === 0 ? [] : [style('dim', cut(`… and ${grouped(left)} more: --output json has them all`))]),
  ];
}

/** A figure, and how it stands out. */
interface Part {
  readonly text: string;
  readonly style?: 'bold' | 'green' | 'red';
}

function headline({ objects, ready, stalled }: FleetSummary): readonly Part[] {
  if (objects === 0) return [{ text: 'No TenantUserUpsell here.' }];
  const share = Math.floor((ready.true / objects) * 100);
  const readyText = `${grouped(ready.true)} Ready (${share} %)`;
  return [
    { text: `${grouped(objects)} ${objects === 1 ? 'object' : 'objects'}`, style: 'bold' },
    { text: readyText, ...(ready.true === objects ? { style: 'green' } : {}) },
    ...some(ready.false, 'not', 'red'),
    ...some(ready.unknown, 'unknown'),
    ...some(stalled, stalled === 1 ? 'waits for a person' : 'wait for a person', 'red'),
  ];
}

const some = (count: number, what: string, style?: 'red'): readonly Part[] =>
  count === 0 ? [] : [{ text: `${grouped(count)} ${what}`, ...(style === undefined ? {} : { style }) }];

const labelWidth = 10;
const gap = '   ';

const row = (label: string, counts: readonly Count[], options: ScreenOptions): readonly string[] =>
  counts.length === 0
    ? []
    : packed(
        counts.map(({ name, objects }) => ({ text: `${name} ${grouped(objects)}` })),
        options,
        label,
      );

/** The parts side by side, on as many lines as they need. */
function packed(parts: readonly Part[], { width, style }: ScreenOptions, label?: string): readonly string[] {
  const indent = label === undefined ? 0 : labelWidth;
  const lines: string[] = [];
  let line = (label ?? '').padEnd(indent);
  let length = indent;
  for (const part of parts) {
    const text = fitted(part.text, width - indent);
    if (length > indent && length + gap.length + text.length > width) {
      lines.push(line);
      line = ' '.repeat(indent);
      length = indent;
    }
    if (length > indent) line += gap;
    length += (length > indent ? gap.length : 0) + text.length;
    line += part.style === undefined ? text : style(part.style, text);
  }
  return [...lines, line];
}

/** More than these are no screen any more. */
const maxAccounts = 8;

function accounts({ byAccount }: FleetSummary, cut: (text: string) => string): readonly string[] {
  if (byAccount.length === 0) return [];
  const shown = byAccount.slice(0, maxAccounts);
  const left = byAccount.length - shown.length;
  const lines = shown.map(
    ({ name, objects, ready }, at) =>
      `${(at === 0 ? 'Account' : '').padEnd(labelWidth)}${name}: ${grouped(objects)}, ${grouped(ready)} Ready`,
  );
  return [...lines, ...(left === 0 ? [] : [`${' '.repeat(labelWidth)}… and ${grouped(left)} more`])].map(cut);
}

function policies({ policies: all }: FleetSummary, cut: (text: string) => string): readonly string[] {
  if (all.length === 0) return [];
  // Those that are well need no look.
  const shown = all
    .toSorted((a, b) => Number(a.reason === 'Applied') - Number(b.reason === 'Applied'))
    .slice(0, maxAccounts);
  const left = all.length - shown.length;
  const lines = shown.map(
    ({ namespace, name, matched, children, ready, reason }, at) =>
      `${(at === 0 ? 'Policy' : '').padEnd(labelWidth)}${namespace}/${name}: ${reason}, ${known(matched)} match, ${known(children)} children, ${known(ready)} Ready`,
  );
  return [...lines, ...(left === 0 ? [] : [`${' '.repeat(labelWidth)}… and ${grouped(left)} more`])].map(cut);
}

const known = (count: number | undefined): string => (count === undefined ? '?' : grouped(count));

function table(noBuyers: readonly NoBuyer[], { width, now, style }: ScreenOptions): readonly string[] {
  const cells = noBuyers.map((each) => [`${each.namespace}/${each.name}`, each.reason, since(each, now)] as const);
  const widths = [0, 1, 2].map((column) => Math.max(0, ...cells.map((row) => row[column]?.length ?? 0)));
  // A name may be 317 characters long: the reason is what one looks for.
  const nameWidth = Math.min(widths[0] ?? 0, Math.max(20, Math.floor(width / 2)));
  return noBuyers.map((each, at) => {
    const [name = '', reason = '', age = ''] = cells[at] ?? [];
    const line = [
      fitted(name, nameWidth).padEnd(nameWidth),
      reason.padEnd(widths[1] ?? 0),
      age.padStart(widths[2] ?? 0),
      each.message,
    ].join('  ');
    const cut = fitted(line.trimEnd(), width);
    return each.stalled ? style('red', cut) : cut;
  });
}

function since({ since: time }: NoBuyer, now: number): string {
  if (time === undefined) return '';
  const seconds = Math.max(0, Math.floor((now - Date.parse(time)) / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 2 * 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** One line of text, in no more columns than there are. */
function fitted(text: string, width: number): string {
  const line = text.replaceAll(/[\r\n\t]/g, ' ');
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}

const grouped = (count: number): string => count.toLocaleString('en');
