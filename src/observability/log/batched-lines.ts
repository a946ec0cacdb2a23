/**
 * Lines of the log on their way to stdout: they are batched for a moment and go in one write. A write per line is a system call that wakes the reader, and cost some
 * 7 % of the CPU of an object. A SIGKILL, or V8 when it runs out of memory, can take the lines of that moment; every end that this process sees coming writes
 * them first.
 */
import type { Clock, Timer } from '../../base/clock.ts';

export interface LineWriter {
  write(line: string): void;
  /** Writes the lines of the batch, before it returns. */
  flush(): void;
}

const maxDelayMs = 10;
/** A batch of so many characters is written without delay. */
const maxBatch = 16_384;

export function batchLines(write: (text: string) => void, clock: Clock): LineWriter {
  let batch = '';
  let timer: Timer | undefined;
  const flush = () => {
    timer?.cancel();
    timer = undefined;
    if (batch === '') return;
    const text = batch;
    batch = '';
    write(text);
  };
  return {
    write(line) {
      batch += line;
      if (batch.length >= maxBatch) flush();
      else timer ??= clock.after(maxDelayMs, flush);
    },
    flush,
  };
}
