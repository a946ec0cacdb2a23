/**
 * Makes docs/demo.svg, the picture at the top of the README, from a real run of the demo: its output as a terminal would show it, cropped to
 * the chapters that matter. Run it with `node scripts/picture.ts` after `npm run build`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { drawTerminal, type Line, parseLine, textOf } from './terminal-picture.ts';

const root = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

const { values } = parseArgs({
  options: {
    /** A recorded output instead of a new run. */
    from: { type: 'string' },
    out: { type: 'string', default: root('docs/demo.svg') },
  },
});

/** Headings of the chapters that are shown, by how they begin. */
const shown = [
  'A TenantUserUpsell for each',
  'An administrator takes the type away',
  'A company administrator loses the link',
];
const lastWords = 'All that was promised was seen.';
/** Lines without news: what kubectl prints of each object it made. */
const dull = /^\s+tenantuserupsell\.upsell\.acronis\.com\/\S+ created$/;

/** The chapters that are shown, and the last words, with an empty line between them. */
function crop(lines: readonly Line[]): readonly Line[] {
  const kept: Line[] = [];
  const seen = new Set<string>();
  let inside = false;
  for (const line of lines) {
    const text = textOf(line);
    const heading = /^\d+\. (.*)/.exec(text)?.[1];
    if (heading !== undefined) {
      const wanted = shown.find((start) => heading.startsWith(start));
      inside = wanted !== undefined;
      if (wanted !== undefined && seen.size > 0) kept.push([]);
      if (wanted !== undefined) seen.add(wanted);
    }
    if (text === lastWords) kept.push([], line);
    else if (inside && text.trim() !== '' && !dull.test(text)) kept.push(line);
  }
  const missing = shown.filter((start) => !seen.has(start));
  if (missing.length > 0) throw new Error(`the demo shows no chapter that begins with: ${missing.join('; ')}`);
  return kept;
}

const output =
  values.from === undefined
    ? (await execa(process.execPath, [root('sandbox/demo/main.ts')], { env: { FORCE_COLOR: '1' }, stderr: 'inherit' }))
        .stdout
    : await readFile(values.from, 'utf8');
await writeFile(
  values.out,
  drawTerminal(crop(output.split('\n').map(parseLine)), {
    name: 'npm run demo',
    title:
      'npm run demo: objects become Ready, their users become buyers, a type that is removed in the console is assigned again, and a Buy URL that is missing is noticed',
  }),
);
