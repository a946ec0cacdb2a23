/**
 * What a setting may be: its form, and what the text becomes. A form is data, so that the binary, the chart's templates and the documentation decide by the same
 * one. Patterns are written so that JavaScript and Go (RE2) read them alike.
 */
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../base/duration.ts';

export interface Form {
  readonly pattern: string;
  /** Characters. */
  readonly maxLength?: number;
  /** How `min` and `max` are measured: a plain number, or milliseconds. */
  readonly measure?: 'number' | 'duration';
  readonly min?: number;
  readonly max?: number;
  /** 0 is taken too, although it is below `min`. */
  readonly orZero?: boolean;
  /** What to write instead: one sentence. */
  readonly advice: string;
}

/** How the chart's values write it; a list is commas for the binary. */
export type Shape = 'text' | 'list' | 'integer' | 'number' | 'boolean' | 'choice';

export interface Kind {
  readonly shape: Shape;
  /** Of the text, or of each entry of a list. */
  readonly form: Form;
  /** Of a list: one entry at least. */
  readonly notEmpty?: boolean;
  /** What may be chosen. */
  readonly choices?: readonly string[];
  /** What `text` means. @throws InvalidArgumentError with the advice. */
  readonly read: (text: string) => unknown;
}

export function accepts({ pattern, maxLength, measure, min, max, orZero }: Form, text: string): boolean {
  if (!new RegExp(pattern).test(text) || text.length > (maxLength ?? Number.POSITIVE_INFINITY)) return false;
  if (measure === undefined) return true;
  const amount = measure === 'number' ? Number(text) : (parseDuration(text) ?? Number.NaN);
  if (orZero === true && amount === 0) return true;
  return amount >= (min ?? 0) && amount <= (max ?? Number.POSITIVE_INFINITY);
}

/** @throws InvalidArgumentError */
export const refuse = (advice: string): never => {
  throw new InvalidArgumentError(advice);
};

const held = (form: Form, text: string): string => (accepts(form, text) ? text : refuse(form.advice));

/** One value that `parse` reads; what `parse` does not know is refused too. */
export const one = (form: Form, parse: (text: string) => unknown, shape: Shape = 'text'): Kind => ({
  shape,
  form,
  read: (text) => parse(held(form, text)) ?? refuse(form.advice),
});

/** Entries with commas between them; blanks around them and empty ones do not count. */
export const many = (form: Form, notEmpty: boolean): Kind => ({
  shape: 'list',
  form,
  notEmpty,
  read: (text) => {
    const entries = text.split(',').map((entry) => entry.trim());
    const found = new Set(entries.filter((entry) => entry !== '').map((entry) => held(form, entry)));
    return found.size === 0 && notEmpty ? refuse(form.advice) : [...found];
  },
});

export const choice = (choices: readonly string[]): Kind => {
  const form = { pattern: `^(${choices.join('|')})$`, advice: `Write one of ${choices.join(', ')}.` };
  return { ...one(form, (text) => text, 'choice'), choices };
};
