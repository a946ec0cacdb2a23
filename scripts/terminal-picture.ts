/**
 * What a terminal shows, as an SVG that stands alone: no font, script or host is asked for. Colours and columns are those of the terminal; a line that is too
 * long goes on in the next one.
 */

export interface Style {
  readonly bold: boolean;
  readonly dim: boolean;
  /** An SGR colour, 30 to 37. */
  readonly colour: number | undefined;
}
export interface Run extends Style {
  readonly text: string;
}
export type Line = readonly Run[];

const plain: Style = { bold: false, dim: false, colour: undefined };

/** One line of terminal output as runs of one style each. */
export function parseLine(line: string): Line {
  const runs: Run[] = [];
  let style = plain;
  // Odd parts are the parameters of an SGR sequence.
  for (const [at, part] of line.split(new RegExp(`${String.fromCharCode(27)}\\[([\\d;]*)m`)).entries()) {
    if (at % 2 === 0) {
      if (part !== '') runs.push({ ...style, text: part });
      continue;
    }
    for (const code of part.split(';').map(Number)) style = restyle(style, code);
  }
  return runs;
}

function restyle(style: Style, code: number): Style {
  if (code === 0) return plain;
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code >= 30 && code <= 37) return { ...style, colour: code };
  if (code === 39) return { ...style, colour: undefined };
  throw new Error(`the output has the terminal sequence ${code}, which has no place in the picture yet`);
}

export const textOf = (line: Line): string => line.map((run) => run.text).join('');

/** Longer lines go on in the next one, below where their text begins. */
const maxColumns = 150;

function wrap(line: Line): readonly Line[] {
  const text = textOf(line);
  const at = text.lastIndexOf(' ', maxColumns);
  const indent = text.length - text.trimStart().length;
  if (text.length <= maxColumns || at <= indent) return [line];
  const rest: Line = [{ ...plain, text: ' '.repeat(indent + 2) }, ...cut(line, at + 1, text.length)];
  return [cut(line, 0, at), ...wrap(rest)];
}

/** The columns of a line from the one on to before the other. */
function cut(line: Line, from: number, to: number): Line {
  let column = 0;
  return line.flatMap((run) => {
    const start = column;
    column += run.text.length;
    const text = run.text.slice(Math.max(0, from - start), Math.max(0, to - start));
    return text === '' ? [] : [{ ...run, text }];
  });
}

const font = { size: 13, advance: 7.83, line: 19 };
const margin = { x: 22, top: 58, bottom: 20 };
const colours = { ground: '#0d1117', bar: '#161b22', edge: '#30363d', text: '#e6edf3', dim: '#a3adb8' };
const sgr: Readonly<Record<number, string>> = {
  30: '#6e7681',
  31: '#ff7b72',
  32: '#56d364',
  33: '#e3b341',
  34: '#79c0ff',
  35: '#d2a8ff',
  36: '#76e3ea',
  37: '#e6edf3',
};

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const round = (n: number): number => Math.round(n * 100) / 100;

export interface PictureOptions {
  /** What the window is of, as its bar says. */
  readonly name: string;
  /** What is seen, for those who do not see it. */
  readonly title: string;
}

export function drawTerminal(output: readonly Line[], { name, title }: PictureOptions): string {
  const lines = output.flatMap(wrap);
  const columns = Math.max(...lines.map((line) => textOf(line).length));
  const width = Math.ceil(columns * font.advance + 2 * margin.x);
  const height = margin.top + (lines.length - 1) * font.line + margin.bottom;
  const rows = lines.flatMap((line, row) => textsOf(line, margin.top + row * font.line));
  const lights = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, at) => `<circle cx="${20 + at * 20}" cy="18" r="6" fill="${fill}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
<title id="title">${escapeXml(title)}</title>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="9" fill="${colours.ground}" stroke="${colours.edge}"/>
<path d="M.5 36V9.5a9 9 0 0 1 9-9H${width - 9.5}a9 9 0 0 1 9 9V36z" fill="${colours.bar}" stroke="${colours.edge}"/>
${lights.join('')}
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${font.size}" fill="${colours.text}">
<text x="${round(width / 2)}" y="22.5" text-anchor="middle" fill="${colours.dim}">${escapeXml(name)}</text>
${rows.join('\n')}
</g>
</svg>
`;
}

/** A text element per run; its length is given, so that columns stand below each other in any font. */
function textsOf(line: Line, y: number): string[] {
  let column = 0;
  return line.flatMap((run) => {
    const start = column + (run.text.length - run.text.trimStart().length);
    column += run.text.length;
    const text = run.text.trim();
    if (text === '') return [];
    const fill = run.colour === undefined ? (run.dim ? colours.dim : undefined) : sgr[run.colour];
    const attributes = [
      `x="${round(margin.x + start * font.advance)}" y="${y}" textLength="${round(text.length * font.advance)}"`,
      ...(fill === undefined ? [] : [`fill="${fill}"`]),
      ...(run.bold ? ['font-weight="bold"'] : []),
    ];
    // On each: a browser's own style sheet lets SVG text inherit it from nowhere, and columns would close up.
    return [`<text style="white-space:pre" ${attributes.join(' ')}>${escapeXml(text)}</text>`];
  });
}
