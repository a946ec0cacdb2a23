/** A line of the checklist: what was looked for, how it is, and what to do about it. Sentences name no person, token or password. */

export const checkResults = ['pass', 'warn', 'fail'] as const;
export type CheckResult = (typeof checkResults)[number];

export interface CheckLine {
  /** Stable, for programs. */
  readonly id: string;
  /** Which API client it is about, where it is about one. */
  readonly account?: string;
  readonly title: string;
  readonly result: CheckResult;
  /** One sentence or two: what was seen. */
  readonly says: string;
  /** What to do; absent where nothing is to be done. */
  readonly remedy?: string;
}

/** The whole of what `check` found. */
export interface Checklist {
  /** Of this program. */
  readonly version: string;
  /** The worst of all lines. */
  readonly result: CheckResult;
  readonly lines: readonly CheckLine[];
}

export type Judged = Pick<CheckLine, 'result' | 'says' | 'remedy'>;

export const pass = (says: string): Judged => ({ result: 'pass', says });
export const warn = (says: string, remedy: string): Judged => ({ result: 'warn', says, remedy });
export const fail = (says: string, remedy: string): Judged => ({ result: 'fail', says, remedy });

/** What could not be seen: nothing is known to be wrong. */
export const notChecked = (why: string, remedy: string): Judged => warn(`Not checked: ${why}`, remedy);

/** A sentence and its remedy, which the tables of causes write as one text: the last sentences say what to do. */
export const failWhole = (message: string): Judged => ({ result: 'fail', says: message });

/** 0: nothing fails; 1: at least one line does. Warnings alone are no failure. */
export const exitCodeOf = (lines: readonly CheckLine[]): 0 | 1 =>
  lines.some(({ result }) => result === 'fail') ? 1 : 0;
