/**
 * The Log on pino, without worker threads. Warnings and errors are on stdout when the call returns, with all that was logged before them; other lines at most ten
 * milliseconds later, and in any case before the process ends by itself. Where stdout takes nothing, see `output.ts`.
 */
import pino from 'pino';
import type { Clock } from '../../base/clock.ts';
import type { Fields, Log } from '../../base/log.ts';
import type { LineWriter } from './batched-lines.ts';
import type { LogFormat, LogLevel } from './levels.ts';
import { stdoutLines } from './stdout.ts';

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly clock: Clock;
  /** Where finished lines go, each immediately; in place of stdout. */
  readonly write?: (line: string) => void;
  /** Colours for `pretty`. */
  readonly colour?: boolean;
}

/** The net under the rule that no secret is ever logged: fields of these names are blanked, should one slip through. */
const secretFields = [
  'authorization',
  'Authorization',
  'token',
  'accessToken',
  'access_token',
  'idToken',
  'id_token',
  'refreshToken',
  'refresh_token',
  'password',
  'secret',
  'clientSecret',
  'client_secret',
  'privateKey',
  'private_key',
  'cookie',
  'login',
  'externalID',
  'externalId',
  'external_id',
  'email',
];

export async function createLog(options: LogOptions): Promise<Log> {
  const lines =
    options.write === undefined
      ? stdoutLines(options.clock, (dropped) =>
          log.warn('log lines were dropped: nothing read standard output, or it could not be written', { dropped }),
        )
      : { write: options.write, flush: () => {} };
  const print = options.format === 'json' ? lines.write : await pretty(lines.write, options.colour ?? false);
  const logger = pino(
    {
      level: options.level,
      // The pod's name is the platform's to add.
      base: null,
      timestamp: () => `,"time":"${new Date(options.clock.wall()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields, censor: '[redacted]' },
    },
    { write: print },
  );
  const log = new PinoLog(logger, lines);
  return log;
}

/** For terminals only, so it is loaded only then. */
async function pretty(write: (line: string) => void, colour: boolean): Promise<(line: string) => void> {
  // By its default export, since it is CommonJS: a bundler gives a module of that kind no other.
  const { default: pinoPretty } = await import('pino-pretty');
  const format = pinoPretty.prettyFactory({ colorize: colour, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
  return (line) => write(format(line));
}

class PinoLog implements Log {
  readonly #logger: pino.Logger;
  readonly #lines: LineWriter;

  constructor(logger: pino.Logger, lines: LineWriter) {
    this.#logger = logger;
    this.#lines = lines;
  }

  debug(message: string, fields?: Fields): void {
    this.#logger.debug(fields ?? {}, message);
  }

  info(message: string, fields?: Fields): void {
    this.#logger.info(fields ?? {}, message);
  }

  warn(message: string, fields?: Fields): void {
    this.#logger.warn(fields ?? {}, message);
    this.#lines.flush();
  }

  error(message: string, fields?: Fields): void {
    this.#logger.error(fields ?? {}, message);
    this.#lines.flush();
  }

  with(fields: Fields): Log {
    return new PinoLog(this.#logger.child(fields), this.#lines);
  }
}
