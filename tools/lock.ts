/**
 * A lock file between processes, so that the same thing is not built twice concurrently. It holds for as long as its holder touches it:
 * a crash frees it after a moment. It saves work and guards nothing: should two hold it together (one of them was suspended for minutes),
 * what they do must bear that, as the cache does.
 */
import { mkdir, open, rm, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../src/base/clock.ts';
import { hasCode } from './cache.ts';

const TOUCH_EVERY_MS = 3_000;
const STALE_AFTER_MS = 20_000;
const LOOK_AGAIN_MS = 250;

export interface LockOptions {
  readonly clock: Clock;
  /** Called once when another process holds the lock. */
  readonly onWait: () => void;
  readonly staleAfterMs?: number;
}

/** Runs `work` as the only one that holds the lock file. Waits for as long as another process does and is alive. */
export async function withLock<T>(
  file: string,
  options: LockOptions,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  let notified = false;
  while (!(await take(file))) {
    if (await isStale(file, options.staleAfterMs ?? STALE_AFTER_MS)) {
      await rm(file, { force: true });
      continue;
    }
    if (!notified) options.onWait();
    notified = true;
    await options.clock.sleep(LOOK_AGAIN_MS, signal);
  }
  const keepFresh = setInterval(() => {
    const now = new Date();
    // A lock that was removed by hand is no reason to end the work.
    utimes(file, now, now).catch(() => undefined);
  }, TOUCH_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(keepFresh);
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(`${process.pid}\n`);
    await handle.close();
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function isStale(file: string, afterMs: number): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > afterMs;
}
