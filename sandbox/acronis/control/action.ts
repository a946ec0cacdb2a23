/** What an action of the control API is, and what it works on. */

import type { Cast, Reseed } from '../seed.ts';
import type { Cloud } from '../state/cloud.ts';
import type { Console } from './console.ts';

export interface Controlled {
  readonly cloud: Cloud;
  readonly console: Console;
  cast(): Cast;
  reset(): void;
  reseed(options: Reseed): Cast;
}

export interface Asked {
  /** The part of the path written as `{id}`. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface Action {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** The sentence that the index shows. */
  readonly does: string;
  /** Throws an InputError for bad input. */
  run(asked: Asked): unknown;
}
