import { expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { candidates } from '../../../src/cli/completion/candidates.ts';
import { createProgram } from '../../../src/cli/program.ts';

const output = {
  isTerminal: false,
  width: undefined,
  height: undefined,
  style: (_: string, text: string) => text,
  write: async () => {},
};
const terminal = {
  out: output,
  err: output,
  env: {},
  clock: systemClock,
  signal: new AbortController().signal,
  version: '1.2.3',
  program: 'kubectl-upsell',
};
const program = createProgram({ terminal, isDefault: false, run: async () => {} });
const after = (...words: string[]) => candidates(program, words).map((each) => each.split('\t')[0]);

it('the commands come first, without those that are hidden', () => {
  expect(after('')).toEqual(expect.arrayContaining(['run', 'plan', 'completion', 'help']));
  expect(after('')).not.toContain('__complete');
  expect(after('pl')).toEqual(['plan']);
});

it("a command's flags, and their values where there is a list of them, also after =", () => {
  expect(after('plan', '--out')).toEqual(['--output']);
  expect(after('plan', '--output', '')).toEqual(['table', 'json', 'yaml', 'markdown']);
  expect(after('plan', '-o', 'm')).toEqual(['markdown']);
  expect(after('plan', '--output=y')).toEqual(['--output=yaml']);
  expect(after('completion', '')).toEqual(['bash', 'zsh', 'fish']);
});

it('where a file or a free value may come there is no candidate, so that the shell completes files', () => {
  expect(after('plan', '-f', '')).toEqual([]);
});
