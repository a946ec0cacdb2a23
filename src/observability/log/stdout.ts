/** Standard output as the log's destination. There is one in a process, so what it dropped is counted here for the process's metrics. */
import { writeSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { batchLines, type LineWriter } from './batched-lines.ts';
import { createOutput } from './output.ts';

const stdoutFd = 1;
/** What an end of the process waits for a reader that is slow. */
const maxDrainMs = 1_000;

let dropped = () => 0;

/** Lines that were dropped since the start, because nothing read them or writing failed. */
export const droppedLines = (): number => dropped();

/** @param onResumed lines were dropped, and are written again. */
export function stdoutLines(clock: Clock, onResumed: (dropped: number) => void): LineWriter {
  // Node makes a pipe or a socket non-blocking when its stream is first asked for; a write to a full one then fails with EAGAIN in place of blocking the process.
  process.stdout.on('error', () => {});
  const output = createOutput({ writeBytes: (bytes) => writeSync(stdoutFd, bytes), clock, onResumed });
  dropped = () => output.dropped;
  const lines = batchLines(output.write, clock);
  process.on('exit', () => {
    lines.flush();
    output.drain(maxDrainMs);
  });
  return lines;
}
