/** The script for each shell in that shell, which asks the built file. A shell that this machine does not have is passed over, and its tests are shown as skipped. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundle } from '../../sandbox/operator/process.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'upsell-completion-'));
  const program = join(folder, 'kubectl-upsell');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${bundle}' "$@"\n`);
  await chmod(program, 0o755);
});
afterAll(() => rm(folder, { recursive: true }));

async function completed(line: string): Promise<string[]> {
  const script = `source <(kubectl-upsell completion bash)
COMP_LINE="$1" COMP_POINT=\${#1}
_kubectl_upsell
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { PATH: `${folder}${delimiter}${process.env['PATH']}` };
  const { stdout } = await execa('bash', ['-c', script, 'bash', line], { env });
  return stdout.split('\n').filter((each) => each !== '');
}

it.each([
  ['kubectl-upsell pl', ['plan']],
  ['kubectl-upsell plan --outp', ['--output']],
  ['kubectl-upsell plan --output ', ['table', 'json', 'yaml', 'markdown']],
  ['kubectl-upsell plan --output=m', ['markdown']],
  ['kubectl-upsell plan -f ', []],
])('bash completes %j', async (line, words) => {
  expect(await completed(line)).toEqual(words);
});

/** Whether this machine has it. */
const has = async (shell: string) =>
  (await execa('sh', ['-c', `command -v ${shell}`], { reject: false })).exitCode === 0;
const [hasFish, hasZsh] = await Promise.all([has('fish'), has('zsh')]);

const shellEnv = () => ({ HOME: folder, TERM: 'xterm', PATH: `${folder}${delimiter}${process.env['PATH']}` });

it.skipIf(!hasFish).each([
  ['kubectl-upsell pl', ['plan']],
  ['kubectl-upsell plan --outp', ['--output']],
  ['kubectl-upsell plan --output ', ['json', 'markdown', 'table', 'yaml']],
  ['kubectl-upsell plan --output=m', ['--output=markdown']],
  ['kubectl-upsell plan -f kubectl', ['kubectl-upsell']],
])('fish completes %j', async (line, words) => {
  const script = 'kubectl-upsell completion fish | source; complete -C $argv[1]';
  const { stdout } = await execa('fish', ['--no-config', '-c', script, line], { env: shellEnv(), cwd: folder });
  expect(stdout.split('\n').map((each) => each.split('\t')[0])).toEqual(words);
});

/** A zsh at a terminal of its own: what is typed, then the tab key, and what the line says after it. */
const typing = `
zmodload zsh/zpty
zpty -b at zsh -f -i
zpty -w at 'autoload -U compinit; compinit -u -D; source <(kubectl-upsell completion zsh); print rea""dy'
local shown chunk
while zpty -r at chunk; do shown+=$chunk; [[ $shown == *$'\n'ready* ]] && break; done
zpty -n -w at "$1"$'\t'
shown=''
repeat 200; do
  while zpty -r -t at chunk; do shown+=$chunk; done
  [[ \${shown//[^[:print:]]/} == *$2* ]] && { print found; break; }
  sleep 0.1
done
zpty -d at
`;

it.skipIf(!hasZsh).each([
  ['kubectl-upsell pl', 'kubectl-upsell plan'],
  ['kubectl-upsell plan --outp', 'plan --output'],
  ['kubectl-upsell plan --output=mark', '--output=markdown'],
])('zsh completes %j', async (line, completedTo) => {
  const { stdout } = await execa('zsh', ['-f', '-c', typing, 'zsh', line, completedTo], {
    env: shellEnv(),
    cwd: folder,
  });
  expect(stdout).toContain('found');
});
