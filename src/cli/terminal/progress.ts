/**
 * How far a command has come, on one line of a terminal that it takes back when it ends. Where standard error is no terminal nothing of it is written.
 */
import type { Timer } from '../../base/clock.ts';
import type { Terminal } from './terminal.ts';

export interface Progress extends Disposable {
  /** From now on this is shown, and the time goes on though nothing else does. @param what such as `Reading users`. @param total absent where it is not known yet. */
  show(what: string, done?: number, total?: number): void;
  /** Takes the line back, until something is shown again. */
  end(): void;
}

/** What ends immediately shows nothing, and a line changes no faster than one can read it. */
const redrawMs = 100;
const tickMs = 1_000;
/** Takes the line back on which the cursor is. */
export const clearLine = '\r\x1b[2K';

export function createProgress({ err, clock }: Pick<Terminal, 'err' | 'clock'>): Progress {
  if (!err.isTerminal) return { show: () => {}, end: () => {}, [Symbol.dispose]: () => {} };
  const started = clock.now();
  let drawnAt = started;
  let isDrawn = false;
  let line: Parameters<Progress['show']> | undefined;
  let timer: Timer | undefined;
  const write = (text: string) => void err.write(text).catch(() => {});
  const redraw = () => {
    const now = clock.now();
    if (line === undefined || now - drawnAt < redrawMs) return;
    drawnAt = now;
    isDrawn = true;
    const text = lineOf(line, now - started).slice(0, Math.max(1, (err.width ?? 80) - 1));
    write(clearLine + err.style('dim', text));
  };
  const tick = () => {
    timer = clock.after(tickMs, tick);
    redraw();
  };
  const end = () => {
    timer?.cancel();
    timer = undefined;
    if (isDrawn) write(clearLine);
    isDrawn = false;
  };
  return {
    show(...shown) {
      line = shown;
      timer ??= clock.after(tickMs, tick);
      redraw();
    },
    end,
    [Symbol.dispose]: end,
  };
}

function lineOf([what, done, total]: Parameters<Progress['show']>, ms: number): string {
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
