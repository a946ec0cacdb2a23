/**
 * The form of an entry in the table of causes (table.ts): what went wrong, in words that say where, why and what to do. A sentence is constant for what
 * lasts, since it stands in conditions: no counter, time or id. It names no person, token or password; of a URL it names the host alone.
 */
import type { AcronisErrorKind } from '../errors.ts';

export interface Cause {
  /** What it follows from, for the documentation: a code of Node or of the platform, an HTTP status, the form of a body. */
  readonly when: string;
  /** What follows from it: the reason of a condition, and how it is tried again. `missing`: there are no credentials to try with. */
  readonly kind: AcronisErrorKind | 'missing';
  /** Whether it is expected to pass although no person does anything. It is tried again in any case. */
  readonly passes: boolean;
  /** What went wrong. `{name}` stands for a fact. */
  readonly sentence: string;
  /** What to do, or what happens next. */
  readonly remedy: string;
}

export type Causes = Readonly<Record<string, Cause>>;

/** The facts that a sentence has places for. */
export type FactNames<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | FactNames<Rest>
  : never;

/** @param facts by name; a place without a fact stays as it is, which the types of `messageOf` exclude. */
export const filled = (text: string, facts: Readonly<Record<string, string>>): string =>
  text.replace(/\{(\w+)\}/g, (place, name: string) => facts[name] ?? place);
