/** The script for bash in a real bash, which asks the built file. */
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
