/**
 * How far a command has come, on one line of a terminal that it takes back when it ends. Where standard error is no terminal nothing of it is written.
 */
import type { Clock } from '../../base/clock.ts';
import type { Terminal } from './terminal.ts';

export interface Progress {
  /** @param what such as `Reading users`. @param total absent where it is not known yet. */
  show(what: string, done?: number, total?: number): void;
  /** Takes the line back. */
  end(): void;
}

/** What ends immediately shows nothing, and a line changes no faster than one can read it. */
const redrawMs = 100;
const clearLine = '\r\x1b[2K';

export function createProgress({ err, clock }: Pick<Terminal, 'err' | 'clock'>): Progress {
  if (!err.isTerminal) return { show: () => {}, end: () => {} };
  const started = clock.now();
  let shown = started;
  let isDrawn = false;
  const draw = (text: string) => void err.write(text).catch(() => {});
  return {
    show(what, done, total) {
      const now = clock.now();
      if (now - shown < redrawMs) return;
      shown = now;
      isDrawn = true;
      const line = lineOf(what, done, total, now - started).slice(0, Math.max(1, (err.width ?? 80) - 1));
      draw(clearLine + err.style('dim', line));
    },
    end() {
      if (isDrawn) draw(clearLine);
      isDrawn = false;
    },
  };
}

function lineOf(what: string, done: number | undefined, total: number | undefined, ms: number): string {
  const counts =
    done === undefined ? '' : total === undefined ? ` ${figure(done)}` : ` ${figure(done)} of ${figure(total)}`;
  return `${what}${counts} · ${elapsed(ms)}`;
}

const figure = (count: number): string => count.toLocaleString('en');

/** `4 s`, `1 min 20 s`. */
export function elapsed(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Calls `redraw` again and again while the work is in flight, so that the time goes on where nothing else happens. */
export async function ticking<T>(work: Promise<T>, redraw: () => void, clock: Clock): Promise<T> {
  let isOver = false;
  const tick = (): void => {
    if (isOver) return;
    redraw();
    timer = clock.after(1_000, tick);
  };
  let timer = clock.after(1_000, tick);
  try {
    return await work;
  } finally {
    isOver = true;
    timer.cancel();
  }
}
