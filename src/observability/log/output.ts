/**
 * Text on its way to a file descriptor that is never waited for. While it takes nothing (a pipe that is full because its reader has stopped), text is buffered up to
 * a bound; beyond it, whole lines are dropped and counted. The log is worth no reconcile.
 */
import type { Clock, Timer } from '../../base/clock.ts';

export interface OutputOptions {
  /** Returns how many bytes were taken. @throws an error with code EAGAIN where it would have to wait, any other where it failed. */
  readonly writeBytes: (bytes: Uint8Array) => number;
  readonly clock: Clock;
  /** So many lines were dropped; called once, as soon as lines are written again. */
  readonly onResumed: (dropped: number) => void;
}

export interface Output {
  /** @param text whole lines. */
  write(text: string): void;
  /** For the end of the process: writes what is buffered, and returns after `maxMs` at the latest. Blocks the thread. */
  drain(maxMs: number): void;
  /** Lines since the start. */
  readonly dropped: number;
}

const retryMs = 50;
const maxBufferedBytes = 1_048_576;

export function createOutput({ writeBytes, clock, onResumed }: OutputOptions): Output {
  let buffered: Uint8Array[] = [];
  let bufferedBytes = 0;
  let dropped = 0;
  let unreported = 0;
  let timer: Timer | undefined;

  const drop = (lines: number) => {
    dropped += lines;
    unreported += lines;
  };

  const writeBuffered = () => {
    timer?.cancel();
    timer = undefined;
    for (let chunk = buffered[0]; chunk !== undefined; chunk = buffered[0]) {
      let taken: number;
      try {
        taken = writeBytes(chunk);
      } catch (error) {
        if (isBusy(error)) break;
        // The reader is gone (`| head`), or the disk is full: no reason to stop working.
        for (const each of buffered) drop(linesIn(each));
        [buffered, bufferedBytes] = [[], 0];
        return;
      }
      bufferedBytes -= taken;
      if (taken < chunk.length) buffered[0] = chunk.subarray(taken);
      else buffered.shift();
    }
    if (buffered.length > 0) timer = clock.after(retryMs, writeBuffered);
    else if (unreported > 0) {
      const count = unreported;
      unreported = 0;
      onResumed(count);
    }
  };

  return {
    write(text) {
      const bytes = Buffer.from(text);
      if (bufferedBytes + bytes.length > maxBufferedBytes && bufferedBytes > 0) return drop(linesIn(bytes));
      buffered.push(bytes);
      bufferedBytes += bytes.length;
      if (timer === undefined) writeBuffered();
    },
    drain(maxMs) {
      const deadline = clock.now() + maxMs;
      writeBuffered();
      while (buffered.length > 0 && clock.now() < deadline) {
        Atomics.wait(pause, 0, 0, 10);
        writeBuffered();
      }
      timer?.cancel();
    },
    get dropped() {
      return dropped;
    },
  };
}

/** Nothing ever wakes a waiter of it. */
const pause = new Int32Array(new SharedArrayBuffer(4));

const isBusy = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EAGAIN';

const newline = 0x0a;
const linesIn = (bytes: Uint8Array): number => bytes.reduce((count, byte) => (byte === newline ? count + 1 : count), 0);
