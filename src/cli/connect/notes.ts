/** The log of the commands that only read: what a person has to know goes to standard error as a sentence, and nothing else is said. */
import type { Fields, Log } from '../../base/log.ts';
import type { Terminal } from '../terminal/terminal.ts';

export function notesTo({ err }: Pick<Terminal, 'err'>): Log {
  const said = new Set<string>();
  const say = (message: string, fields: Fields = {}) => {
    const known = Object.entries(fields).filter(([, value]) => value !== undefined);
    const text =
      known.length === 0 ? message : `${message} (${known.map(([key, value]) => `${key}: ${value}`).join(', ')})`;
    if (said.has(text)) return;
    said.add(text);
    void err.write(`${err.style('yellow', 'note:')} ${text}\n`).catch(() => {});
  };
  const log: Log = { debug: () => {}, info: () => {}, warn: say, error: say, with: () => log };
  return log;
}
