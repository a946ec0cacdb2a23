/**
 * Lines of the log on their way to stdout: they gather for a moment and go in one write. A write each is a system call and a wake-up of whoever reads, and cost some 7 % of
 * the CPU of an object. The moment is what a SIGKILL can take with it, or V8 when it runs out of memory; every end that this process sees coming writes what is left.
 */
import type { Clock, Timer } from '../../base/clock.ts';

export interface LineWriter {
  write(line: string): void;
  /** Writes what has gathered, before it returns. */
  flush(): void;
}

const gatherMs = 10;
/** So many characters are written at once, whatever the time. */
const mostGathered = 16_384;

export function gatherLines(write: (text: string) => void, clock: Clock): LineWriter {
  let gathered = '';
  let timer: Timer | undefined;
  const flush = () => {
    timer?.cancel();
    timer = undefined;
    if (gathered === '') return;
    const text = gathered;
    gathered = '';
    write(text);
  };
  return {
    write(line) {
      gathered += line;
      if (gathered.length >= mostGathered) flush();
      else timer ??= clock.after(gatherMs, flush);
    },
    flush,
  };
}
