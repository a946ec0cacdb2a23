/**
 * Where a command writes, and what it knows of the one who reads: a person at a terminal, or the next program of a pipe. Colours and progress are for a
 * terminal alone. A pipe that was closed ends the command quietly; it never passes for a success.
 */
import { styleText } from 'node:util';
import { type Clock, systemClock } from '../../base/clock.ts';

export interface Output {
  /** Resolves once the text was taken. @throws ClosedPipe where no reader is left. */
  write(text: string): Promise<void>;
  readonly isTerminal: boolean;
  /** Characters in a line; undefined where there is no limit. */
  readonly width: number | undefined;
  /** Lines on the screen; undefined where there is no limit. */
  readonly height: number | undefined;
  /** The text in this style, where the reader shows styles (NO_COLOR and FORCE_COLOR count). */
  style(style: Style, text: string): string;
}

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';

export interface Terminal {
  readonly out: Output;
  /** For progress, notes and errors. */
  readonly err: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Never aborted by the terminal itself: Ctrl-C ends the process immediately. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** How this program is called: `kubectl upsell` as a plugin, `acronis-upsell-operator` otherwise. */
  readonly program: string;
}

/** The reader of a pipe has gone: `| head` has seen enough. */
export class ClosedPipe extends Error {
  override readonly name = 'ClosedPipe';
}

export const processTerminal = (version: string, program: string): Terminal => ({
  out: outputTo(process.stdout, process.env['COLUMNS']),
  // Node makes a pipe non-blocking when its stream is first asked for, so that is left until something is written.
  get err() {
    standardError ??= outputTo(process.stderr, process.env['COLUMNS']);
    return standardError;
  },
  env: process.env,
  clock: systemClock,
  signal: new AbortController().signal,
  version,
  program,
});

let standardError: Output | undefined;

/** @param columns what COLUMNS says, for a reader that has no width of its own. */
export function outputTo(stream: NodeJS.WriteStream, columns: string | undefined): Output {
  let closed = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    closed ||= isClosed(error);
  });
  return {
    async write(text) {
      if (closed) throw new ClosedPipe();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      stream.write(text, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(isClosed(error) ? new ClosedPipe() : error);
      });
      await promise;
    },
    get isTerminal() {
      return stream.isTTY === true;
    },
    get width() {
      const given = Number.parseInt(columns ?? '', 10);
      // A pseudo-terminal without a size says 0.
      if (stream.isTTY === true) return stream.columns > 0 ? stream.columns : 80;
      return given > 0 ? given : undefined;
    },
    get height() {
      return stream.isTTY === true ? stream.rows || 24 : undefined;
    },
    style: (style, text) => styleText(style, text, { stream }),
  };
}

const isClosed = (error: NodeJS.ErrnoException): boolean =>
  error.code === 'EPIPE' || error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_DESTROYED';
