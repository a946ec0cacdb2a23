/**
 * The shell blocks of a page, run as a person would who copies them. A block that begins with ```sh is run as it stands; one with a word behind it (```sh setup) is
 * about what each reader has otherwise, and a test sets it in its own way.
 */
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';

/** The blocks that bear this word, in order; `heading`: those below this heading alone. @throws Error where the page has no such heading. */
export async function shellBlocks(page: string, word: string, heading?: string): Promise<readonly string[]> {
  const text = await readFile(page, 'utf8');
  const part = heading === undefined ? text : below(heading, text);
  if (part === undefined) throw new Error(`${page} has no heading "${heading}".`);
  // In a list a block is indented.
  return [...part.matchAll(/^( *)```sh ?(\w*)\n([\s\S]*?)^\1```$/gm)].flatMap(([, indent = '', found, block = '']) =>
    found === word ? [block.replaceAll(new RegExp(`^${indent}`, 'gm'), '')] : [],
  );
}

/** Up to the next heading of the same level or a higher one. A line of a block that begins with # is none. */
function below(heading: string, text: string): string | undefined {
  const lines = text.split('\n');
  let isCode = false;
  const levels = lines.map((line) => {
    if (line.trimStart().startsWith('```')) isCode = !isCode;
    return isCode ? undefined : /^#+(?= )/.exec(line)?.[0].length;
  });
  const start = lines.findIndex((line, at) => levels[at] !== undefined && line.replace(/^#+ /, '') === heading);
  const level = levels[start];
  if (level === undefined) return undefined;
  const end = levels.findIndex((each, at) => at > start && each !== undefined && each <= level);
  return lines.slice(start, end < 0 ? undefined : end).join('\n');
}

/** Names of the variables that a block sets. */
export const variablesOf = (block: string): readonly string[] =>
  [...block.matchAll(/(?<=^|[ \t])([A-Z][A-Z_]*)=/gm)].flatMap(([, name]) => (name === undefined ? [] : [name]));

export interface Shell {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Stops it, with all that it started. */
  readonly signal?: AbortSignal;
}

/** In a shell that ends at the first command that fails. */
export async function runBlock(
  block: string,
  { cwd, env, signal }: Shell,
): Promise<{ exitCode: number; said: string }> {
  // A group of its own, so that what the shell started ends with it.
  const child = execa('sh', ['-euc', block], { cwd, env, all: true, reject: false, stdin: 'ignore', detached: true });
  const end = () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  };
  signal?.addEventListener('abort', end, { once: true });
  const { exitCode, all } = await child;
  signal?.removeEventListener('abort', end);
  return { exitCode: exitCode ?? -1, said: all };
}
