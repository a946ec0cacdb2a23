/**
 * The last log line of a process that ends by an unexpected error: one line with the error's class, message and a stack in terms of the source files.
 * Node could map every stack (`--enable-source-maps`) at the price of some 50 MB of memory; a crash is rare enough to read the map then.
 */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Log } from '../base/log.ts';

/** Logs an error that was not caught, and ends the process with exit code 1. */
export function endOnCrash(log: Log): void {
  const end = (error: unknown) => {
    log.error('unexpected error; the process ends', describe(error));
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

function describe(error: unknown): { error: string; stack?: string } {
  if (!(error instanceof Error)) return { error: typeof error };
  const stack = mapStack(error.stack ?? '');
  // JSON.parse quotes what it could not read, which may be personal data.
  const message = error instanceof SyntaxError ? error.name : `${error.name}: ${error.message}`;
  return { error: message, ...(stack === '' ? {} : { stack }) };
}

/** The frames of a stack, each with the place in the source that the bundle's map gives it; as they are where there is no map. */
export function mapStack(stack: string, maps: (file: string) => SourceMap | undefined = mapBeside): string {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames.map((frame) => mapFrame(frame.trim(), maps)).join('\n');
}

function mapFrame(frame: string, maps: (file: string) => SourceMap | undefined): string {
  const place = /(file:\/\/[^\s()]+):(\d+):(\d+)/.exec(frame);
  const [text, file, line, column] = place ?? [];
  if (text === undefined || file === undefined) return frame;
  const origin = maps(file)?.findOrigin(Number(line), Number(column));
  if (origin === undefined || !('fileName' in origin)) return frame;
  return frame.replace(text, `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`);
}

const read = new Map<string, SourceMap | undefined>();
function mapBeside(file: string): SourceMap | undefined {
  if (!read.has(file)) read.set(file, readMap(file));
  return read.get(file);
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(file)}.map`, 'utf8')));
  } catch {
    return undefined;
  }
}
