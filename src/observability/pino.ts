/**
 * The Log on pino. Lines are written to stdout before the call returns: an audit line must survive a SIGKILL in the next millisecond, and at the
 * few hundred lines a second there are at most, one write each costs nothing that could be measured. No worker threads.
 */
import pino from 'pino';
import type { Clock } from '../clock.ts';
import type { Fields, Log } from './log.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];
export const logFormats = ['json', 'pretty'] as const;
export type LogFormat = (typeof logFormats)[number];

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly clock: Clock;
  /** Where finished lines go; stdout unless told otherwise. */
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
  'email',
];

export async function createLog(options: LogOptions): Promise<Log> {
  const write = options.write ?? stdout();
  const print = options.format === 'json' ? write : await pretty(write, options.colour ?? false);
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
  return new PinoLog(logger);
}

function stdout(): (line: string) => void {
  const destination = pino.destination({ dest: 1, sync: true });
  // A reader that went away (`| head`) or a full disk is no reason to stop working.
  destination.on('error', () => {});
  return (line) => {
    destination.write(line);
  };
}

/** For terminals only, so it is loaded only then. */
async function pretty(write: (line: string) => void, colour: boolean): Promise<(line: string) => void> {
  const { prettyFactory } = await import('pino-pretty');
  const format = prettyFactory({ colorize: colour, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
  return (line) => write(format(line));
}

class PinoLog implements Log {
  readonly #logger: pino.Logger;

  constructor(logger: pino.Logger) {
    this.#logger = logger;
  }

  debug(message: string, fields?: Fields): void {
    this.#logger.debug(fields ?? {}, message);
  }

  info(message: string, fields?: Fields): void {
    this.#logger.info(fields ?? {}, message);
  }

  warn(message: string, fields?: Fields): void {
    this.#logger.warn(fields ?? {}, message);
  }

  error(message: string, fields?: Fields): void {
    this.#logger.error(fields ?? {}, message);
  }

  with(fields: Fields): Log {
    return new PinoLog(this.#logger.child(fields));
  }
}
