import { expect, test } from 'vitest';
import type { LogFormat, LogLevel } from '../../../src/observability/log/levels.ts';
import { createLog } from '../../../src/observability/log/logger.ts';
import { ManualClock } from '../../support/manual-clock.ts';

async function logging(level: LogLevel = 'info', format: LogFormat = 'json') {
  const lines: string[] = [];
  const log = await createLog({ level, format, clock: new ManualClock(), write: (line) => lines.push(line) });
  return { log, lines, parsed: () => lines.map((line): unknown => JSON.parse(line)) };
}

test('a line is one JSON object with time, level as a word, message and fields', async () => {
  const { log, lines, parsed } = await logging();
  log.info('written', { object: 'team-a/ada', versionAfter: 2, first: true, nothing: undefined });
  expect(parsed()).toEqual([
    {
      level: 'info',
      time: '2026-01-02T03:04:05.000Z',
      object: 'team-a/ada',
      versionAfter: 2,
      first: true,
      msg: 'written',
    },
  ]);
  expect(lines[0]).toMatch(/^\{"level":"info","time":.*\}\n$/);
});

test('the level decides what is written', async () => {
  const { log, parsed } = await logging('warn');
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  expect(parsed()).toMatchObject([{ msg: 'c' }, { msg: 'd', level: 'error' }]);
});

test('a log with fields writes them on every line, and hands them on', async () => {
  const { log, parsed } = await logging();
  log.with({ controller: 'tuu' }).with({ object: 'a/b' }).info('x', { n: 1 });
  expect(parsed()).toMatchObject([{ controller: 'tuu', object: 'a/b', n: 1 }]);
});

test('a field with the name of a secret is blanked, wherever it was given', async () => {
  const { log, lines } = await logging('debug');
  log.info('a', { token: 'canary', clientSecret: 'canary', Authorization: 'canary', login: 'canary', email: 'canary' });
  log.with({ password: 'canary' }).error('b', { access_token: 'canary' });
  expect(lines.join('')).not.toContain('canary');
  expect(lines[0]).toContain('"token":"[redacted]"');
});

test('pretty is for eyes: no JSON, no colours unless asked for', async () => {
  const { log, lines } = await logging('info', 'pretty');
  log.with({ object: 'a/b' }).warn('look here', { n: 1 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: look here \{.*"object":"a\/b".*\}\n$/);
});
