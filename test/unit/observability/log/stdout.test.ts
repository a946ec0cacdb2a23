/** The log of a process whose standard output is a pipe that nothing reads. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const source = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../../../src/${path}`, import.meta.url)));

/** A pipe with its reading end open, from which nothing is read; what it holds is far less than what is logged. */
async function unreadPipe(): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'upsell-stdout-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const path = join(dir, 'stdout');
  await promisify(execFile)('mkfifo', [path]);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(pipe));
  return pipe;
}

it('a process whose standard output is full goes on, counts the lines it drops, and ends when it is stopped', async () => {
  const pipe = await unreadPipe();
  const script = `
    import { createLog } from ${source('observability/log/logger.ts')};
    import { droppedLines } from ${source('observability/log/stdout.ts')};
    import { systemClock } from ${source('base/clock.ts')};
    const log = await createLog({ level: 'info', format: 'json', clock: systemClock });
    for (let count = 0; count < 20_000; count++) {
      log.info('a line', { text: 'x'.repeat(100) });
      if (count % 1_000 === 0) log.warn('a warning');
    }
    process.send(droppedLines());
    process.disconnect();
    setTimeout(() => process.exit(7), 20);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', pipe, 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const [dropped] = await once(child, 'message');
  expect(dropped).toBeGreaterThan(1_000);
  expect(await exited).toEqual([7, null]);
  const held = Buffer.alloc(1_000_000);
  expect(held.toString('utf8', 0, readSync(pipe, held))).toMatch(/^\{"level":"info".*"a line"/);
}, 30_000);
