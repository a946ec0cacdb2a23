/** One setting: what `--help`, the documentation and the chart need to know of it. */
import type { Kind } from '../form.ts';

/** Where the chart has it. */
export interface InChart {
  /** The value's path. */
  readonly value: string;
  /**
   * What depends on it besides the flag, so that giving the flag alone, through `extraArgs` or `extraEnv`, would break something: the templates set it by hand and
   * refuse it there.
   */
  readonly dependent?: string;
}

export interface Setting {
  /** The environment variable has the same name in upper snake case. */
  readonly flag: `--${string}`;
  readonly placeholder: string;
  readonly kind: Kind;
  /** As one writes it; absent: there is none. */
  readonly byDefault?: string;
  readonly group: 'Acronis' | 'Work' | 'Process';
  /** For `--help`. */
  readonly help: string;
  /** For the documentation: sentences, in Markdown. The range is added to it. */
  readonly description: string;
  /** In words, where the kind has one. */
  readonly range?: string;
  readonly chart?: InChart;
}

/** `--log-level` is LOG_LEVEL. */
export const variableOf = (flag: string): string => flag.slice(2).replaceAll('-', '_').toUpperCase();
