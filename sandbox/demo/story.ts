/**
 * What the demo prints: a heading for each chapter, and lines that report what was observed. What was promised and not observed is printed in red, and
 * the demo fails at the end.
 */
import { styleText } from 'node:util';

export interface Story {
  chapter(title: string): void;
  say(line: string): void;
  /** Text of another program, indented. */
  quote(text: string): void;
  /** A command as a person would type it. */
  command(text: string): void;
  check(seen: boolean, promise: string): void;
  readonly broken: number;
}

export function createStory(write: (line: string) => void): Story {
  let chapters = 0;
  let broken = 0;
  return {
    chapter(title) {
      write(`\n${styleText('bold', `${++chapters}. ${title}`)}`);
    },
    say: (line) => write(`   ${line}`),
    quote: (text) => {
      for (const line of text.trimEnd().split('\n')) write(`     ${styleText('dim', line)}`);
    },
    command: (text) => write(`   ${styleText('cyan', `$ ${text}`)}`),
    check(seen, promise) {
      if (!seen) broken++;
      write(`   ${seen ? styleText('green', '✔') : styleText('red', '✘ not seen:')} ${promise}`);
    },
    get broken() {
      return broken;
    },
  };
}

/** Rows under headings, in columns. */
export function columns(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, at) => Math.max(...all.map((row) => (row[at] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}
