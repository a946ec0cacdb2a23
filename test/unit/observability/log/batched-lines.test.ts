import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { batchLines } from '../../../../src/observability/log/batched-lines.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

function batching() {
  const clock = new ManualClock();
  const written: string[] = [];
  return { clock, written, lines: batchLines((text) => written.push(text), clock) };
}

it('lines of one moment go in one write, in order, ten milliseconds after the first', async () => {
  const { clock, written, lines } = batching();
  lines.write('a\n');
  await clock.advance(9);
  lines.write('b\n');
  expect(written).toEqual([]);
  await clock.advance(1);
  expect(written).toEqual(['a\nb\n']);
  lines.write('c\n');
  await clock.advance(10);
  expect(written).toEqual(['a\nb\n', 'c\n']);
  expect(clock.timers).toBe(0);
});

it('a flush writes immediately what there is, and nothing twice', async () => {
  const { clock, written, lines } = batching();
  lines.write('a\n');
  lines.flush();
  lines.flush();
  await clock.advance(100);
  expect(written).toEqual(['a\n']);
  expect(clock.timers).toBe(0);
});

it('much is written without waiting', () => {
  const { written, lines } = batching();
  const line = `${'x'.repeat(999)}\n`;
  for (let count = 0; count < 17; count++) lines.write(line);
  expect(written).toEqual([line.repeat(17)]);
});

/** What a process prints that logs so and ends. */
async function printed(end: string): Promise<string> {
  const source = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../../../src/${path}`, import.meta.url)));
  const script = `
    import { createLog } from ${source('observability/log/logger.ts')};
    import { systemClock } from ${source('base/clock.ts')};
    import { endOnCrash } from ${source('process/crash.ts')};
    const log = await createLog({ level: 'info', format: 'json', clock: systemClock });
    endOnCrash(log);
    log.info('first');
    log.info('second');
    ${end}`;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  return await run.then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
}

it.each([
  ['by itself', ''],
  ['by process.exit', 'process.exit(1);'],
  ['by an error that was not caught', 'throw new Error("a bug");'],
  ['by a SIGKILL after a warning', 'log.warn("third"); process.kill(process.pid, "SIGKILL"); for (;;);'],
])('a process that ends %s has written all lines', async (_how, end) => {
  expect(await printed(end)).toMatch(/"first".*\n.*"second".*\n/);
});
