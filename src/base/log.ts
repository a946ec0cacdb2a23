/**
 * The log's shape: a constant message and keys, never a sentence glued together from values, so that lines can be searched and counted.
 * Secrets, logins, e-mails and names of people are never a value (a canary test holds it).
 */
export type Fields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** The same log with these fields on every line. */
  with(fields: Fields): Log;
}
