import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExecPlugin } from '../../../../../src/kubernetes/connection/credentials/exec-plugin.ts';
import type { ExecSpec } from '../../../../../src/kubernetes/connection/kubeconfig/schema.ts';
import { failure } from '../../../../support/failure.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { always } from '../../../../support/signal.ts';
import { eventually, temporaryDirectory } from '../../support.ts';

/** A plugin made of lines of a shell script; `here` is its directory. */
function script(lines: (here: string) => string): { command: string; here: string } {
  const here = temporaryDirectory();
  const command = join(here, 'plugin');
  writeFileSync(command, `#!/bin/sh\n${lines(here)}\n`);
  chmodSync(command, 0o755);
  return { command, here };
}

/** The plugin as a kubeconfig describes it. */
function pluginOf(spec: Partial<ExecSpec>, clock = new ManualClock()): ExecPlugin {
  const whole: ExecSpec = {
    command: '',
    args: [],
    env: [],
    apiVersion: 'client.authentication.k8s.io/v1',
    installHint: '',
    provideClusterInfo: false,
    interactiveMode: 'Never',
    ...spec,
  };
  return new ExecPlugin(whole, { clock, env: process.env, cluster: async () => ({ server: 'https://x' }) });
}

const saying = (status: object): { command: string; here: string } =>
  script((here) => `echo run >> ${here}/runs; echo '${JSON.stringify({ kind: 'ExecCredential', status })}'`);
const runs = (here: string): number => readFileSync(join(here, 'runs'), 'utf8').trim().split('\n').length;

test('what it says holds until its time, and not longer', async () => {
  const clock = new ManualClock('2026-01-02T03:00:00Z');
  const { command, here } = saying({ token: 't', expirationTimestamp: '2026-01-02T03:10:00Z' });
  const plugin = pluginOf({ command }, clock);
  expect(await plugin.credential(always())).toEqual({ token: 't', cert: undefined, key: undefined });
  clock.jumpWall(539_999);
  await plugin.credential(always());
  expect(runs(here)).toBe(1);
  clock.jumpWall(60_001);
  await plugin.credential(always());
  expect(runs(here)).toBe(2);
});

test('it is run again before that time ends, and no call waits for it while what it gave still holds', async () => {
  const clock = new ManualClock('2026-01-02T03:00:00Z');
  const { command, here } = script(
    (at) => `n=$(cat ${at}/n); echo run >> ${at}/runs
while [ $n = 2 ] && [ ! -e ${at}/go ]; do sleep 0.02; done
echo '{"kind":"ExecCredential","status":{"token":"t'$n'","expirationTimestamp":"2026-01-02T03:'$n'0:00Z"}}'`,
  );
  writeFileSync(join(here, 'n'), '1');
  const plugin = pluginOf({ command }, clock);
  expect((await plugin.credential(always())).token).toBe('t1');
  writeFileSync(join(here, 'n'), '2');
  clock.jumpWall(540_000);
  for (let n = 0; n < 10; n++) expect((await plugin.credential(always())).token).toBe('t1');
  await eventually(() => expect(runs(here), 'once, however many ask').toBe(2));
  writeFileSync(join(here, 'go'), '');
  await eventually(async () => expect((await plugin.credential(always())).token).toBe('t2'));
  expect(runs(here)).toBe(2);
});

test('one that fails before that time ends costs no call anything until then', async () => {
  const clock = new ManualClock('2026-01-02T03:00:00Z');
  const { command, here } = script(
    (at) => `echo run >> ${at}/runs; [ ! -e ${at}/broken ] || exit 3
echo '{"kind":"ExecCredential","status":{"token":"t","expirationTimestamp":"2026-01-02T03:10:00Z"}}'`,
  );
  const plugin = pluginOf({ command }, clock);
  await plugin.credential(always());
  writeFileSync(join(here, 'broken'), '');
  clock.jumpWall(599_000);
  expect((await plugin.credential(always())).token).toBe('t');
  await eventually(() => expect(runs(here)).toBe(2));
  clock.jumpWall(1_000);
  await expect(plugin.credential(always())).rejects.toThrow(/exit code 3/);
});

