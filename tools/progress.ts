/**
 * Shows that a long step is in progress and for how long, so that four minutes of compiling are not taken for a hang.
 * On a terminal one line that counts; elsewhere (CI, a pipe) a plain line at the start, every 15 seconds, and at the end. Goes to stderr.
 */
import ora from 'ora';
import type { Clock } from '../src/base/clock.ts';
import { systemClock } from '../src/base/clock.ts';

export interface Progress {
  /** Shows `title` while `work` runs. `work` may say how far it is. */
  step<T>(title: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T>;
  /** One line that stays. */
  note(line: string): void;
}

const PLAIN_EVERY_MS = 15_000;
const TERMINAL_EVERY_MS = 1_000;

/** What a line is written to; `process.stderr` is one. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** `2 min 5 s`, `12 s`. */
function spell(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
}

/** Calls `fn` every `ms` until the returned function is called. */
function every(clock: Clock, ms: number, fn: () => void): () => void {
  let timer = clock.after(ms, tick);
  function tick(): void {
    fn();
    timer = clock.after(ms, tick);
  }
  return () => timer.cancel();
}

export function plainProgress(output: Output, clock: Clock = systemClock): Progress {
  const line = (text: string): void => void output.write(`${text}\n`);
  return {
    note: line,
    async step(title, work) {
      const started = clock.now();
      let detail = '';
      line(`${title} …`);
      const end = every(clock, PLAIN_EVERY_MS, () => line(`${title} … ${spell(clock.now() - started)}${detail}`));
      try {
        const result = await work((text) => {
          detail = `, ${text}`;
        });
        line(`${title}: done in ${spell(clock.now() - started)}`);
        return result;
      } finally {
        end();
      }
    },
  };
}

function terminalProgress(clock: Clock): Progress {
  return {
    note: (line) => void process.stderr.write(`${line}\n`),
    async step(title, work) {
      const started = clock.now();
      let detail = '';
      // Left alone, ora would put the terminal into raw mode, and Ctrl-C would be its business.
      const spinner = ora({ text: title, discardStdin: false }).start();
      const show = (): void => {
        spinner.text = `${title} … ${spell(clock.now() - started)}${detail}`;
      };
      const end = every(clock, TERMINAL_EVERY_MS, show);
      try {
        const result = await work((text) => {
          detail = `, ${text}`;
          show();
        });
        spinner.succeed(`${title}: done in ${spell(clock.now() - started)}`);
        return result;
      } catch (error) {
        spinner.fail(`${title}: not done`);
        throw error;
      } finally {
        end();
      }
    },
  };
}

/** The one that fits where stderr goes. A terminal that does not know its width (some containers' and recorders') counts as none: ora never ends there. */
export function createProgress(): Progress {
  return process.stderr.isTTY && process.stderr.columns > 0
    ? terminalProgress(systemClock)
    : plainProgress(process.stderr);
}
