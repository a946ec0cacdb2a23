import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExecPlugin } from '../../../../src/kubernetes/connection/exec-plugin.ts';
import { failure } from '../../../support/failure.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { always } from '../../../support/signal.ts';
import { eventually, temporaryDirectory } from '../support.ts';

/** A plugin made of lines of a shell script; `here` is its directory. */
function script(lines: (here: string) => string): { command: string; here: string } {
  const here = temporaryDirectory();
  const command = join(here, 'plugin');
  writeFileSync(command, `#!/bin/sh\n${lines(here)}\n`);
  chmodSync(command, 0o755);
  return { command, here };
}

const saying = (status: object): { command: string; here: string } =>
  script((here) => `echo run >> ${here}/runs; echo '${JSON.stringify({ kind: 'ExecCredential', status })}'`);
const runs = (here: string): number => readFileSync(join(here, 'runs'), 'utf8').trim().split('\n').length;

test('what it says holds until its time, and not longer', async () => {
  const clock = new ManualClock('2026-01-02T03:00:00Z');
  const { command, here } = saying({ token: 't', expirationTimestamp: '2026-01-02T03:10:00Z' });
  const plugin = new ExecPlugin({ command }, clock);
  expect(await plugin.credential(always())).toEqual({ token: 't', cert: undefined, key: undefined });
  clock.jumpWall(599_999);
  await plugin.credential(always());
  expect(runs(here)).toBe(1);
  clock.jumpWall(1);
  await plugin.credential(always());
  expect(runs(here)).toBe(2);
});

test.each([undefined, null, '', 'never'])('without a time of its end (%j) it holds', async (expirationTimestamp) => {
  const clock = new ManualClock();
  const { command, here } = saying({ token: 't', expirationTimestamp });
  const plugin = new ExecPlugin({ command }, clock);
  await plugin.credential(always());
  clock.jumpWall(10 * 86_400_000);
  await plugin.credential(always());
  expect(runs(here)).toBe(1);
});

test('a certificate with its key is as good as a token', async () => {
  const { command } = saying({ clientCertificateData: 'cert', clientKeyData: 'key' });
  const credential = await new ExecPlugin({ command }, new ManualClock()).credential(always());
  expect(credential).toEqual({ token: undefined, cert: 'cert', key: 'key' });
});

test('it gets its arguments, its variables beside those of this process, the version asked for, and no question', async () => {
  const { command, here } = script(
    (here) => `printf '%s\\n' "$1" "$ONE" "\${PATH:+path}" "$KUBERNETES_EXEC_INFO" > ${here}/said
      if read -r line; then exit 1; fi
      echo '{"status":{"token":"t"}}'`,
  );
  const exec = {
    command,
    args: ['first'],
    env: [{ name: 'ONE', value: '1' }],
    apiVersion: 'client.authentication.k8s.io/v1',
  };
  await new ExecPlugin(exec, new ManualClock()).credential(always());
  const [arg, one, path, info = ''] = readFileSync(join(here, 'said'), 'utf8').split('\n');
  expect([arg, one, path]).toEqual(['first', '1', 'path']);
  expect(JSON.parse(info)).toEqual({
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false },
  });
});

describe('one that gives nothing is told of in a sentence, without a word of what it printed', () => {
  const canary = 'canary-4711';
  test.each([
    ['ends with an error', `echo ${canary}; echo ${canary} >&2; exit 3`, /gave none\. Run the plugin by hand/],
    ['prints no JSON', `echo ${canary}`, /gave none/],
    ['prints other JSON', `echo '{"status":"${canary}"}'`, /gave none/],
    ['prints a certificate without its key', `echo '{"status":{"clientCertificateData":"${canary}"}}'`, /gave none/],
    ['never ends its answer', `while :; do echo ${canary.repeat(1_000)}; done`, /gave none/],
  ])('%s', async (_name, lines, sentence) => {
    const { command } = script(() => lines);
    const error = await failure(new ExecPlugin({ command }, new ManualClock()).credential(always()));
    expect(String(error)).toMatch(sentence);
    expect(JSON.stringify([error, String(error)])).not.toContain(canary);
  });

  test('one that is not there', async () => {
    const error = await failure(new ExecPlugin({ command: '/not/there' }, new ManualClock()).credential(always()));
    expect(String(error)).toMatch(/cannot be started \(ENOENT\)\. Install it/);
  });

  test('one that is not described', async () => {
    const error = await failure(new ExecPlugin({ args: canary }, new ManualClock()).credential(always()));
    expect(String(error)).toMatch(/not described as it should be/);
    expect(String(error)).not.toContain(canary);
  });
});

test('one that hangs is killed, even where a child of its own keeps the pipe open, and leaves no timer', async () => {
  const clock = new ManualClock();
  const { command, here } = script(
    (here) => `sleep 3 & echo $$ > ${here}/pid.new; mv ${here}/pid.new ${here}/pid; wait`,
  );
  const outcome = failure(new ExecPlugin({ command }, clock).credential(always()));
  const pid = await eventually(() => Number(readFileSync(join(here, 'pid'), 'utf8')));
  await clock.advance(30_000);
  expect(String(await outcome)).toMatch(/did not answer within 30 s and was ended/);
  await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
  expect(clock.timers).toBe(0);
});