test.each([undefined, null, '', 'never'])('without a time of its end (%j) it holds', async (expirationTimestamp) => {
  const clock = new ManualClock();
  const { command, here } = saying({ token: 't', expirationTimestamp });
  const plugin = pluginOf({ command }, clock);
  await plugin.credential(always());
  clock.jumpWall(10 * 86_400_000);
  await plugin.credential(always());
  expect(runs(here)).toBe(1);
});

test('a certificate with its key is as good as a token', async () => {
  const { command } = saying({ clientCertificateData: 'cert', clientKeyData: 'key' });
  const credential = await pluginOf({ command }).credential(always());
  expect(credential).toEqual({ token: undefined, cert: 'cert', key: 'key' });
});

test('it gets its arguments, its variables beside those of this process, the version asked for, and no question', async () => {
  const { command, here } = script(
    (here) => `printf '%s\\n' "$1" "$ONE" "\${PATH:+path}" "$KUBERNETES_EXEC_INFO" > ${here}/said
      if read -r line; then exit 1; fi
      echo '{"status":{"token":"t"}}'`,
  );
  await pluginOf({ command, args: ['first'], env: [{ name: 'ONE', value: '1' }] }).credential(always());
  const [arg, one, path, info = ''] = readFileSync(join(here, 'said'), 'utf8').split('\n');
  expect([arg, one, path]).toEqual(['first', '1', 'path']);
  expect(JSON.parse(info)).toEqual({
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false },
  });
});

describe('one that gives nothing is named in a sentence, without a word of what it printed', () => {
  const canary = 'canary-4711';
  test.each([
    [
      'ends with an error',
      `echo ${canary}; echo ${canary} >&2; exit 3`,
      /plugin ended with exit code 3\. Run the plugin by hand/,
    ],
    ['is killed', `kill -9 $$`, /plugin ended with SIGKILL/],
    ['prints no JSON', `echo ${canary}`, /plugin printed no ExecCredential/],
    ['prints other JSON', `echo '{"status":"${canary}"}'`, /plugin printed no ExecCredential/],
    ['prints neither token nor certificate', `echo '{"status":{"other":"${canary}"}}'`, /gave neither a token nor a/],
    ['prints a certificate without its key', `echo '{"status":{"clientCertificateData":"${canary}"}}'`, /only one of/],
    [
      'never ends its response',
      `while :; do echo ${canary.repeat(1_000)}; done`,
      /printed more than an ExecCredential can be/,
    ],
  ])('%s', async (_name, lines, sentence) => {
    const { command } = script(() => lines);
    const error = await failure(pluginOf({ command }).credential(always()));
    expect(String(error)).toMatch(sentence);
    expect(String(error)).toContain(`its exec plugin ${command} `);
    expect(JSON.stringify([error, String(error)])).not.toContain(canary);
  });
});

describe('one that is missing is named, with where it was looked for and what the kubeconfig says about installing it', () => {
  const installHint = ' \u001b[31mGet it\n\tfrom acme.com. ';
  test('by a path', async () => {
    const error = await failure(pluginOf({ command: '/not/there', installHint }).credential(always()));
    expect(String(error)).toBe(
      'PluginError: its exec plugin /not/there does not exist. Install it, or use another kubeconfig. The kubeconfig says: [31mGet it from acme.com.',
    );
  });

  test('by its name', async () => {
    const error = await failure(pluginOf({ command: 'not-there-4711' }).credential(always()));
    expect(String(error)).toContain(
      `its exec plugin not-there-4711 is in no folder of PATH (${process.env['PATH']}). Install it`,
    );
  });

  test('by its interpreter', async () => {
    const { command } = script(() => '');
    writeFileSync(command, '#!/not/there\n');
    const error = await failure(pluginOf({ command }).credential(always()));
    expect(String(error)).toContain(
      `its exec plugin ${command} cannot be started (its interpreter is missing). Correct it`,
    );
  });
});

test('one that hangs is killed, even where a child of its own keeps the pipe open, and leaves no timer', async () => {
  const clock = new ManualClock();
  const { command, here } = script(
    (here) => `sleep 3 & echo $$ > ${here}/pid.new; mv ${here}/pid.new ${here}/pid; wait`,
  );
  const outcome = failure(pluginOf({ command }, clock).credential(always()));
  const pid = await eventually(() => Number(readFileSync(join(here, 'pid'), 'utf8')));
  await clock.advance(30_000);
  expect(String(await outcome)).toMatch(/did not respond within 30 s and was ended/);
  await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
  expect(clock.timers).toBe(0);
});
